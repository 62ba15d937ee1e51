#include "support/test_nodes.hpp"

#include <catch2/catch.hpp>

namespace fastsync::test {

void ScriptedEntropy::fill(std::span<Byte> out) {
    for (Byte& b : out) {
        if (!script_.empty()) {
            b = script_.front();
            script_.pop_front();
            continue;
        }
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        b = static_cast<Byte>(state_ >> 56U);
    }
}

crypto::SecretKey key_of(Byte number) {
    auto key = crypto::SecretKey::from(Bytes(32, number));
    REQUIRE(key);
    return *std::move(key);
}

rlpx::LocalNode node_of(Byte number) {
    return {key_of(number), "test/" + std::to_string(number), 30303, {{{"eth", 63}, 17}}};
}

}  // namespace fastsync::test
