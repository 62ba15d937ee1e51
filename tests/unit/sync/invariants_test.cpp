// The checks of the scheduler's promises can fail: each is broken here behind the scheduler's back.
#include <crypto/keccak.hpp>
#include <sync/invariants.hpp>
#include <sync/pivot.hpp>

#include "log_capture.hpp"
#include "state_sync_rig.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using namespace fastsync::test;

namespace {

bool has(const std::string& text, const std::string& part) {
    UNSCOPED_INFO(text);
    return text.find(part) != std::string::npos;
}

/// What no code of ours does: hands out and takes items past the scheduler.
TrieSync& behind_its_back(const Rig& rig) {
    return const_cast<TrieSync&>(rig.state_sync->trie());
}

}  // namespace

TEST_CASE("invariants: a batch with a parent before its child, or a false hash, is found",
          "[sync]") {
    const BuiltState state = build(StateGenerator{3}.make(30));
    const CheckingStore empty;
    storage::NodeBatch lonely;
    lonely.add(ItemKind::kNode, state.root, *state.find(state.root));
    CHECK(check_batch(lonely, empty) == "a node before what it refers to");
    storage::NodeBatch forged;
    forged.add(ItemKind::kCode, state.root, Bytes{1, 2, 3});
    CHECK(check_batch(forged, empty) == "a blob under the hash of another");
}

TEST_CASE("invariants: a request that lost its peer, or is asked for what it lacked, is found",
          "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    const OpenRequest request = rig.grow(4);
    // Asked again of the same peer behind the scheduler's back.
    (void)rig.ledger.open(kFirst, request.tasks, rig.now, request.epoch);
    CHECK(has(check_invariants(*rig.state_sync, rig.ledger), "asked for twice"));
}

TEST_CASE("invariants: a task that the scheduler forgot is found", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    const OpenRequest request = rig.grow(4);
    CHECK(check_invariants(*rig.state_sync, rig.ledger).empty());
    REQUIRE(rig.ledger.close(request.id));
    CHECK(check_invariants(*rig.state_sync, rig.ledger) ==
          std::to_string(request.tasks.size()) + " tasks are lost");
}

TEST_CASE("invariants: a peer over its window, or a batch over the largest, is found", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    const auto ask = [&](std::size_t items) {
        std::vector<NodeTask> tasks(items, NodeTask{Hash256{{9}}, ItemKind::kCode});
        return rig.ledger.open(kFirst, std::move(tasks), rig.now, 1).id;
    };
    for (std::size_t i = 1; i < PeerRate::kMaxWindow; ++i)
        (void)ask(PeerRate::kMaxBatch);
    const RequestId last = ask(PeerRate::kMaxBatch);
    CHECK(check_invariants(*rig.state_sync, rig.ledger).empty());
    (void)ask(1);
    CHECK(check_invariants(*rig.state_sync, rig.ledger) == "a peer over the largest window");
    REQUIRE(rig.ledger.close(last));
    CHECK(check_invariants(*rig.state_sync, rig.ledger).empty());
    (void)rig.ledger.leave(kFirst);
    rig.ledger.join(kFirst);
    (void)ask(PeerRate::kMaxBatch + 1);
    CHECK(check_invariants(*rig.state_sync, rig.ledger) == "a request over the largest batch");
}

TEST_CASE("invariants: what is complete and not committed is found", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    const OpenRequest request = rig.grow(4);
    TrieSync& trie = behind_its_back(rig);
    for (const NodeTask& task : request.tasks)
        (void)trie.process(task.hash, *rig.state.find(task.hash));
    REQUIRE(trie.complete_bytes() > 0);
    CHECK(check_invariants(*rig.state_sync, rig.ledger) ==
          "the membatch outlives the answer it is made of");
}

TEST_CASE("invariants: more in flight beyond the limit of what is pending is found", "[sync]") {
    Rig rig{StateGenerator{1}.make(3000)};
    auto narrow = StateSync::start(rig.state.root, rig.store, rig.ledger, rig.counters, 2, 0);
    REQUIRE(narrow);
    rig.state_sync = *std::move(narrow);
    rig.ledger.join(kFirst);
    while (rig.state_sync->trie().queued() <= Held::kNarrowInFlight) {
        for (const RequestId id : rig.state_sync->assign(rig.now)) {
            const OpenRequest request = rig.ledger.requests().at(id);
            (void)rig.answer(request, rig.blobs(request));
        }
        REQUIRE(check_invariants(*rig.state_sync, rig.ledger).empty());
    }
    const std::size_t room = Held::kNarrowInFlight - rig.state_sync->trie().requested();
    (void)behind_its_back(rig).missing(room);
    CHECK(check_held(rig.state_sync->held()).empty());
    (void)behind_its_back(rig).missing(1);
    CHECK(check_invariants(*rig.state_sync, rig.ledger) ==
          "more is asked for although what is pending is over its limit");
}

TEST_CASE("invariants: what was in flight before the limit was passed may stay, and no more",
          "[sync]") {
    const auto held = [](std::size_t pending, std::size_t in_flight, std::size_t beyond) {
        return check_held({0, pending, 1000, in_flight, beyond});
    };
    CHECK(held(1000, 5000, SIZE_MAX).empty());
    CHECK(held(1001, 5000, 5000).empty());
    CHECK_FALSE(held(1001, 5001, 5000).empty());
    CHECK(held(1001, Held::kNarrowInFlight, 10).empty());
    CHECK_FALSE(held(1001, Held::kNarrowInFlight + 1, 10).empty());
}

