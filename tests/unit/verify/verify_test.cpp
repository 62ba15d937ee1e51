#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <sync/verify.hpp>
#include <trie/constants.hpp>

#include "state_fixture.hpp"

namespace fastsync {

using storage::ItemKind;
using storage::MemoryStore;
using sync::verify_state;

namespace {

/// A key that looks like any other.
Hash256 key_of(std::uint64_t i) {
    const std::string text = std::to_string(i);
    return crypto::keccak256(as_bytes(text));
}

std::vector<std::pair<Hash256, U256>> slots_of(std::uint64_t first, std::uint64_t count) {
    std::vector<std::pair<Hash256, U256>> slots;
    for (std::uint64_t i = first; i < first + count; ++i)
        slots.emplace_back(key_of(i), i * 1'000'003 + 1);
    return slots;
}

}  // namespace

TEST_CASE("verify_state: the empty state is complete and has nothing", "[verify]") {
    const MemoryStore store;
    const auto report = verify_state(trie::kEmptyRoot, store);
    CHECK(report.complete);
    CHECK(report.items == 0);
    CHECK(report.xor_of_hashes == Hash256{});
}

TEST_CASE("verify_state: a root that is not there is missing, at the root", "[verify]") {
    const MemoryStore store;
    const auto report = verify_state(key_of(1), store);
    CHECK_FALSE(report.complete);
    CHECK_FALSE(report.interrupted);
    REQUIRE(report.missing.named.size() == 1);
    CHECK(report.missing.named[0].describe() ==
          "node " + to_hex0x(key_of(1)) + " in the account trie at root: not found");
}

TEST_CASE("verify_state: what several places refer to is counted once", "[verify]") {
    test::StateMaker state;
    const Hash256 code = state.code(Bytes(100, 0x60));
    const Hash256 trie = state.storage(slots_of(0, 50));
    auto grown = slots_of(0, 50);
    grown.emplace_back(key_of(1000), 5);
    // Nearly the same trie: most of its subtries are those of the first.
    const Hash256 other = state.storage(grown);
    state.account(key_of(1), trie, code);
    state.account(key_of(2), trie, code);
    state.account(key_of(3), other, code);
    state.account(key_of(4), trie::kEmptyRoot, trie::kEmptyCodeHash);
    const Hash256 root = state.finish();
    const auto report = verify_state(root, state.store);
    CHECK(report.complete);
    CHECK(report.accounts == 4);
    CHECK(report.codes == 1);
    CHECK(report.storage_tries == 2);
    CHECK(report.storage_trie_nodes == state.storage_nodes.size());
    CHECK(report.account_trie_nodes == state.account_nodes.size());
    CHECK(report.items == state.storage_nodes.size() + state.account_nodes.size() + 1);
    // 51 different leaves; one more where the new slot pushed an old one down.
    CHECK(report.storage_slots >= 51);
    CHECK(report.storage_slots <= 52);
}

TEST_CASE("verify_state: slots in inlined nodes are counted", "[verify]") {
    test::StateMaker state;
    std::vector<std::pair<Hash256, U256>> slots;
    for (Byte i = 0; i < 4; ++i) {
        Hash256 key = key_of(7);
        key.data[31] = i;  // they differ in the last nibble: leaves of 3 bytes, inlined
        slots.emplace_back(key, i + 1);
    }
    const Hash256 trie = state.storage(slots);
    REQUIRE(state.storage_nodes.size() < 4);
    state.account(key_of(1), trie, trie::kEmptyCodeHash);
    const auto report = verify_state(state.finish(), state.store);
    CHECK(report.complete);
    CHECK(report.storage_slots == 4);
    CHECK(report.storage_trie_nodes == state.storage_nodes.size());
}

TEST_CASE("verify_state: a code that is the bytes of a trie node is an item of its own",
          "[verify]") {
    test::StateMaker state;
    const Hash256 trie = state.storage(slots_of(0, 20));
    const Hash256 code = state.code(*state.store.get(ItemKind::kNode, trie));
    CHECK(code == trie);
    state.account(key_of(1), trie, code);
    const Hash256 root = state.finish();
    const auto report = verify_state(root, state.store);
    CHECK(report.complete);
    CHECK(report.items == state.storage_nodes.size() + state.account_nodes.size() + 1);
    REQUIRE(state.store.erase(ItemKind::kCode, code));
    const auto without = verify_state(root, state.store);
    REQUIRE(without.missing.count == 1);
    CHECK(without.missing.named[0].describe() ==
          "code " + to_hex0x(code) + " of account " + to_hex0x(key_of(1)) + ": not found");
}

TEST_CASE("verify_state: the walk goes on beside what is missing, corrupt or unreadable",
          "[verify]") {
    test::StateMaker state;
    const Hash256 lost = state.code(Bytes(10, 1));
    const Hash256 changed = state.code(Bytes(10, 2));
    const Hash256 good = state.code(Bytes(10, 3));
    const Hash256 trie = state.storage(slots_of(0, 5));
    state.account(key_of(1), trie, lost);
    state.account(key_of(2), trie::kEmptyRoot, changed);
    state.account(key_of(3), trie::kEmptyRoot, good);
    const Hash256 root = state.finish();
    REQUIRE(state.store.erase(ItemKind::kCode, lost));
    REQUIRE(state.store.erase(ItemKind::kNode, trie));
    REQUIRE(state.store.overwrite(ItemKind::kCode, changed, Bytes(10, 9)));
    const auto report = verify_state(root, state.store);
    CHECK_FALSE(report.complete);
    CHECK(report.accounts == 3);
    CHECK(report.codes == 1);
    CHECK(report.storage_tries == 0);
    CHECK(report.missing.count == 2);
    REQUIRE(report.corrupt.named.size() == 1);
    CHECK(report.corrupt.named[0].describe() == "code " + to_hex0x(changed) + " of account " +
                                                    to_hex0x(key_of(2)) + ": its bytes hash to " +
                                                    to_hex0x(crypto::keccak256(Bytes(10, 9))));
    state.store.fail(MemoryStore::Operation::kGet, {Errc::kStorage, "no such device"}, 1);
    const auto unreadable = verify_state(root, state.store);
    CHECK(unreadable.items == 1);
    CHECK(unreadable.corrupt.count > 0);
    CHECK(unreadable.missing.count == 0);
    CHECK(unreadable.corrupt.named[0].reason.find("no such device") != std::string::npos);
}

TEST_CASE("verify_state: a node of the right hash that is no node is corrupt, with its path",
          "[verify]") {
    test::StateMaker state;
    const Bytes junk(40, 0x11);
    const Hash256 hash = crypto::keccak256(junk);
    storage::NodeBatch batch;
    batch.add(ItemKind::kNode, hash, junk);
    REQUIRE(state.store.commit(std::move(batch)));
    state.account(key_of(1), hash, trie::kEmptyCodeHash);
    const auto report = verify_state(state.finish(), state.store);
    CHECK(report.accounts == 1);
    REQUIRE(report.corrupt.count == 1);
    CHECK(report.corrupt.named[0].path.trie == sync::TrieKind::kStorage);
    CHECK(report.corrupt.named[0].path.account == key_of(1));
    CHECK(report.corrupt.named[0].describe().find("in the storage of account " +
                                                  to_hex0x(key_of(1)) + " at root: ") !=
          std::string::npos);
}

TEST_CASE("verify_state: an account trie does not pass as a storage trie, nor the reverse",
          "[verify]") {
    test::StateMaker inner;
    inner.account(key_of(1), trie::kEmptyRoot, trie::kEmptyCodeHash);
    const Hash256 accounts = inner.finish();
    const Hash256 slots = inner.storage(slots_of(0, 1));
    CHECK(verify_state(accounts, inner.store).complete);
    CHECK(verify_state(slots, inner.store).corrupt.count == 1);
    // The same node in both parts: sound in the one, corrupt in the other.
    inner.account(key_of(2), accounts, trie::kEmptyCodeHash);
    const Hash256 outer = inner.finish();
    const auto report = verify_state(outer, inner.store);
    CHECK(report.accounts == 2);
    CHECK(report.corrupt.count == 1);
    CHECK(report.storage_slots == 0);
}

TEST_CASE("verify_state: bad items are all counted, the first hundred named", "[verify]") {
    const std::uint64_t bad = GENERATE(std::uint64_t{99}, std::uint64_t{100}, std::uint64_t{101});
    test::StateMaker state;
    for (std::uint64_t i = 0; i < bad; ++i)
        state.account(key_of(i), trie::kEmptyRoot, key_of(5000 + i));
    const auto report = verify_state(state.finish(), state.store);
    CHECK(report.missing.count == bad);
    CHECK(report.missing.named.size() == std::min<std::size_t>(bad, 100));
    CHECK(report.accounts == bad);
}

TEST_CASE("verify_state: it stops when told and says so", "[verify]") {
    test::StateMaker state;
    for (std::uint64_t i = 0; i < 2000; ++i)
        state.account(key_of(i), trie::kEmptyRoot, trie::kEmptyCodeHash);
    const Hash256 root = state.finish();
    std::uint64_t calls = 0;
    std::uint64_t last = 0;
    const auto whole = verify_state(root, state.store, [&](const sync::VerifyReport& so_far) {
        CHECK(so_far.items > last);
        last = so_far.items;
        ++calls;
        return sync::VerifyStep::kContinue;
    });
    CHECK(whole.complete);
    CHECK(last == whole.items);
    REQUIRE(calls > 4);
    const auto stopped = verify_state(root, state.store, [&](const sync::VerifyReport& so_far) {
        return so_far.items > 500 ? sync::VerifyStep::kStop : sync::VerifyStep::kContinue;
    });
    CHECK(stopped.interrupted);
    CHECK_FALSE(stopped.complete);
    CHECK(stopped.items < whole.items);
}

}  // namespace fastsync
