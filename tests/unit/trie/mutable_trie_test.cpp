#include <map>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include <trie/constants.hpp>
#include <trie/mutable_trie.hpp>

#include "support/memory_nodes.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::trie;
using fastsync::test::hex;
using fastsync::test::MemoryNodes;

namespace {

using Entries = std::map<Bytes, Bytes>;

Hash256 built(const Entries& entries, const SortedTrieBuilder::NodeSink& sink = {}) {
    return build_trie({entries.begin(), entries.end()}, sink);
}

/// Short keys of few different bytes collide in every way; long ones are as in a state.
Bytes random_key(std::mt19937& random, unsigned seed) {
    Bytes key(seed % 3 == 0 ? 32 : random() % 4);
    for (Byte& b : key)
        b = static_cast<Byte>(seed % 3 == 0 ? random() : random() & 0x31U);
    if (seed % 3 == 0) std::fill(key.begin() + 2, key.end(), Byte{7});  // keys to hit again
    return key;
}

Bytes random_value(std::mt19937& random) {
    return Bytes(random() % 45 + 1, static_cast<Byte>(random() % 3));
}

}  // namespace

TEST_CASE("MutableTrie: the empty trie takes an entry and gives it back", "[trie]") {
    MemoryNodes nodes;
    MutableTrie trie(kEmptyRoot, nodes.source());
    CHECK(trie.commit({}) == kEmptyRoot);
    REQUIRE(trie.put(hex("1234"), hex("99")));
    CHECK(trie.get(hex("1234")).value() == hex("99"));
    CHECK(trie.get(hex("12")).value() == std::nullopt);
    CHECK(trie.get({}).value() == std::nullopt);
    CHECK(trie.commit(nodes.sink()) == built({{hex("1234"), hex("99")}}));
    REQUIRE(trie.erase(hex("1234")));
    CHECK(trie.commit(nodes.sink()) == kEmptyRoot);
}

TEST_CASE("MutableTrie: a key of more than 32 bytes is refused", "[trie]") {
    MutableTrie trie(kEmptyRoot, MemoryNodes{}.source());
    CHECK(trie.put(Bytes(33, 1), hex("01")).error().code == Errc::kTooLarge);
    CHECK(trie.get(Bytes(33, 1)).error().code == Errc::kTooLarge);
    CHECK(trie.erase(Bytes(33, 1)).error().code == Errc::kTooLarge);
    CHECK(trie.put(Bytes(32, 1), hex("01")));
}

TEST_CASE("MutableTrie: a missing node and a damaged one are errors", "[trie]") {
    MemoryNodes nodes;
    const Hash256 root =
        built({{hex("11"), Bytes(40, 1)}, {hex("21"), Bytes(40, 2)}}, nodes.sink());
    MemoryNodes none;
    MutableTrie blind(root, none.source());
    CHECK(blind.get(hex("11")).error().code == Errc::kNotFound);
    CHECK(blind.put(hex("11"), hex("01")).error().code == Errc::kNotFound);
    CHECK(blind.erase(hex("11")).error().code == Errc::kNotFound);
    nodes.all()[root].pop_back();
    MutableTrie damaged(root, nodes.source());
    CHECK(damaged.get(hex("11")).error().code == Errc::kBadState);
}

TEST_CASE("MutableTrie: a change that changes nothing hands out nothing", "[trie]") {
    MemoryNodes nodes;
    const Hash256 root =
        built({{hex("11"), Bytes(40, 1)}, {hex("21"), Bytes(40, 2)}}, nodes.sink());
    MutableTrie trie(root, nodes.source());
    REQUIRE(trie.put(hex("11"), Bytes(40, 1)));
    REQUIRE(trie.erase(hex("31")));
    REQUIRE(trie.erase(hex("1100")));
    CHECK(trie.commit([](const Hash256&, ByteView) { FAIL("a node"); }) == root);
    CHECK(trie.take_replaced().empty());
}

TEST_CASE("MutableTrie: after any changes the root is the builder's", "[trie][property]") {
    const auto seed = GENERATE(range(1U, 61U));
    CAPTURE(seed);
    std::mt19937 random(seed);
    Entries entries;
    MemoryNodes nodes;
    MutableTrie trie(kEmptyRoot, nodes.source());
    for (int round = 0; round < 12; ++round) {
        const std::size_t changes = random() % 30 + 1;
        // Every third round mostly removes, so that branches collapse and tries empty.
        const unsigned erase_share = round % 3 == 2 ? 8 : 3;
        for (std::size_t i = 0; i < changes; ++i) {
            Bytes key = random_key(random, seed);
            if (random() % 10 < erase_share && !entries.empty()) {
                auto victim = entries.lower_bound(key);
                if (victim == entries.end()) victim = entries.begin();
                REQUIRE(trie.erase(victim->first));
                entries.erase(victim);
            } else {
                Bytes value = random_value(random);
                REQUIRE(trie.put(key, value));
                entries[std::move(key)] = std::move(value);
            }
        }
        const Hash256 root = trie.commit(nodes.sink());
        REQUIRE(root == built(entries));
        for (const auto& [key, value] : entries)
            REQUIRE(trie.get(key).value() == value);
    }
}

TEST_CASE("MutableTrie: what is replaced and what is new is the difference of the node sets",
          "[trie][property]") {
    const auto seed = GENERATE(range(1U, 31U));
    CAPTURE(seed);
    std::mt19937 random(seed);
    Entries entries;
    for (int i = 0; i < 60; ++i)
        entries[random_key(random, 3)] = Bytes(33, static_cast<Byte>(i));
    MemoryNodes before;
    const Hash256 root = built(entries, before.sink());

    MutableTrie trie(root, before.source());
    for (int i = 0; i < 15; ++i) {
        auto victim =
            std::next(entries.begin(), static_cast<std::ptrdiff_t>(random() % entries.size()));
        REQUIRE(trie.erase(victim->first));
        entries.erase(victim);
        Bytes key = random_key(random, 3);
        REQUIRE(trie.put(key, Bytes(33, static_cast<Byte>(100 + i))));
        entries[std::move(key)] = Bytes(33, static_cast<Byte>(100 + i));
    }
    MemoryNodes added;
    const Hash256 changed = trie.commit(added.sink());
    MemoryNodes after;
    REQUIRE(built(entries, after.sink()) == changed);

    std::set<Hash256> kept;
    for (const auto& [hash, rlp] : before.all())
        kept.insert(hash);
    for (const Hash256& hash : trie.take_replaced())
        CHECK(kept.erase(hash) == 1);
    for (const auto& [hash, rlp] : added.all())
        kept.insert(hash);
    std::set<Hash256> expected;
    for (const auto& [hash, rlp] : after.all())
        expected.insert(hash);
    CHECK(kept == expected);
}
