#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include <common/log_levels.hpp>

namespace fastsync::log {
namespace {

constexpr std::array<std::pair<std::string_view, Level>, 6> kNames{{
    {"trace", Level::kTrace},
    {"debug", Level::kDebug},
    {"info", Level::kInfo},
    {"warn", Level::kWarn},
    {"error", Level::kError},
    {"off", Level::kOff},
}};

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

Error wrong(std::string sentence) {
    return {Errc::kConfig, std::move(sentence)};
}

Result<Level> level_of(std::string_view text) {
    if (const auto level = parse_level(text)) return *level;
    return wrong(
        fmt::format("'{}' is no level: they are trace, debug, info, warn, error, off", text));
}

Result<std::size_t> component_of(std::string_view text) {
    const auto* const at = std::find(kComponents.begin(), kComponents.end(), text);
    if (at != kComponents.end()) return static_cast<std::size_t>(at - kComponents.begin());
    std::string all;
    for (const std::string_view name : kComponents)
        all.append(all.empty() ? "" : ", ").append(name);
    return wrong(fmt::format("'{}' is no component: they are {}", text, all));
}

}  // namespace

std::optional<Level> parse_level(std::string_view text) {
    for (const auto& [name, level] : kNames) {
        if (name == text) return level;
    }
    return std::nullopt;
}

std::string_view to_string(Level level) noexcept {
    return kNames[static_cast<std::size_t>(level)].first;
}

Result<Levels> parse_levels(std::string_view text) {
    Levels levels{Level::kInfo};
    std::array<bool, kComponents.size()> given{};
    for (bool first = true;; first = false) {
        const std::size_t comma = text.find(',');
        const std::string_view word = trimmed(text.substr(0, comma));
        const std::size_t equals = word.find('=');
        if (equals == word.npos) {
            FASTSYNC_TRY(const Level level, level_of(word));
            if (!first) return wrong(fmt::format("'{}': the level for all comes first", word));
            levels = level;
        } else {
            FASTSYNC_TRY(const std::size_t of, component_of(trimmed(word.substr(0, equals))));
            FASTSYNC_TRY(levels.of[of], level_of(trimmed(word.substr(equals + 1))));
            if (std::exchange(given[of], true))
                return wrong(fmt::format("'{}' is given twice", kComponents[of]));
        }
        if (comma == text.npos) return levels;
        text.remove_prefix(comma + 1);
    }
}

}  // namespace fastsync::log
