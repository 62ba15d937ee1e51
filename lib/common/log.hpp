#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include <common/log_levels.hpp>

/// Log lines: event, then `key=value` with units. Peer-caused lines are debug: a stranger must not
/// be able to fill the disk, which is also why lines of one kind are limited in number.
namespace fastsync::log {

/// kText: the time, the level's first letter, component and words. kJson: see json_line().
enum class Format : std::uint8_t { kText, kJson };

/// Lines go to standard error, from the levels on. Where that is the journal of systemd, each
/// begins with the priority that it reads ("<6>"), and as text it has no time, for the journal has
/// its own. Call once, before threads start.
void setup(const Levels& levels, Format format = Format::kText);
/// From any thread, after setup().
void set_levels(const Levels& levels);
/// "text" | "json"; nothing for any other text.
[[nodiscard]] std::optional<Format> parse_format(std::string_view text);
/// Whether the file descriptor is the journal, as its environment variable JOURNAL_STREAM ("device:
/// inode", null when it is not set) says.
[[nodiscard]] bool is_journal(const char* journal_stream, int file);
/// The sentence that a command ends with, in the form of the log, whatever the levels: with the
/// priority where that is wanted, as JSON where the log is; without the end of the line.
[[nodiscard]] std::string last_words(Level level, std::string_view sentence);
[[nodiscard]] bool enabled(Level level, Component component) noexcept;
/// Whether one more line of this kind may be written now, and how many were left out before it: a
/// kind is the format it is written in. See LineLimiter.
[[nodiscard]] std::optional<std::uint64_t> admit(Level level, const void* kind);
/// One line, whatever is in it: a control character becomes a question mark in text.
void write(Level level, Component component, fmt::string_view format, fmt::format_args args,
           std::uint64_t left_out = 0);

template <class... Args>
void at(Level level, Component component, fmt::format_string<Args...> format, Args&&... args) {
    if (!enabled(level, component)) return;
    const fmt::string_view words{format};
    const auto left_out = admit(level, words.data());
    if (!left_out) return;
    write(level, component, words, fmt::make_format_args(args...), *left_out);
}
template <class... Args>
void debug(Component component, fmt::format_string<Args...> format, Args&&... args) {
    at(Level::kDebug, component, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(Component component, fmt::format_string<Args...> format, Args&&... args) {
    at(Level::kInfo, component, format, std::forward<Args>(args)...);
}
template <class... Args>
void warn(Component component, fmt::format_string<Args...> format, Args&&... args) {
    at(Level::kWarn, component, format, std::forward<Args>(args)...);
}
template <class... Args>
void error(Component component, fmt::format_string<Args...> format, Args&&... args) {
    at(Level::kError, component, format, std::forward<Args>(args)...);
}

}  // namespace fastsync::log
