#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <sync/closure.hpp>
#include <trie/constants.hpp>

#include "state_fixture.hpp"

namespace fastsync {

using storage::ItemKind;
using storage::MemoryStore;
using sync::ItemsReport;
using sync::UnsoundItem;

namespace {

Hash256 key_of(std::uint64_t i) {
    const std::string text = std::to_string(i);
    return crypto::keccak256(as_bytes(text));
}

struct Scanned {
    ItemsReport report;
    std::vector<UnsoundItem> unsound;
};

Scanned scan(const storage::StateStore& store) {
    Scanned out;
    auto report = sync::scan_items(store, [&](const UnsoundItem& item) -> Result<void> {
        out.unsound.push_back(item);
        return {};
    });
    REQUIRE(report);
    out.report = *report;
    return out;
}

/// 400 accounts; some with codes, some with storage, some of that in inlined nodes.
struct SmallState {
    SmallState() {
        std::vector<std::pair<Hash256, U256>> slots;
        for (std::uint64_t i = 0; i < 40; ++i)
            slots.emplace_back(key_of(i + 1000), i + 1);
        for (Byte i = 0; i < 4; ++i) {
            Hash256 key = key_of(7);
            key.data[31] = i;
            slots.emplace_back(key, i + 1U);
        }
        trie = maker.storage(slots);
        code = maker.code(Bytes(100, 0x60));
        for (std::uint64_t i = 0; i < 400; ++i)
            maker.account(key_of(i), i % 7 == 0 ? trie : trie::kEmptyRoot,
                          i % 10 == 0 ? code : trie::kEmptyCodeHash);
        root = maker.finish();
    }
    test::StateMaker maker;
    Hash256 trie;
    Hash256 code;
    Hash256 root;
};

}  // namespace

TEST_CASE("scan_items: an empty store is sound", "[closure]") {
    const auto found = scan(MemoryStore{});
    CHECK(found.report.sound());
    CHECK(found.report.items() == 0);
}

TEST_CASE("scan_items: a whole state is sound, also without its upper nodes", "[closure]") {
    SmallState state;
    const auto whole = scan(state.maker.store);
    CHECK(whole.report.sound());
    CHECK(whole.report.nodes ==
          state.maker.account_nodes.size() + state.maker.storage_nodes.size());
    CHECK(whole.report.codes == 1);
    CHECK(whole.report.references >= whole.report.items() - 1);
    REQUIRE(state.maker.store.erase(ItemKind::kNode, state.root));
    const auto half = scan(state.maker.store);
    CHECK(half.report.sound());
    CHECK(half.report.items() == whole.report.items() - 1);
}

TEST_CASE("scan_items: whatever is taken away, those that refer to it are named, and only they",
          "[closure]") {
    SmallState state;
    MemoryStore& store = state.maker.store;
    REQUIRE(store.erase(ItemKind::kCode, state.code));
    const auto codeless = scan(store);
    CHECK_FALSE(codeless.report.sound());
    CHECK(codeless.report.unclosed == 40);  // the leaf of every tenth account
    CHECK(codeless.unsound.size() == 40);
    CHECK(codeless.unsound[0].describe() == "node " + to_hex0x(codeless.unsound[0].hash) +
                                                ": refers to code " + to_hex0x(state.code) +
                                                ", which is not there");
    for (const UnsoundItem& item : codeless.unsound)
        REQUIRE(state.maker.account_nodes.contains(item.hash));
    // A parent that misses two children is one unclosed node.
    REQUIRE(store.erase(ItemKind::kNode, state.trie));
    CHECK(scan(store).report.unclosed == 40 + 58 - 6);
}

TEST_CASE("scan_items: changed bytes and what is no node are false", "[closure]") {
    SmallState state;
    MemoryStore& store = state.maker.store;
    REQUIRE(store.overwrite(ItemKind::kCode, state.code, Bytes(100, 0x61)));
    Bytes changed = *store.get(ItemKind::kNode, state.trie);
    changed.back() ^= 1U;
    REQUIRE(store.overwrite(ItemKind::kNode, state.trie, changed));
    const Bytes junk(40, 0x11);
    storage::NodeBatch batch;
    batch.add(ItemKind::kNode, crypto::keccak256(junk), junk);
    REQUIRE(store.commit(std::move(batch)));
    const auto found = scan(store);
    CHECK(found.report.false_items == 3);
    CHECK(found.report.unclosed == 0);  // they are there, whatever they are
    CHECK(found.unsound[0].kind == ItemKind::kCode);
    CHECK(found.unsound[0].describe() == "code " + to_hex0x(state.code) + ": its bytes hash to " +
                                             to_hex0x(crypto::keccak256(Bytes(100, 0x61))));
}

TEST_CASE("scan_items: a code is no stand-in for a node of the same bytes", "[closure]") {
    SmallState state;
    MemoryStore& store = state.maker.store;
    storage::NodeBatch batch;
    batch.add(ItemKind::kCode, state.trie, *store.get(ItemKind::kNode, state.trie));
    REQUIRE(store.commit(std::move(batch)));
    CHECK(scan(store).report.sound());
    REQUIRE(store.erase(ItemKind::kNode, state.trie));
    CHECK(scan(store).report.unclosed == 58);
}

TEST_CASE("scan_items: ends when told, with the first error of the handler, or of the store",
          "[closure]") {
    SmallState state;
    MemoryStore& store = state.maker.store;
    const auto ignore = [](const UnsoundItem&) { return Result<void>{}; };
    const auto stopped =
        sync::scan_items(store, ignore, [](const ItemsReport&) { return sync::VerifyStep::kStop; });
    REQUIRE(stopped);
    CHECK(stopped->interrupted);
    CHECK_FALSE(stopped->sound());
    CHECK(stopped->items() < state.maker.account_nodes.size());
    store.fail(MemoryStore::Operation::kHas, {Errc::kCorrupt, "bad block"}, 3);
    CHECK(sync::scan_items(store, ignore).error().code == Errc::kCorrupt);
    store.heal();
    REQUIRE(store.erase(ItemKind::kCode, state.code));
    std::size_t calls = 0;
    const auto refused = sync::scan_items(store, [&](const UnsoundItem&) -> Result<void> {
        ++calls;
        return Error{Errc::kStorage, "full"};
    });
    CHECK(refused.error() == Error{Errc::kStorage, "full"});
    CHECK(calls == 1);
}

}  // namespace fastsync
