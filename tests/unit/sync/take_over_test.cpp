// What happens to items that a slow peer owes when there is nothing else left to ask for.
#include <sync/downloader.hpp>

#include "state_sync_rig.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using namespace std::chrono_literals;
using async::Task;
using test::kFirst;
using test::kSecond;
using test::Rig;

namespace {

constexpr PeerId kThird{3};

bool same_tasks(const OpenRequest& a, const OpenRequest& b) {
    return a.tasks == b.tasks;
}

/// A rig of which the first peer owes the last items there are to ask for; the second one is known
/// to be fast and has nothing to do.
struct Owing : Rig {
    Owing() : Rig(7, 200) {
        ledger.join(kFirst);
        owed = grow(5);
        ledger.join(kSecond);
        ledger.at(kSecond).rate.delivered(100, now - 10ms, now);
        // Whatever else there is comes from the second one, until that request is the only one.
        while (true) {
            const auto requests = assign();
            if (requests.empty()) break;
            for (const auto& request : requests) {
                if (request.peer == kFirst) {
                    give_back(request);
                } else {
                    answer(request, blobs(request));
                }
            }
        }
        REQUIRE(ledger.open_requests() == 1);
        REQUIRE_FALSE(state_sync->complete());
    }
    void give_back(const OpenRequest& request) {
        const auto closed = ledger.close(request.id);
        REQUIRE(closed);
        state_sync->on_returned(*closed);
    }

    OpenRequest owed;
};

}  // namespace

TEST_CASE("take over: what a slow peer owes is asked of an idle one, once, when it is overdue",
          "[sync]") {
    Owing rig;
    CHECK(rig.assign().empty());  // it may still come in time
    rig.now += StateSync::kOverdueAtLeast + 1s;
    const auto requests = rig.assign();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].peer == kSecond);
    CHECK(same_tasks(requests[0], rig.owed));
    rig.now += 1min;
    CHECK(rig.assign().empty());  // each of the two has it by now

    SECTION("the first answer counts, the second harms nobody") {
        CHECK(rig.answer(requests[0], rig.blobs(requests[0])).useful == rig.owed.tasks.size());
        const auto late = rig.answer(rig.owed, rig.blobs(rig.owed));
        CHECK(late.useful == 0);
        CHECK(late.duplicates == rig.owed.tasks.size());
        CHECK_FALSE(late.blame);
    }
    SECTION("the slow one may be first after all") {
        CHECK(rig.answer(rig.owed, rig.blobs(rig.owed)).useful == rig.owed.tasks.size());
        CHECK(rig.answer(requests[0], rig.blobs(requests[0])).duplicates == rig.owed.tasks.size());
    }
    SECTION("when both fail, each task goes back to the queue once") {
        (void)rig.time_out(rig.owed);
        CHECK(rig.state_sync->waiting_for_retry() == 0);
        CHECK_FALSE(rig.state_sync->lost_task());
        (void)rig.time_out(requests[0]);
        CHECK(rig.state_sync->waiting_for_retry() == rig.owed.tasks.size());
    }
    SECTION("when the one that took over fails, another one may") {
        (void)rig.time_out(requests[0]);
        rig.ledger.join(kThird);
        rig.ledger.at(kThird).rate.delivered(100, rig.now - 10ms, rig.now);
        const auto again = rig.assign();
        REQUIRE(again.size() == 1);
        CHECK(again[0].peer == kThird);
        rig.answer(again[0], rig.blobs(again[0]));
        rig.answer(rig.owed, rig.blobs(rig.owed));
    }
    SECTION("when the slow one leaves, its tasks are still on their way") {
        for (const OpenRequest& returned : rig.ledger.leave(kFirst))
            rig.state_sync->on_returned(returned);
        CHECK(rig.state_sync->waiting_for_retry() == 0);
        rig.answer(requests[0], rig.blobs(requests[0]));
    }
    rig.finish();
    CHECK(rig.ledger.open_items() == 0);
}

