#pragma once

#include <charconv>
#include <span>
#include <string>
#include <string_view>

#include <common/bytes.hpp>
#include <common/result.hpp>
#include <daemon/config_source.hpp>

namespace fastsync::daemon {

/// Null when `key` was not given.
[[nodiscard]] const GivenValue* find(std::span<const GivenValue> values, std::string_view key);

/// kConfig: "ORIGIN: SENTENCE, not 'VALUE'".
[[nodiscard]] Error complain(const GivenValue& given, std::string_view sentence);

/// `text`, a part of the value, as a hash.
[[nodiscard]] Result<Hash256> hash_of(const GivenValue& given, std::string_view text);

/// The value as a whole number within a range.
template <class Number>
[[nodiscard]] Result<Number> number_of(const GivenValue& given, Number least, Number most) {
    Number value = 0;
    const char* end = given.value.data() + given.value.size();
    const auto [stop, failed] = std::from_chars(given.value.data(), end, value);
    if (failed != std::errc{} || stop != end || value < least || value > most) {
        return complain(given, "must be a whole number from " + std::to_string(least) + " to " +
                                   std::to_string(most));
    }
    return value;
}

}  // namespace fastsync::daemon
