#pragma once

#include <chrono>

namespace fastsync {

/// Monotonic time. Code that decides takes it as an argument; only shells read a clock.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

[[nodiscard]] constexpr double to_seconds(Duration d) noexcept {
    return std::chrono::duration<double>(d).count();
}
[[nodiscard]] constexpr Duration from_seconds(double seconds) noexcept {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace fastsync
