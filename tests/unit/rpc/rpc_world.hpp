#pragma once

#include <string>

#include <nlohmann/json.hpp>
#include <rpc/answer.hpp>

#include "unit/verify/state_fixture.hpp"

namespace fastsync::test {

using nlohmann::json;

/// A chain view over a small state: account 0x11…11 with code and two words, 0x22…22 with neither.
struct RpcWorld {
    RpcWorld();

    /// The whole answer to a call.
    [[nodiscard]] json call(const std::string& method, const json& params = json::array()) const;
    /// Its result; fails the test when it is an error.
    [[nodiscard]] json result(const std::string& method, const json& params = json::array()) const;
    /// Its error code; 0 when it is none.
    [[nodiscard]] int error(const std::string& method, const json& params = json::array()) const;
    [[nodiscard]] std::string raw(std::string_view request) const {
        return rpc::answer(request, view, maker.store);
    }

    static constexpr const char* kContract = "0x1111111111111111111111111111111111111111";
    static constexpr const char* kPlain = "0x2222222222222222222222222222222222222222";
    static constexpr const char* kAbsent = "0x3333333333333333333333333333333333333333";

    StateMaker maker;
    Hash256 root;
    rpc::ChainView view;
};

}  // namespace fastsync::test
