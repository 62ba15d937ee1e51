#pragma once

#include <cstdint>
#include <deque>

#include <common/time.hpp>

namespace fastsync::sync {

/// Rates over the last kWindow, from samples of running totals.
class SpeedMeter {
  public:
    static constexpr Duration kWindow = std::chrono::seconds{10};
    static constexpr Duration kMinSampleDistance = std::chrono::milliseconds{200};

    struct Sample {
        TimePoint at;
        std::uint64_t items = 0;
        std::uint64_t bytes = 0;
    };

    void add(const Sample& sample);
    /// A new root begins: what was measured before says little about it.
    void restart() { samples_.clear(); }

    [[nodiscard]] double items_per_s() const;
    [[nodiscard]] double bytes_per_s() const;

  private:
    [[nodiscard]] double span_s() const;

    std::deque<Sample> samples_;
};

}  // namespace fastsync::sync
