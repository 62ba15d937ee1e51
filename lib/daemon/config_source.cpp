#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <daemon/config_source.hpp>

namespace fastsync::daemon {
namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r";
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string_view without_comment(std::string_view line) {
    for (std::size_t at = line.find('#'); at != std::string_view::npos;
         at = line.find('#', at + 1)) {
        if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') return line.substr(0, at);
    }
    return line;
}

const KnownKey* find_key(std::span<const KnownKey> keys, std::string_view key) {
    const auto at =
        std::find_if(keys.begin(), keys.end(), [&](const KnownKey& k) { return k.key == key; });
    return at == keys.end() ? nullptr : &*at;
}

Error config_error(std::string sentence) {
    return {Errc::kConfig, std::move(sentence)};
}

Result<GivenValue> parse_line(std::string_view line, const std::string& where,
                              std::span<const KnownKey> keys) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
        return config_error(where + ": '" + std::string{line} + "' is not of the form key = value");
    }
    const std::string key{trimmed(line.substr(0, equals))};
    const std::string value{trimmed(line.substr(equals + 1))};
    if (find_key(keys, key) == nullptr) return config_error(where + ": unknown key '" + key + "'");
    if (value.empty()) return config_error(where + ": " + key + ": has no value");
    // What reads the value may take it for its end.
    if (value.find('\0') != value.npos)
        return config_error(where + ": " + key + ": holds a zero byte");
    return GivenValue{key, value, where + ": " + key};
}

/// Refuses a second value for a key that takes one.
Result<void> check_single(const std::vector<GivenValue>& so_far, const GivenValue& next,
                          std::span<const KnownKey> keys) {
    if (find_key(keys, next.key)->kind == KnownKey::Kind::kRepeatable) return {};
    const bool twice = std::any_of(so_far.begin(), so_far.end(),
                                   [&](const GivenValue& g) { return g.key == next.key; });
    if (twice) return config_error(next.origin + ": is given twice");
    return {};
}

/// Takes one option, and the word behind it where that is its value, from the front. No guessing:
/// an abbreviation would change its meaning with the next option we add.
Result<GivenValue> take_option(std::span<const std::string>& arguments,
                               std::span<const KnownKey> keys) {
    constexpr std::string_view kDashes = "--";
    const std::string_view word = arguments.front();
    arguments = arguments.subspan(1);
    if (!word.starts_with(kDashes) || word == kDashes)
        return config_error("unexpected argument '" + std::string{word} + "'");
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string key{word.substr(kDashes.size(), equals - kDashes.size())};
    const KnownKey* known = find_key(keys, key);
    if (known == nullptr) return config_error("unknown option '--" + key + "'");
    GivenValue given{key, {}, "--" + key};
    if (equals < word.size()) {
        given.value = word.substr(equals + 1);
    } else if (known->kind == KnownKey::Kind::kSwitch) {
        given.value = "true";
    } else if (!arguments.empty() && !arguments.front().starts_with(kDashes)) {
        given.value = arguments.front();
        arguments = arguments.subspan(1);
    }
    if (given.value.empty()) return config_error(given.origin + ": has no value");
    return given;
}

}  // namespace

Result<std::vector<GivenValue>> parse_config_text(std::string_view text, std::string_view file_name,
                                                  std::span<const KnownKey> keys) {
    std::vector<GivenValue> out;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(without_comment(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (line.empty()) continue;
        const std::string where = std::string{file_name} + ":" + std::to_string(number);
        FASTSYNC_TRY(GivenValue given, parse_line(line, where, keys));
        FASTSYNC_CHECK(check_single(out, given, keys));
        out.push_back(std::move(given));
    }
    return out;
}

Result<std::vector<GivenValue>> read_config_file(const std::filesystem::path& file,
                                                 std::span<const KnownKey> keys) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) {
        return config_error("cannot read the configuration file " + file.string() +
                            ": it is a directory");
    }
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        return config_error("cannot read the configuration file " + file.string() + ": " +
                            std::strerror(errno));
    }
    std::string text(kMaxConfigFile + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMaxConfigFile) {
        return config_error("the configuration file " + file.string() + " is larger than 1 MiB");
    }
    return parse_config_text(text, file.string(), keys);
}

Result<std::vector<GivenValue>> parse_arguments(std::span<const std::string> arguments,
                                                std::span<const KnownKey> keys) {
    std::vector<GivenValue> out;
    while (!arguments.empty()) {
        FASTSYNC_TRY(GivenValue given, take_option(arguments, keys));
        FASTSYNC_CHECK(check_single(out, given, keys));
        out.push_back(std::move(given));
    }
    return out;
}

}  // namespace fastsync::daemon
