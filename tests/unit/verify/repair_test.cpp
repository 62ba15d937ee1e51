#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <sync/checkpoint.hpp>
#include <sync/repair.hpp>
#include <trie/constants.hpp>

#include "state_fixture.hpp"

namespace fastsync {

using storage::ItemKind;
using storage::MemoryStore;
using sync::load_checkpoint;
using sync::load_completed;
using sync::repair_items;
using sync::repair_records;
using sync::save_checkpoint;
using sync::save_completed;

namespace {

Hash256 key_of(std::uint64_t i) {
    const std::string text = std::to_string(i);
    return crypto::keccak256(as_bytes(text));
}

/// 600 accounts; some with storage and code.
struct SmallState {
    SmallState() {
        std::vector<std::pair<Hash256, U256>> slots;
        for (std::uint64_t i = 0; i < 60; ++i)
            slots.emplace_back(key_of(i + 5000), i + 1);
        trie = maker.storage(slots);
        code = maker.code(Bytes(100, 0x60));
        for (std::uint64_t i = 0; i < 600; ++i)
            maker.account(key_of(i), i % 50 == 0 ? trie : trie::kEmptyRoot,
                          i % 60 == 0 ? code : trie::kEmptyCodeHash);
        root = maker.finish();
    }
    [[nodiscard]] std::size_t unsound() {
        std::size_t count = 0;
        REQUIRE(sync::scan_items(maker.store, [&](const sync::UnsoundItem&) -> Result<void> {
            ++count;
            return {};
        }));
        return count;
    }
    test::StateMaker maker;
    Hash256 trie;
    Hash256 code;
    Hash256 root;
};

sync::SyncCounters some_counters() {
    sync::SyncCounters counters;
    counters.nodes_committed = 12;
    return counters;
}

}  // namespace

TEST_CASE("repair_items: what is above a missing item goes, up to the root, and nothing else",
          "[repair]") {
    SmallState state;
    MemoryStore& store = state.maker.store;
    const std::size_t whole = store.items();
    REQUIRE(store.erase(ItemKind::kCode, state.code));
    const std::size_t remember = GENERATE(0U, 1U, 5U, 1000U);
    const auto done = repair_items(store, {}, remember);
    REQUIRE(done);
    CHECK(state.unsound() == 0);
    CHECK(done->removed_false == 0);
    CHECK(done->removed_unclosed >= 10 + 3);  // ten accounts, a path above each, the root
    CHECK(done->removed_unclosed < 60);
    CHECK(store.items() == whole - 1 - done->removed_unclosed);
    CHECK(done->passes >= 2);
    CHECK_FALSE(*store.has(ItemKind::kNode, state.root));
    CHECK(*store.has(ItemKind::kNode, state.trie));
    const auto again = repair_items(store, {}, remember);
    REQUIRE(again);
    CHECK(again->removed_unclosed == 0);
    CHECK(again->passes == 1);
}

TEST_CASE("repair_items: false items go, and what is above them", "[repair]") {
    SmallState state;
    MemoryStore& store = state.maker.store;
    Bytes changed = *store.get(ItemKind::kNode, state.trie);
    changed.back() ^= 1U;
    REQUIRE(store.overwrite(ItemKind::kNode, state.trie, changed));
    REQUIRE(store.overwrite(ItemKind::kCode, state.code, Bytes{}));
    const std::size_t remember = GENERATE(0U, 3U, 1000U);
    const auto done = repair_items(store, {}, remember);
    REQUIRE(done);
    CHECK(done->removed_false == 2);
    CHECK(state.unsound() == 0);
    CHECK_FALSE(*store.has(ItemKind::kNode, state.trie));
    CHECK_FALSE(*store.has(ItemKind::kCode, state.code));
    CHECK_FALSE(*store.has(ItemKind::kNode, state.root));
}

TEST_CASE("repair_items: any set of items may be gone", "[repair]") {
    const std::uint64_t seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{12}));
    CAPTURE(seed);
    SmallState state;
    MemoryStore& store = state.maker.store;
    std::uint64_t number = seed * 1000;
    for (const Hash256& hash : state.maker.account_nodes) {
        if (key_of(++number).data[0] < 12) REQUIRE(store.erase(ItemKind::kNode, hash));
    }
    for (const Hash256& hash : state.maker.storage_nodes) {
        if (key_of(++number).data[0] < 12) REQUIRE(store.erase(ItemKind::kNode, hash));
    }
    const auto done = repair_items(store, {}, seed % 2 == 0 ? sync::kMaxRemembered : 4);
    REQUIRE(done);
    CHECK(state.unsound() == 0);
    CHECK(store.items() > 300);  // leaves stay
}

