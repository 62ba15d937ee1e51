// What windows are for: the same sync from peers far away, with as many requests in flight as the
// window allows and with one. In virtual time, so the ratio is the same on every machine.
#include <array>

#include <catch2/catch.hpp>

#include <async/task_scope.hpp>
#include <storage/memory_store.hpp>
#include <sync/downloader.hpp>

#include "support/fake_peer.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using namespace std::chrono_literals;
using async::Task;
using test::BuiltState;
using test::FakeChain;
using test::FakePeer;
using test::PeerManners;

namespace {

struct Line {
    std::size_t peers = 1;
    Duration round_trip{};
    double items_per_s = 0;  ///< of each peer
};

/// Large enough that the way from the root to the first full requests, a round trip for each level,
/// is a small part of the whole: more peers need more.
const BuiltState& state_for(std::size_t peers) {
    static const BuiltState small = build(test::spread_model(30'000));
    static const BuiltState large = build(test::spread_model(60'000));
    return peers <= 2 ? small : large;
}

/// Items a second.
struct Speed {
    double whole = 0;   ///< from the first peer to the end
    double middle = 0;  ///< while the state went from 30 % to 80 %
};

Speed speed_over(const Line& line, std::size_t most_in_flight) {
    const BuiltState& state = state_for(line.peers);
    const FakeChain chain = FakeChain::of(std::vector<Hash256>(100, state.root));
    test::Simulation simulation;
    storage::MemoryStore store;
    Downloader::Options options;
    options.when_complete = Downloader::WhenComplete::kReturn;
    options.unix_time = [] { return std::uint64_t{1'700'000'000}; };
    options.most_in_flight = most_in_flight;
    Downloader downloader{store, simulation, simulation.executor(), options};
    for (std::uint64_t id = 1; id <= line.peers; ++id) {
        downloader.peer_joined(std::make_shared<FakePeer>(
            id, simulation, simulation.executor(), chain, std::vector<const BuiltState*>{&state},
            PeerManners{PeerManners::Kind::kHonest, line.round_trip, line.items_per_s}));
    }
    struct Main {
        /// When so many items are committed.
        static Task<void> watch(test::Simulation& sim, const Downloader& d, std::size_t items,
                                TimePoint& when) {
            while (d.progress().counters.items_committed() < items)
                (void)co_await sim.sleep_until(sim.now() + 1ms, nullptr);
            when = sim.now();
        }
        static Task<void> run(Downloader& d, Result<void>& out) { out = co_await d.run(); }
    };
    const TimePoint begin = simulation.now();
    Result<void> outcome;
    std::array<TimePoint, 2> passed{};
    async::TaskScope scope{simulation.executor()};
    const std::size_t from = state.size() * 3 / 10;
    const std::size_t to = state.size() * 8 / 10;
    scope.spawn(Main::watch(simulation, downloader, from, passed[0]));
    scope.spawn(Main::watch(simulation, downloader, to, passed[1]));
    simulation.run(Main::run(downloader, outcome), 1h);
    REQUIRE(outcome);
    REQUIRE(downloader.progress().counters.items_committed() == state.size());
    const auto rate = [](std::size_t items, Duration time) {
        return static_cast<double>(items) / to_seconds(time);
    };
    return {rate(state.size(), simulation.now() - begin), rate(to - from, passed[1] - passed[0])};
}

}  // namespace

/// 4 peers of 30,000 items a second are a line of 100 Mbit/s: an item has about 105 bytes.
TEST_CASE(
    "Downloader: over round trips of 100 ms windows give 3 times what one request does, and "
    "fill the line",
    "[sync][numbers]") {
    const auto line = GENERATE(values<Line>({
        {1, 100ms, 30'000},
        {2, 100ms, 30'000},
        {4, 100ms, 30'000},
    }));
    const Speed one = speed_over(line, 1);
    const Speed all = speed_over(line, PeerRate::kMaxWindow);
    const double most = static_cast<double>(line.peers) * line.items_per_s;
    CAPTURE(line.peers, to_seconds(line.round_trip), line.items_per_s,
            state_for(line.peers).size());
    CAPTURE(one.whole, all.whole, all.whole / one.whole, all.middle / most);
    CHECK(all.whole >= 3 * one.whole);
    CHECK(all.middle >= 0.9 * most);
}
