#include <deque>

#include <catch2/catch.hpp>

#include <sync/peer_rate.hpp>

using namespace fastsync;
using namespace fastsync::sync;
using namespace std::chrono_literals;

namespace {

/// A peer of a given speed behind a line of a given latency, used as hard as PeerRate allows.
/// @return items per second over `seconds`
double simulate(PeerRate& rate, double peer_items_per_s, Duration latency, int seconds) {
    struct Flight {
        TimePoint sent;
        TimePoint arrives;
        std::size_t items;
    };
    std::deque<Flight> flights;
    const TimePoint begin{1h};
    TimePoint now = begin;
    TimePoint server_free = begin;
    std::size_t items = 0;
    while (now < begin + std::chrono::seconds{seconds}) {
        while (flights.size() < rate.window()) {
            const std::size_t batch = rate.batch();
            const TimePoint reached = now + latency / 2;
            server_free = std::max(server_free, reached) +
                          from_seconds(static_cast<double>(batch) / peer_items_per_s);
            flights.push_back({now, server_free + latency / 2, batch});
        }
        const Flight done = flights.front();
        flights.pop_front();
        now = std::max(now, done.arrives);
        rate.delivered(done.items, done.sent, done.arrives);
        items += done.items;
    }
    return static_cast<double>(items) / seconds;
}

}  // namespace

TEST_CASE("PeerRate: a window hides the latency of a distant fast peer", "[sync]") {
    PeerRate rate;
    const double reached = simulate(rate, 30'000, 100ms, 20);
    CHECK(reached > 0.9 * 30'000);
    CHECK(rate.window() > 4);
    CHECK(rate.items_per_second() == Approx(30'000).epsilon(0.25));
}

TEST_CASE("PeerRate: a window is 16 at most, however far away and fast the peer", "[sync]") {
    PeerRate rate;
    (void)simulate(rate, 1'000'000, 2s, 120);
    CHECK(rate.window() == PeerRate::kMaxWindow);
    PeerRate narrow{3};
    (void)simulate(narrow, 1'000'000, 2s, 120);
    CHECK(narrow.window() == 3);
}

TEST_CASE("PeerRate: a near peer keeps a small window", "[sync]") {
    PeerRate rate;
    CHECK(simulate(rate, 10'000, 200us, 10) > 0.9 * 10'000);
    CHECK(rate.window() <= 6);
    CHECK(rate.batch() == PeerRate::kMaxBatch);
}

TEST_CASE("PeerRate: a near peer has work for 20 ms in which we do not come to ask", "[sync]") {
    PeerRate rate;
    CHECK(simulate(rate, 200'000, 200us, 10) > 0.9 * 200'000);
    CHECK(static_cast<double>(rate.window() * rate.batch()) / 200'000 > 0.02);
}

TEST_CASE("PeerRate: a slow peer is asked for a second of work at most", "[sync]") {
    PeerRate rate;
    (void)simulate(rate, 50, 100ms, 120);
    CHECK(rate.batch() <= 60);
    CHECK(rate.batch() >= PeerRate::kMinBatch);
}

TEST_CASE("PeerRate: a timeout falls back to one small request", "[sync]") {
    PeerRate rate;
    (void)simulate(rate, 30'000, 100ms, 5);
    const std::size_t before = rate.batch();
    rate.timed_out();
    CHECK(rate.window() == 1);
    CHECK(rate.batch() < before);
    for (int i = 0; i < 20; ++i)
        rate.timed_out();
    CHECK(rate.batch() == PeerRate::kMinBatch);
}

TEST_CASE("PeerRate: patience is 3 round trips between 6 s and 60 s", "[sync]") {
    PeerRate rate;
    CHECK(rate.timeout() == 6s);
    const TimePoint t{1h};
    rate.delivered(1, t, t + 10s);
    CHECK(rate.timeout() == 30s);
    PeerRate slow;
    slow.delivered(1, t, t + 50s);
    CHECK(slow.timeout() == 60s);
}

TEST_CASE("PeerRate: patience is three round trips, from 6 s to 60 s", "[sync]") {
    const auto patience_after = [](Duration round_trip) {
        PeerRate rate;
        TimePoint now{std::chrono::hours{1}};
        for (int i = 0; i < 200; ++i) {
            rate.delivered(10, now, now + round_trip);
            now += round_trip;
        }
        return rate.timeout();
    };
    using std::chrono::milliseconds;
    CHECK(patience_after(milliseconds{1}) == 3 * PeerRate::kMinRoundTrip);
    CHECK(patience_after(PeerRate::kMinRoundTrip) == 3 * PeerRate::kMinRoundTrip);
    CHECK(patience_after(milliseconds{5000}) > 3 * PeerRate::kMinRoundTrip);
    CHECK(patience_after(milliseconds{5000}) < PeerRate::kMaxTimeout);
    CHECK(patience_after(PeerRate::kMaxRoundTrip) == PeerRate::kMaxTimeout);
    CHECK(patience_after(2 * PeerRate::kMaxRoundTrip) == PeerRate::kMaxTimeout);
}
