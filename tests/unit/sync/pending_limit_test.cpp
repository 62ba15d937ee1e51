// What is known and not complete may take so much memory; how much is asked for steers it.
#include "state_sync_rig.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using namespace fastsync::test;

namespace {

struct Outcome {
    std::size_t most_pending_bytes = 0;
    std::size_t most_in_flight = 0;
};

/// Many peers, each with its window full: they would have much in flight at once.
Outcome run(const BuiltState& state, std::size_t pending_bytes) {
    CheckingStore store;
    PeerLedger ledger;
    SyncCounters counters;
    auto started = StateSync::start(state.root, store, ledger, counters, 1, pending_bytes);
    REQUIRE(started);
    StateSync& sync = *started;
    for (std::uint64_t peer = 1; peer <= 40; ++peer)
        ledger.join(PeerId{peer});
    TimePoint now{std::chrono::hours{1}};
    Outcome out;
    while (!sync.complete()) {
        REQUIRE_FALSE(sync.lost_task());
        (void)sync.assign(now);
        out.most_in_flight = std::max(out.most_in_flight, ledger.open_items());
        REQUIRE(ledger.open_requests() > 0);
        now += std::chrono::milliseconds{10};
        const auto closed = ledger.close(ledger.requests().begin()->first);
        std::vector<Bytes> blobs;
        for (const NodeTask& task : closed->tasks)
            blobs.push_back(*state.find(task.hash));
        REQUIRE(sync.on_answer(*closed, answer_of(blobs, now)));
        out.most_pending_bytes = std::max(out.most_pending_bytes, sync.pending_bytes());
    }
    CHECK(missing_from(store, state) == "");
    return out;
}

}  // namespace

TEST_CASE("StateSync: what is pending stays near its limit, and the sync still ends", "[sync]") {
    const BuiltState state = build(spread_model(12'000));
    const Outcome free = run(state, SIZE_MAX);
    const std::size_t limit = free.most_pending_bytes / 8;
    const Outcome bound = run(state, limit);
    INFO("without a limit " << free.most_pending_bytes << " bytes, " << free.most_in_flight
                            << " items in flight; with " << limit << ": "
                            << bound.most_pending_bytes << ", " << bound.most_in_flight);
    CHECK(bound.most_pending_bytes < free.most_pending_bytes / 2);
    CHECK(bound.most_in_flight < free.most_in_flight);
    // Nearly nothing is allowed: one request at a time, depth first.
    CHECK(run(state, 0).most_in_flight <= Held::kNarrowInFlight);
}