TEST_CASE("take over: not by a peer that lacks the item, nor by one nobody knows to be faster",
          "[sync]") {
    Owing rig;
    rig.now += 1min;
    SECTION("that lacks it") {
        const auto requests = rig.assign();
        REQUIRE(requests.size() == 1);
        CHECK(rig.answer(requests[0], {}).useful == 0);
        CHECK(rig.assign().empty());
    }
    SECTION("that never delivered") {
        for (const OpenRequest& returned : rig.ledger.leave(kSecond))
            rig.state_sync->on_returned(returned);
        rig.ledger.join(kThird);
        CHECK(rig.assign().empty());
    }
    rig.answer(rig.owed, rig.blobs(rig.owed));
    rig.finish();
}

TEST_CASE("take over: slow peers that hold all that may be in flight are no wall",
          "[sync][numbers]") {
    Rig rig{test::spread_model(40'000)};
    // Until a level is known that is wider than what may be asked for of one: with so many peers
    // each level is asked for whole.
    const std::uint64_t helpers = 40;
    for (std::uint64_t i = 0; i < helpers; ++i)
        rig.ledger.join(PeerId{10 + i});
    while (rig.state_sync->trie().queued() <= TrieSync::kMaxRequestedPerDepth + 1000) {
        const auto requests = rig.assign();
        REQUIRE_FALSE(requests.empty());
        for (const auto& request : requests)
            rig.answer(request, rig.blobs(request));
    }
    for (std::uint64_t i = 0; i < helpers; ++i)
        REQUIRE(rig.ledger.leave(PeerId{10 + i}).empty());
    const std::uint64_t crowd = TrieSync::kMaxRequestedPerDepth / PeerRate::kFirstBatch + 1;
    for (std::uint64_t i = 0; i < crowd; ++i)
        rig.ledger.join(PeerId{100 + i});
    REQUIRE(rig.assign().size() >= crowd - 1);
    rig.ledger.join(kSecond);
    rig.ledger.at(kSecond).rate.delivered(100, rig.now - 10ms, rig.now);
    CHECK(rig.assign().empty());
    REQUIRE(rig.state_sync->trie().queued() > 0);
    rig.now += 1min;
    const auto requests = rig.assign();
    REQUIRE_FALSE(requests.empty());
    CHECK(requests[0].peer == kSecond);
    CHECK(rig.answer(requests[0], rig.blobs(requests[0])).useful == requests[0].tasks.size());
}

TEST_CASE("take over: one slow peer does not hold the last items", "[sync]") {
    test::StateGenerator generator{11};
    const test::BuiltState state = build(generator.make(2500));
    const test::FakeChain chain = test::FakeChain::of(std::vector<Hash256>(100, state.root));
    // Virtual seconds until the state is complete.
    const auto sync_with = [&](const std::vector<Duration>& latencies) {
        test::Simulation sim;
        test::CheckingStore store;
        Downloader::Options options;
        options.when_complete = Downloader::WhenComplete::kReturn;
        options.unix_time = [] { return std::uint64_t{1'700'000'000}; };
        Downloader downloader{store, sim, sim.executor(), options};
        std::uint64_t id = 0;
        for (const Duration latency : latencies) {
            downloader.peer_joined(std::make_shared<test::FakePeer>(
                ++id, sim, sim.executor(), chain, std::vector<const test::BuiltState*>{&state},
                test::PeerManners{test::PeerManners::Kind::kHonest, latency}));
        }
        struct Main {
            static Task<void> run(Downloader& d, Result<void>& out) { out = co_await d.run(); }
        };
        Result<void> outcome;
        const TimePoint began = sim.now();
        sim.run(Main::run(downloader, outcome), 20min);
        REQUIRE(outcome);
        CHECK(missing_from(store, state) == "");
        return to_seconds(sim.now() - began);
    };
    const double alone = sync_with({50ms});
    const double with_a_slow_one = sync_with({50ms, 5s});
    CAPTURE(alone, with_a_slow_one);
    // It is asked for some: whoever waited for that would wait 5 s.
    CHECK(with_a_slow_one < alone + 4);
}
