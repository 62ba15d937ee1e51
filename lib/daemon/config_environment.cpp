#include <algorithm>

#include <daemon/config_source.hpp>

namespace fastsync::daemon {
namespace {

constexpr std::string_view kPrefix = "FASTSYNCD_";

/// What Kubernetes and Docker put beside a service that is called fastsyncd.
bool is_a_link(std::string_view name) {
    return name.starts_with("FASTSYNCD_SERVICE_") || name == "FASTSYNCD_PORT" ||
           name.starts_with("FASTSYNCD_PORT_");
}

const KnownKey* key_of(std::string_view name, std::span<const KnownKey> keys) {
    const auto at = std::find_if(keys.begin(), keys.end(), [&](const KnownKey& k) {
        return environment_name(k.key) == name;
    });
    return at == keys.end() ? nullptr : &*at;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

Result<void> add_list(std::vector<GivenValue>& out, const GivenValue& whole,
                      std::span<const KnownKey> keys) {
    std::string_view rest = whole.value;
    while (true) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        GivenValue one = whole;
        one.value = trimmed(rest.substr(0, comma));
        if (one.value.empty()) return Error{Errc::kConfig, one.origin + ": a value is empty"};
        FASTSYNC_CHECK(add_given(out, std::move(one), keys));
        if (comma == rest.size()) return {};
        rest.remove_prefix(comma + 1);
    }
}

}  // namespace

std::string environment_name(std::string_view key) {
    std::string name{kPrefix};
    for (const char c : key) {
        const bool lower = c >= 'a' && c <= 'z';
        name += c == '-' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

Result<std::vector<GivenValue>> parse_environment(std::span<const std::string> environment,
                                                  std::span<const KnownKey> keys) {
    std::vector<GivenValue> out;
    for (const std::string& word : environment) {
        const std::size_t equals = std::min(word.find('='), word.size());
        const std::string name = word.substr(0, equals);
        if (!name.starts_with(kPrefix) || is_a_link(name)) continue;
        const KnownKey* const known = key_of(name, keys);
        if (known == nullptr)
            return Error{Errc::kConfig, "unknown environment variable '" + name + "'"};
        const std::string value = word.substr(std::min(equals + 1, word.size()));
        if (value.empty()) continue;
        GivenValue given{std::string{known->key}, value, name, "environment, " + name};
        FASTSYNC_CHECK(known->kind == KnownKey::Kind::kRepeatable
                           ? add_list(out, given, keys)
                           : add_given(out, std::move(given), keys));
    }
    return out;
}

}  // namespace fastsync::daemon