TEST_CASE("repair_items: with one item more than are remembered everything is looked at again",
          "[repair]") {
    const auto looks = [](std::size_t remember) {
        SmallState state;
        MemoryStore& store = state.maker.store;
        // Right below the root: nothing but the root refers to it.
        std::vector<sync::Reference> below;
        REQUIRE(sync::find_references(*store.get(ItemKind::kNode, state.root), below));
        REQUIRE(store.erase(ItemKind::kNode, below.front().hash));
        std::uint64_t count = 0;
        std::uint64_t last = UINT64_MAX;
        const auto done = repair_items(
            store,
            [&](const sync::ItemsReport& report) {
                count += report.codes + report.nodes < last ? 1U : 0U;
                last = report.codes + report.nodes;
                return sync::VerifyStep::kContinue;
            },
            remember);
        REQUIRE(done);
        CHECK(done->removed_unclosed == 1);
        CHECK(state.unsound() == 0);
        return count;
    };
    CHECK(looks(sync::kMaxRemembered) == 1);
    CHECK(looks(1) == 1);
    CHECK(looks(0) == 2);
}

TEST_CASE("repair_items: a store that fails ends it with its error", "[repair]") {
    SmallState state;
    state.maker.store.fail(MemoryStore::Operation::kHas, {Errc::kStorage, "no such device"}, 5);
    CHECK(repair_items(state.maker.store).error() == Error{Errc::kStorage, "no such device"});
    state.maker.store.heal();
    state.maker.store.fail(MemoryStore::Operation::kFlush, {Errc::kStorage, "full"});
    CHECK(repair_items(state.maker.store).error() == Error{Errc::kStorage, "full"});
}

TEST_CASE("repair_records: a complete state without its root is one to be worked on", "[repair]") {
    MemoryStore store;
    sync::CompletedPivot completed;
    completed.state_root = key_of(1);
    completed.counters = some_counters();
    REQUIRE(save_completed(store, completed));
    const bool worked_on = GENERATE(false, true);
    if (worked_on) REQUIRE(save_checkpoint(store, {key_of(2), {}, 3, {}}));
    const auto done = repair_records(store, true);
    REQUIRE(done);
    CHECK(done->incomplete == key_of(1));
    CHECK(done->dropped.empty());
    CHECK_FALSE(load_completed(store)->has_value());
    const auto checkpoint = load_checkpoint(store);
    REQUIRE(checkpoint);
    REQUIRE(*checkpoint);
    CHECK((*checkpoint)->state_root == key_of(worked_on ? 2 : 1));
    if (!worked_on) CHECK((*checkpoint)->counters == completed.counters);
}

TEST_CASE("repair_records: a complete state stays, the empty one too", "[repair]") {
    SmallState state;
    MemoryStore& store = state.maker.store;
    sync::CompletedPivot completed;
    completed.state_root = GENERATE(true, false) ? state.root : trie::kEmptyRoot;
    REQUIRE(save_completed(store, completed));
    const auto done = repair_records(store, true);
    REQUIRE(done);
    CHECK_FALSE(done->incomplete);
    CHECK(*load_completed(store) == completed);
    CHECK_FALSE(load_checkpoint(store)->has_value());
}

TEST_CASE("repair_records: records that do not decode are dropped and named", "[repair]") {
    MemoryStore store;
    REQUIRE(store.save_meta("sync.completed", Bytes{0xc1, 0x80}));
    REQUIRE(store.save_meta("sync.checkpoint", Bytes{0x01}));
    CHECK(load_completed(store).error().code == Errc::kCorrupt);
    const auto done = repair_records(store, false);
    REQUIRE(done);
    CHECK(done->dropped.size() == 2);
    CHECK(done->dropped.at(0).find("sync.checkpoint") != std::string::npos);
    CHECK_FALSE(load_completed(store)->has_value());
    CHECK_FALSE(load_checkpoint(store)->has_value());
    // With items, the next run must know that there are some.
    REQUIRE(repair_records(store, true));
    CHECK(load_checkpoint(store)->has_value());
}

TEST_CASE("repair_records: headers that do not link are dropped", "[repair]") {
    MemoryStore store;
    sync::SyncCheckpoint checkpoint;
    checkpoint.state_root = key_of(1);
    checkpoint.headers = {Bytes{0xc0}};
    REQUIRE(save_checkpoint(store, checkpoint));
    const auto done = repair_records(store, false);
    REQUIRE(done);
    CHECK(done->dropped.size() == 1);
    CHECK_FALSE(load_checkpoint(store)->has_value());
}

}  // namespace fastsync
