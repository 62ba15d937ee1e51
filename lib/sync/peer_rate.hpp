#pragma once

#include <cstddef>

#include <common/time.hpp>

namespace fastsync::sync {

/// Measures one peer and says how much to ask of it: items per request, requests in flight,
/// patience.
///
/// Throughput is taken at packet arrival, as items over the time since the request was sent or the
/// packet before it arrived, whichever is later; both are averaged separately, so bursts do not
/// bias it. The window keeps about two round trips of work at the peer, and 40 ms for pauses of our
/// own: it doubles while the peer is limited by latency and stops growing when it is limited by its
/// own speed.
class PeerRate {
  public:
    /// What servers answer at most (go-ethereum up to 1.9: 384 items).
    static constexpr std::size_t kMaxBatch = 384;
    static constexpr std::size_t kMinBatch = 2;
    static constexpr std::size_t kFirstBatch = 128;
    static constexpr std::size_t kMaxWindow = 16;
    /// One request asks for at most this much of the peer's time.
    static constexpr Duration kBatchTime = std::chrono::seconds{1};
    /// Bounds of the round trip that patience is derived from, and of patience itself.
    static constexpr Duration kMinRoundTrip = std::chrono::seconds{2};
    static constexpr Duration kMaxRoundTrip = std::chrono::seconds{20};
    static constexpr Duration kMaxTimeout = std::chrono::seconds{60};

    PeerRate() = default;
    /// @param most  the largest window, 1 to kMaxWindow: less than that is for measurements
    explicit PeerRate(std::size_t most) : most_(most) {}

    /// An answer with `items` useful items to a request sent at `sent`.
    void delivered(std::size_t items, TimePoint sent, TimePoint arrived);
    /// A request was not answered in time.
    void timed_out();

    /// Items to ask for in one request, kMinBatch to kMaxBatch.
    [[nodiscard]] std::size_t batch() const noexcept;
    /// Requests that may be in flight at once, 1 to kMaxWindow.
    [[nodiscard]] std::size_t window() const noexcept { return window_; }
    /// 3 times the round trip, at most kMaxTimeout.
    [[nodiscard]] Duration timeout() const noexcept;
    /// Useful items per second; 0 before the first delivery.
    [[nodiscard]] double items_per_second() const noexcept;
    [[nodiscard]] Duration round_trip() const noexcept { return from_seconds(round_trip_s_); }

  private:
    void resize_window();

    double average_items_ = 0;
    double average_interval_s_ = 0;
    double round_trip_s_ = 0;
    double best_round_trip_s_ = 0;
    std::size_t deliveries_ = 0;
    std::size_t window_ = 1;
    std::size_t most_ = kMaxWindow;
    std::size_t batch_cap_ = kFirstBatch;
    TimePoint last_arrival_{};
};

}  // namespace fastsync::sync
