#pragma once

#include <algorithm>

#include <common/time.hpp>

namespace fastsync::rlpx {

/// Messages of one peer, of whatever kind: so many at once, and so many a second. A peer that is
/// asked for all it can give and asks for all we can give stays far below; each message costs us a
/// look.
inline constexpr double kMessageBurst = 100'000;
inline constexpr double kMessagesPerSecond = 10'000;

/// Counts them. A core: time is an argument.
class MessageMeter {
  public:
    explicit MessageMeter(TimePoint now) : at_(now) {}

    /// False for one too many.
    [[nodiscard]] bool admit(TimePoint now) noexcept {
        const double passed = std::max(0.0, to_seconds(now - at_));
        tokens_ = std::min(kMessageBurst, tokens_ + kMessagesPerSecond * passed);
        at_ = now;
        if (tokens_ < 1) return false;
        tokens_ -= 1;
        return true;
    }

  private:
    double tokens_ = kMessageBurst;
    TimePoint at_;
};

}  // namespace fastsync::rlpx
