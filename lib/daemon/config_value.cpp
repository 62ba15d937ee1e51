#include <algorithm>

#include <daemon/config_value.hpp>

namespace fastsync::daemon {

const GivenValue* find(std::span<const GivenValue> values, std::string_view key) {
    const auto at = std::find_if(values.begin(), values.end(),
                                 [&](const GivenValue& g) { return g.key == key; });
    return at == values.end() ? nullptr : &*at;
}

Error complain(const GivenValue& given, std::string_view sentence) {
    return {Errc::kConfig,
            given.origin + ": " + std::string{sentence} + ", not '" + given.value + "'"};
}

Result<Hash256> hash_of(const GivenValue& given, std::string_view text) {
    auto value = fixed_from_hex<Hash256>(text);
    if (!value) return complain(given, "must be a hash of 64 hex digits");
    return *value;
}

}  // namespace fastsync::daemon