TEST_CASE("invariants: a peer asked again while another one was never asked is found", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    const OpenRequest request = rig.grow(4);
    rig.time_out(request);
    const OpenRequest again = rig.ledger.open(kFirst, request.tasks, rig.now, request.epoch);
    CHECK(rig.state_sync->check_turn(again).empty());  // there is nobody else
    rig.ledger.join(kSecond);
    CHECK(rig.state_sync->check_turn(again) ==
          "a peer is asked again for what another one was never asked for");
    const OpenRequest other = rig.ledger.open(kSecond, request.tasks, rig.now, request.epoch);
    CHECK(rig.state_sync->check_turn(other).empty());
}

TEST_CASE("invariants: an item that was committed and is gone is found, by later syncs too",
          "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    CommittedSample sample;
    storage::NodeBatch batch;
    const Bytes code{1, 2, 3};
    batch.add(ItemKind::kCode, crypto::keccak256(code), code);
    sample.note(batch);
    CHECK(sample.check(rig.store) == "an item that was committed is gone from the store");
    REQUIRE(rig.store.commit(std::move(batch)));
    CHECK(sample.check(rig.store).empty());
    if constexpr (kCheckInvariants) {
        rig.finish();
        CHECK(check_invariants(*rig.state_sync, rig.ledger).empty());
        CheckingStore empty;
        auto next = StateSync::start(rig.state.root, empty, rig.ledger, rig.counters, 2);
        REQUIRE(next);
        CHECK(check_invariants(*next, rig.ledger).empty());
        next->inherit(*rig.state_sync);
        CHECK(check_invariants(*next, rig.ledger) ==
              "an item that was committed is gone from the store");
    }
}

TEST_CASE("CommittedSample: of many items a bounded number is kept, from all over", "[sync]") {
    CheckingStore store;
    CommittedSample sample;
    constexpr std::uint32_t kMany = 20 * CommittedSample::kItems;
    for (std::uint32_t i = 0; i < kMany; ++i) {
        const Bytes code{1, static_cast<Byte>(i), static_cast<Byte>(i >> 8U)};
        storage::NodeBatch batch;
        batch.add(ItemKind::kCode, crypto::keccak256(code), code);
        sample.note(batch);
        // The second half is never stored.
        if (i < kMany / 2) REQUIRE(store.commit(std::move(batch)));
        if (i + 1 == kMany / 2) CHECK(sample.check(store).empty());
    }
    CHECK_FALSE(sample.check(store).empty());
}

namespace {

/// Headers from `first` on; `salt` makes another chain of them.
Pivot pivot_at(std::uint64_t first, std::uint64_t head, std::uint64_t salt = 0) {
    const FakeChain chain =
        FakeChain::of(std::vector<Hash256>(static_cast<std::size_t>(head + 1), Hash256{{7}}), salt);
    const auto begin = chain.headers.begin() + static_cast<std::ptrdiff_t>(first);
    return {Hash256{{7}}, {begin, chain.headers.end()}};
}

}  // namespace

TEST_CASE("invariants: a pivot that moves back on its own chain is found", "[sync]") {
    const std::optional<Pivot> before = pivot_at(100, 164);
    const auto moved = [&](const Pivot& to, PivotBefore fate = PivotBefore::kKept) {
        return check_move({}, before, fate, to);
    };
    CHECK(moved(pivot_at(100, 200)).empty());
    CHECK(moved(pivot_at(101, 165)).empty());
    CHECK(moved(pivot_at(99, 163)) == "the pivot moved back on its own chain");
    CHECK(moved(pivot_at(36, 100)) == "the pivot moved back on its own chain");
    CHECK(moved(pivot_at(35, 99)).empty());      // a shorter chain
    CHECK(moved(pivot_at(90, 154, 1)).empty());  // another chain
    CHECK(moved(pivot_at(99, 163), PivotBefore::kGivenUp).empty());
    CHECK(check_move({}, {}, PivotBefore::kKept, pivot_at(1, 65)).empty());  // the first choice
    Pivot torn = pivot_at(101, 165);
    torn.state_root = Hash256{{8}};
    CHECK(moved(torn) == "a pivot whose header has another state root");
}

TEST_CASE("invariants: a pinned pivot that is another block or root is found", "[sync]") {
    const std::optional<Pivot> before = pivot_at(100, 164);
    const auto pinned = [&](const PivotPin& pin, const Pivot& to) {
        return check_move(pin, before, PivotBefore::kGivenUp, to);
    };
    const Pivot fifty = pivot_at(50, 50);
    CHECK(pinned(PinnedNumber{50}, fifty).empty());
    CHECK(pinned(PinnedNumber{51}, fifty) == "the pinned pivot moved");
    CHECK(pinned(PinnedHash{fifty.header()->hash}, fifty).empty());
    CHECK(pinned(PinnedHash{Hash256{{9}}}, fifty) == "the pinned pivot moved");
    CHECK(pinned(PinnedRoot{Hash256{{7}}}, {Hash256{{7}}, {}}).empty());
    CHECK(pinned(PinnedRoot{Hash256{{9}}}, {Hash256{{7}}, {}}) == "the pinned pivot moved");
    CHECK(pinned(PinnedNumber{50}, {Hash256{{7}}, {}}) == "the pinned pivot moved");
}
