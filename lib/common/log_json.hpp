#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include <common/log_levels.hpp>

namespace fastsync::log {

/// What a line is made of, before it has a form.
struct Line {
    Level level = Level::kInfo;
    std::string_view component;
    std::chrono::system_clock::time_point time;
    fmt::string_view format;  ///< words, and `key={}` or `key="{}"`
    fmt::format_args args;
    std::uint64_t left_out = 0;  ///< lines of the same kind before it
};

/// One JSON object on one line, without its end: time, level, component, event, then a member for
/// each `key=` of the format. The keys are those of the format alone: no value, whoever sent it,
/// can add one, or end the line. Numbers are numbers; bytes that are not UTF-8 become U+FFFD; only
/// ASCII comes out.
[[nodiscard]] std::string json_line(const Line& line);

}  // namespace fastsync::log
