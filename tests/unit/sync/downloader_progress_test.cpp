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

TEST_CASE("Downloader: the share that is shown lies in the range beside it, at any moment",
          "[sync]") {
    // Fast enough that the state grows by some per cent between two estimates.
    const BuiltState state = build(test::spread_model(8'000));
    const FakeChain chain = FakeChain::of(std::vector<Hash256>(100, state.root));
    test::Simulation simulation;
    storage::MemoryStore store;
    Downloader::Options options;
    options.when_complete = Downloader::WhenComplete::kReturn;
    options.unix_time = [] { return std::uint64_t{1'700'000'000}; };
    Downloader downloader{store, simulation, simulation.executor(), options};
    downloader.peer_joined(std::make_shared<FakePeer>(
        1, simulation, simulation.executor(), chain, std::vector<const BuiltState*>{&state},
        PeerManners{PeerManners::Kind::kHonest, 20ms, 10'000}));
    struct Seen {
        std::size_t ranges = 0;
        std::size_t outside = 0;
        double first_outside = 0;
    };
    struct Main {
        static Task<void> watch(test::Simulation& sim, const Downloader& d, const bool& ended,
                                Seen& seen) {
            while (!ended) {
                const SyncProgress now = d.progress();
                if (now.work) {
                    ++seen.ranges;
                    const bool within =
                        now.work->least <= now.fraction && now.fraction <= now.work->most;
                    if (!within && seen.outside++ == 0) seen.first_outside = now.fraction;
                }
                (void)co_await sim.sleep_until(sim.now() + 7ms, nullptr);
            }
        }
        static Task<void> run(test::Simulation& sim, Downloader& d, Seen& seen, Result<void>& out) {
            bool ended = false;
            async::TaskScope scope{sim.executor()};
            scope.spawn(watch(sim, d, ended, seen));
            out = co_await d.run();
            ended = true;
            co_await scope.join();
        }
    };
    Seen seen;
    Result<void> outcome;
    simulation.run(Main::run(simulation, downloader, seen, outcome), 1h);
    REQUIRE(outcome);
    CAPTURE(seen.first_outside);
    CHECK(seen.ranges > 50);
    CHECK(seen.outside == 0);
}
