// What windows are for: the same sync from peers far away, with as many requests in flight as the
// window allows and with one. In virtual time, so the ratio is the same on every machine.
#include <catch2/catch.hpp>

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
    static const BuiltState large = build(test::spread_model(120'000));
    return peers <= 2 ? small : large;
}

/// Items a second from the first peer to the end.
double throughput(const Line& line, std::size_t most_in_flight) {
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
        static Task<void> run(Downloader& d, Result<void>& out) { out = co_await d.run(); }
    };
    const TimePoint begin = simulation.now();
    Result<void> outcome;
    simulation.run(Main::run(downloader, outcome), 1h);
    REQUIRE(outcome);
    REQUIRE(downloader.progress().counters.items_committed() == state.size());
    return static_cast<double>(state.size()) / to_seconds(simulation.now() - begin);
}

}  // namespace

TEST_CASE("Downloader: over round trips of 100 ms windows give 3 times what one request does",
          "[sync]") {
    const auto line = GENERATE(values<Line>({
        {1, 100ms, 30'000},
        {2, 100ms, 30'000},
        {4, 100ms, 30'000},
    }));
    const double one = throughput(line, 1);
    const double all = throughput(line, PeerRate::kMaxWindow);
    CAPTURE(line.peers, to_seconds(line.round_trip), line.items_per_s,
            state_for(line.peers).size());
    CAPTURE(one, all, all / one);
    CHECK(all >= 3 * one);
}
