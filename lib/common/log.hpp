#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/core.h>

/// Log lines: event, then `key=value` with units. Peer-caused lines are debug: a stranger must not
/// be able to fill the disk, which is also why lines of one kind are limited in number.
namespace fastsync::log {

enum class Level { kTrace, kDebug, kInfo, kWarn, kError, kOff };

/// Lines go to standard error, from `level` on: with the time, or, where that is the journal of
/// systemd, which has its own, with the priority that it reads ("<6>"). Call once, before threads
/// start.
void setup(Level level);
/// From any thread, after setup().
void set_level(Level level);
/// Whether the file descriptor is the journal, as its environment variable JOURNAL_STREAM ("device:
/// inode", null when it is not set) says.
[[nodiscard]] bool is_journal(const char* journal_stream, int file);
/// What begins a line of standard error that is not written here: the priority, or nothing.
[[nodiscard]] std::string_view line_start(Level level);
/// "trace" | "debug" | "info" | "warn" | "error" | "off"; nothing for any other text.
[[nodiscard]] std::optional<Level> parse_level(std::string_view text);
[[nodiscard]] bool enabled(Level level) noexcept;
/// Whether one more line of this kind may be written now, and how many were left out before it: a
/// kind is the format it is written in. See LineLimiter.
[[nodiscard]] std::optional<std::uint64_t> admit(Level level, const void* kind);
void write(Level level, std::string_view component, std::string_view line,
           std::uint64_t left_out = 0);

template <class... Args>
void at(Level level, std::string_view component, fmt::format_string<Args...> format,
        Args&&... args) {
    if (!enabled(level)) return;
    const auto left_out = admit(level, fmt::string_view{format}.data());
    if (!left_out) return;
    write(level, component, fmt::format(format, std::forward<Args>(args)...), *left_out);
}
template <class... Args>
void debug(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    at(Level::kDebug, component, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    at(Level::kInfo, component, format, std::forward<Args>(args)...);
}
template <class... Args>
void warn(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    at(Level::kWarn, component, format, std::forward<Args>(args)...);
}
template <class... Args>
void error(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    at(Level::kError, component, format, std::forward<Args>(args)...);
}

}  // namespace fastsync::log
