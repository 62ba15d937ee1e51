#include <algorithm>
#include <cmath>

#include <sync/peer_rate.hpp>

namespace fastsync::sync {
namespace {

// Weight of a new sample, once there are enough of them.
constexpr double kSmoothing = 0.1;
// The shortest interval we believe: packets read in one go carry the same arrival time.
constexpr double kMinInterval = 1e-5;
// The best round trip is forgotten slowly, so that a route that got longer is noticed.
// Share of it per second.
constexpr double kBestRoundTripDrift = 0.02;
// We may be kept from asking for so long, by whatever else runs on our processor; the peer has work
// meanwhile. Seconds.
constexpr double kOwnPause = 0.02;

}  // namespace

void PeerRate::delivered(std::size_t items, TimePoint sent, TimePoint arrived) {
    const double round_trip = std::max(to_seconds(arrived - sent), kMinInterval);
    const double interval =
        std::max(to_seconds(arrived - std::max(sent, last_arrival_)), kMinInterval);
    last_arrival_ = std::max(last_arrival_, arrived);
    ++deliveries_;
    const double weight = std::max(kSmoothing, 1.0 / static_cast<double>(deliveries_));
    average_items_ += weight * (static_cast<double>(items) - average_items_);
    average_interval_s_ += weight * (interval - average_interval_s_);
    round_trip_s_ += weight * (round_trip - round_trip_s_);
    best_round_trip_s_ =
        deliveries_ == 1
            ? round_trip
            : std::min(best_round_trip_s_ * (1 + kBestRoundTripDrift * interval), round_trip);
    if (items > 0) batch_cap_ = std::min(batch_cap_ * 2, kMaxBatch);
    resize_window();
}

void PeerRate::timed_out() {
    // The peer got nothing done in all this time: start over small, at half the speed believed so
    // far.
    average_items_ /= 2;
    batch_cap_ = std::max(batch_cap_ / 2, kMinBatch);
    window_ = 1;
}

void PeerRate::resize_window() {
    const double in_pipe = items_per_second() * (best_round_trip_s_ + kOwnPause);
    const auto wanted =
        static_cast<std::size_t>(std::ceil(2.0 * in_pipe / static_cast<double>(batch()))) + 2;
    window_ = std::clamp<std::size_t>(wanted, 1, std::min(window_ * 2, most_));
}

std::size_t PeerRate::batch() const noexcept {
    if (deliveries_ == 0) return batch_cap_;
    const double in_time = items_per_second() * to_seconds(kBatchTime);
    const auto limit = static_cast<double>(batch_cap_);
    return std::max(kMinBatch, static_cast<std::size_t>(std::min(in_time, limit)));
}

Duration PeerRate::timeout() const noexcept {
    const Duration round_trip =
        std::clamp(from_seconds(round_trip_s_), kMinRoundTrip, kMaxRoundTrip);
    return std::min<Duration>(3 * round_trip, kMaxTimeout);
}

double PeerRate::items_per_second() const noexcept {
    return average_interval_s_ > 0 ? average_items_ / average_interval_s_ : 0;
}

}  // namespace fastsync::sync
