#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <common/bytes.hpp>
#include <common/result.hpp>

/// What the readers and writers of the status documents share.
namespace fastsync::status {

using nlohmann::ordered_json;

/// Somebody else chooses client names and reasons: bytes that are not UTF-8 must not throw here.
[[nodiscard]] inline std::string dump(const ordered_json& json) {
    return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

/// JSON has no other numbers.
[[nodiscard]] inline double finite(double value) noexcept {
    return std::isfinite(value) ? value : 0.0;
}

/// @return kMalformed when it is none
[[nodiscard]] inline Result<ordered_json> parse_object(std::string_view text) {
    ordered_json json = ordered_json::parse(text, nullptr, false);
    if (json.is_discarded()) return Error{Errc::kMalformed, "not JSON"};
    if (!json.is_object()) return Error{Errc::kMalformed, "not a JSON object"};
    return json;
}

/// Reads members of one object and remembers the first that is missing or of the wrong type, so
/// that a whole object can be read before asking.
class Reader {
  public:
    Reader(const ordered_json& object, std::string where)
        : object_(object), where_(std::move(where)) {}

    [[nodiscard]] std::string text(std::string_view key) {
        const ordered_json* value = find(key, &ordered_json::is_string, "a text");
        return value != nullptr ? value->get<std::string>() : std::string{};
    }
    [[nodiscard]] std::string optional_text(std::string_view key) {
        return object_.contains(key) ? text(key) : std::string{};
    }
    [[nodiscard]] std::uint64_t count(std::string_view key) {
        const ordered_json* value =
            find(key, &ordered_json::is_number_unsigned, "an integer of 0 or more");
        return value != nullptr ? value->get<std::uint64_t>() : 0;
    }
    [[nodiscard]] std::optional<std::uint64_t> optional_count(std::string_view key) {
        return object_.contains(key) ? std::optional{count(key)} : std::nullopt;
    }
    [[nodiscard]] double number(std::string_view key) {
        const ordered_json* value = find(key, &ordered_json::is_number, "a number");
        return value != nullptr ? value->get<double>() : 0.0;
    }
    [[nodiscard]] bool truth(std::string_view key) {
        const ordered_json* value = find(key, &ordered_json::is_boolean, "true or false");
        return value != nullptr && value->get<bool>();
    }
    [[nodiscard]] Hash256 hash(std::string_view key) {
        const auto hash = fixed_from_hex<Hash256>(text(key));
        if (!hash) fail(key, "must be a hash");
        return hash ? *hash : Hash256{};
    }
    [[nodiscard]] std::optional<Hash256> optional_hash(std::string_view key) {
        return object_.contains(key) ? std::optional{hash(key)} : std::nullopt;
    }
    /// An empty object after a failure, so that reading goes on harmlessly.
    [[nodiscard]] const ordered_json& object(std::string_view key) {
        static const ordered_json kNone = ordered_json::object();
        const ordered_json* value = find(key, &ordered_json::is_object, "an object");
        return value != nullptr ? *value : kNone;
    }
    /// Null when there is none.
    [[nodiscard]] const ordered_json* optional_object(std::string_view key) {
        return object_.contains(key) ? &object(key) : nullptr;
    }

    void fail(std::string_view key, std::string_view what) {
        if (failure_.empty()) failure_.append(where_).append(key).append(" ").append(what);
    }
    [[nodiscard]] Result<void> outcome() const {
        if (!failure_.empty()) return Error{Errc::kMalformed, failure_};
        return {};
    }

  private:
    using Check = bool (ordered_json::*)() const noexcept;

    const ordered_json* find(std::string_view key, Check check, std::string_view type) {
        const auto at = object_.find(key);
        if (at == object_.end()) {
            fail(key, "is missing");
            return nullptr;
        }
        if (!((*at).*check)()) {
            fail(key, std::string{"must be "}.append(type));
            return nullptr;
        }
        return &*at;
    }

    const ordered_json& object_;
    std::string where_;
    std::string failure_;
};

}  // namespace fastsync::status
