
#include <catch2/catch.hpp>
#include <state/state_reader.hpp>

#include <crypto/keccak.hpp>
#include <trie/constants.hpp>

#include "unit/verify/state_fixture.hpp"

using namespace fastsync;
using namespace fastsync::state;
using fastsync::test::random_key;
using fastsync::test::StateMaker;
using storage::ItemKind;

namespace {

/// A key that differs from `key` in its last nibble alone: their leaves are inlined in a branch.
Hash256 sibling(Hash256 key, Byte by) {
    key.data.back() = static_cast<Byte>(key.data.back() ^ by);
    return key;
}

/// A store with the nodes of a proof and nothing else.
std::unique_ptr<storage::MemoryStore> store_of(const Proof& proof, std::size_t without = SIZE_MAX) {
    auto store = std::make_unique<storage::MemoryStore>();
    storage::NodeBatch batch;
    for (std::size_t i = 0; i < proof.size(); ++i) {
        if (i != without) batch.add(ItemKind::kNode, crypto::keccak256(proof[i]), proof[i]);
    }
    REQUIRE(store->commit(std::move(batch)));
    return store;
}

struct World {
    World() {
        std::mt19937_64 random{7};
        code = maker.code({1, 2, 3});
        for (int i = 0; i < 200; ++i)
            slots.emplace_back(random_key(random), U256{random()} << (i % 190));
        slots.emplace_back(sibling(slots[0].first, 1), 5);
        slots.emplace_back(sibling(slots[0].first, 2), 6);
        storage_root = maker.storage(slots);
        for (int i = 0; i < 300; ++i) {
            keys.push_back(random_key(random));
            if (i % 3 == 0) {
                maker.account(keys.back(), storage_root, code);
            } else {
                maker.account(keys.back(), trie::kEmptyRoot, trie::kEmptyCodeHash);
            }
        }
        root = maker.finish();
        absent = random_key(random);
    }

    StateMaker maker;
    std::vector<std::pair<Hash256, U256>> slots;
    std::vector<Hash256> keys;
    Hash256 code, storage_root, root, absent;
};

}  // namespace

TEST_CASE("StateReader: every account, word and code of a state is found", "[state]") {
    const World world;
    const StateReader reader{world.maker.store, world.root};
    for (std::size_t i = 0; i < world.keys.size(); ++i) {
        const auto account = reader.account(world.keys[i]);
        REQUIRE(account);
        REQUIRE(account->has_value());
        CHECK((*account)->balance == 1000);
        CHECK((*account)->storage_root == (i % 3 == 0 ? world.storage_root : trie::kEmptyRoot));
    }
    for (const auto& [key, word] : world.slots) {
        const auto got = reader.slot(world.storage_root, key);
        REQUIRE(got);
        CHECK(*got == word);
    }
    CHECK(*reader.code(world.code) == Bytes{1, 2, 3});
    CHECK(reader.code(trie::kEmptyCodeHash)->empty());
}

TEST_CASE("StateReader: what is not in the state is nothing, not an error", "[state]") {
    const World world;
    const StateReader reader{world.maker.store, world.root};
    CHECK_FALSE(reader.account(world.absent)->has_value());
    CHECK_FALSE(reader.account(sibling(world.keys[0], 1))->has_value());
    CHECK(*reader.slot(world.storage_root, world.absent) == 0);
    CHECK(*reader.slot(world.storage_root, sibling(world.slots[0].first, 4)) == 0);
    CHECK(*reader.slot(trie::kEmptyRoot, world.absent) == 0);
    const StateReader empty{world.maker.store, trie::kEmptyRoot};
    CHECK_FALSE(empty.account(world.keys[0])->has_value());
    CHECK(empty.prove_account(world.keys[0])->proof.empty());
}

