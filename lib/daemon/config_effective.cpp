#include <algorithm>

#include <fmt/core.h>

#include <daemon/config.hpp>
#include <daemon/config_source.hpp>

namespace fastsync::daemon {
namespace {

using Kind = KnownKey::Kind;

/// Fit for a comment, whatever a file is called.
std::string harmless(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

std::string value_of(const EffectiveKey& key) {
    const bool digits = key.values.front().find_first_not_of("0123456789") == std::string::npos;
    // What no TOML integer holds stays text.
    constexpr std::size_t kSafeDigits = 18;
    switch (key.setting->kind) {
        case Kind::kSwitch:
            return key.values.front();
        case Kind::kNumber:
        case Kind::kNumberOrText:
            if (digits && key.values.front().size() <= kSafeDigits)
                return std::to_string(std::stoull(key.values.front()));
            return toml_text(key.values.front());
        case Kind::kValue:
            return toml_text(key.values.front());
        case Kind::kRepeatable:
            break;
    }
    std::string out = "[";
    for (const std::string& value : key.values)
        out += "\n    " + toml_text(value) + ",";
    return out + "\n]";
}

/// Whether reading the line gives the same texts again.
bool holds(const std::string& line, const EffectiveKey& key) {
    const auto read = parse_config_text(line, "", run_keys());
    if (!read) return false;
    const bool texts = key.setting->kind == Kind::kValue || key.setting->kind == Kind::kRepeatable;
    return !texts || std::equal(read->begin(), read->end(), key.values.begin(), key.values.end(),
                                [](const GivenValue& given, const std::string& value) {
                                    return given.value == value;
                                });
}

Result<std::string> line_of(const EffectiveKey& key) {
    if (key.values.empty()) return fmt::format("# {} is not set\n", key.setting->key);
    std::string line =
        fmt::format("{} = {}  # {}\n", key.setting->key, value_of(key), harmless(key.source));
    if (!holds(line, key)) {
        return Error{Errc::kConfig, std::string{key.setting->key} +
                                        ": its value is not UTF-8 and cannot be told in TOML"};
    }
    return line;
}

}  // namespace

Result<std::string> to_toml(std::span<const EffectiveKey> keys) {
    std::string out;
    for (const EffectiveKey& key : keys) {
        FASTSYNC_TRY(const std::string line, line_of(key));
        out += line;
    }
    return out;
}

std::vector<std::string_view> changed_keys(std::span<const EffectiveKey> before,
                                           std::span<const EffectiveKey> after) {
    std::vector<std::string_view> out;
    for (const EffectiveKey& now : after) {
        const auto then = std::find_if(before.begin(), before.end(), [&](const EffectiveKey& key) {
            return key.setting->key == now.setting->key;
        });
        if (then == before.end() || then->values != now.values) out.push_back(now.setting->key);
    }
    return out;
}

}  // namespace fastsync::daemon
