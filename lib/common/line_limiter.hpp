#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include <common/time.hpp>

namespace fastsync::log {

/// How many lines of one kind may follow each other: so many at once, then so many a second.
struct LineRate {
    double burst = 0;
    double per_s = 0;
};
/// What strangers cause is logged at debug: an operator who looks for something gets more of it.
inline constexpr LineRate kUsualRate{50, 1};
inline constexpr LineRate kDebugRate{500, 20};

/// Keeps lines of the same kind from filling the log, whoever causes them. A kind is a place in the
/// program: there are as many as were written. A core: time is an argument.
class LineLimiter {
  public:
    /// Nothing: the line is left out. Else how many of its kind were left out since the last one.
    [[nodiscard]] std::optional<std::uint64_t> admit(const void* kind, const LineRate& rate,
                                                     TimePoint now);

  private:
    struct Kind {
        double tokens = 0;
        TimePoint at;
        std::uint64_t left_out = 0;
    };

    std::map<const void*, Kind> kinds_;
};

}  // namespace fastsync::log