TEST_CASE("StateReader: a proof holds all the answer needs, and every node of it is needed",
          "[state]") {
    const World world;
    const StateReader reader{world.maker.store, world.root};
    for (const Hash256& key : {world.keys[0], world.keys[1], world.absent}) {
        const auto proven = reader.prove_account(key);
        REQUIRE(proven);
        REQUIRE(proven->proof.size() >= 2);
        CHECK(crypto::keccak256(proven->proof.front()) == world.root);
        const auto alone = store_of(proven->proof);
        CHECK(*StateReader(*alone, world.root).account(key) == proven->account);
        for (std::size_t i = 0; i < proven->proof.size(); ++i) {
            const auto cut = store_of(proven->proof, i);
            CHECK(StateReader(*cut, world.root).account(key).error().code == Errc::kNotFound);
        }
    }
    // The last of these words is inlined in the node of its siblings.
    for (const Hash256& key : {world.slots[1].first, world.slots.back().first, world.absent}) {
        const auto proven = reader.prove_slot(world.storage_root, key);
        REQUIRE(proven);
        const auto alone = store_of(proven->proof);
        CHECK(*StateReader(*alone, world.root).slot(world.storage_root, key) == proven->value);
    }
}

TEST_CASE("StateReader: damage is an error that names the item, never an answer", "[state]") {
    World world;
    const StateReader reader{world.maker.store, world.root};
    const auto proof = reader.prove_account(world.keys[0])->proof;
    const Hash256 last = crypto::keccak256(proof.back());
    Bytes changed = proof.back();
    changed.back() ^= 1U;  // still a well-formed node: another code hash
    REQUIRE(world.maker.store.overwrite(ItemKind::kNode, last, changed));
    const auto account = reader.account(world.keys[0]);
    REQUIRE_FALSE(account);
    CHECK(account.error().code == Errc::kCorrupt);
    CHECK(account.error().detail.find(to_hex0x(last)) != std::string::npos);
    REQUIRE(world.maker.store.erase(ItemKind::kNode, last));
    CHECK(reader.account(world.keys[0]).error().code == Errc::kNotFound);
    CHECK(reader.account(world.keys[0]).error().detail.find(to_hex0x(last)) != std::string::npos);

    REQUIRE(world.maker.store.overwrite(ItemKind::kCode, world.code, {1, 2, 4}));
    CHECK(reader.code(world.code).error().code == Errc::kCorrupt);
    REQUIRE(world.maker.store.erase(ItemKind::kCode, world.code));
    CHECK(reader.code(world.code).error().code == Errc::kNotFound);

    world.maker.store.fail(storage::MemoryStore::Operation::kGet, {Errc::kStorage, "disk"});
    CHECK(reader.account(world.keys[1]).error().code == Errc::kStorage);
}

TEST_CASE("StateReader: bytes of the right hash that are no state are kBadState", "[state]") {
    StateMaker maker;
    const auto read_below = [&](const Bytes& blob) {
        storage::NodeBatch batch;
        const Hash256 hash = crypto::keccak256(blob);
        batch.add(ItemKind::kNode, hash, blob);
        REQUIRE(maker.store.commit(std::move(batch)));
        return StateReader{maker.store, hash}.account(Hash256{}).error().code;
    };
    CHECK(read_below({}) == Errc::kBadState);
    CHECK(read_below(Bytes(40, 0x01)) == Errc::kBadState);
    CHECK(read_below(Bytes(2000, 0xc0)) == Errc::kBadState);
    // A leaf at the root whose key is one nibble long.
    CHECK(read_below({0xc2, 0x30, 0x01}) == Errc::kBadState);
    // A leaf for the right key whose value is no account, and is no storage word either.
    Hash256 key;
    const Hash256 root = trie::build_trie({{to_bytes(key), Bytes{0x01, 0x02}}},
                                          [&](const Hash256& h, ByteView node) {
                                              storage::NodeBatch batch;
                                              batch.add(ItemKind::kNode, h, node);
                                              REQUIRE(maker.store.commit(std::move(batch)));
                                          });
    CHECK(StateReader(maker.store, root).account(key).error().code == Errc::kBadState);
    CHECK(StateReader(maker.store, root).slot(root, key).error().code == Errc::kBadState);
}
