#include <algorithm>
#include <map>
#include <random>

#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <trie/builder.hpp>
#include <trie/constants.hpp>
#include <trie/node.hpp>

#include "support/memory_nodes.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::trie;
using fastsync::test::hex;
using fastsync::test::MemoryNodes;

namespace {

using Entries = std::map<Bytes, Bytes>;

Bytes packed_key(const NibblePath& path) {
    REQUIRE(path.size() % 2 == 0);
    return to_bytes(path.packed());
}

Entries entries_of(const Hash256& root, const MemoryNodes& nodes) {
    Entries found;
    std::size_t visited = 0;
    TrieVisitor visitor;
    visitor.on_node = [&](const NibblePath& path, const Hash256& hash, ByteView rlp) {
        CHECK(crypto::keccak256(rlp) == hash);
        CHECK((path.empty() || rlp.size() >= 32));
        ++visited;
        return Result<void>{};
    };
    visitor.on_entry = [&](const NibblePath& path, ByteView value) {
        const Bytes key = packed_key(path);
        CHECK((found.empty() || found.rbegin()->first < key));
        found[key] = to_bytes(value);
        return Result<void>{};
    };
    REQUIRE(walk(root, nodes.source(), visitor));
    CHECK(visited >= nodes.all().size());
    return found;
}

Bytes random_bytes(std::mt19937& random, std::size_t min, std::size_t max) {
    Bytes out(std::uniform_int_distribution<std::size_t>(min, max)(random));
    for (Byte& b : out)
        b = static_cast<Byte>(random());
    return out;
}

/// Keys that share prefixes: few different bytes, lengths that vary.
Bytes clustered_key(std::mt19937& random) {
    Bytes key = random_bytes(random, 0, 6);
    for (Byte& b : key)
        b &= 0x11U;
    return key;
}

}  // namespace

TEST_CASE("SortedTrieBuilder: without entries the root is the empty one", "[trie]") {
    MemoryNodes nodes;
    CHECK(SortedTrieBuilder(nodes.sink()).finish() == kEmptyRoot);
    CHECK(build_trie({}, nodes.sink()) == kEmptyRoot);
    CHECK(build_trie({{hex("01"), {}}}, nodes.sink()) == kEmptyRoot);
    CHECK(nodes.all().empty());
}

TEST_CASE("SortedTrieBuilder: a root below 32 bytes is hashed all the same", "[trie]") {
    MemoryNodes nodes;
    const Hash256 root = build_trie({{hex("01"), hex("02")}}, nodes.sink());
    REQUIRE(nodes.all().size() == 1);
    CHECK(nodes.all().begin()->first == root);
    CHECK(nodes.all().begin()->second.size() < 32);
    CHECK(entries_of(root, nodes) == Entries{{hex("01"), hex("02")}});
}

TEST_CASE("SortedTrieBuilder: keys out of order, repeated, or without value are refused",
          "[trie]") {
    SortedTrieBuilder builder({});
    REQUIRE(builder.add(hex("05"), hex("01")));
    CHECK(builder.add(hex("05"), hex("02")).error().code == Errc::kMalformed);
    CHECK(builder.add(hex("04ff"), hex("02")).error().code == Errc::kMalformed);
    CHECK(builder.add({}, hex("02")).error().code == Errc::kMalformed);
    CHECK(builder.add(hex("06"), {}).error().code == Errc::kMalformed);
    REQUIRE(builder.add(hex("0500"), hex("03")));
    CHECK(builder.finish() == build_trie({{hex("0500"), hex("03")}, {hex("05"), hex("01")}}, {}));
}

TEST_CASE("SortedTrieBuilder: can be used again after finish", "[trie]") {
    SortedTrieBuilder builder({});
    REQUIRE(builder.add(hex("05"), hex("01")));
    const Hash256 first = builder.finish();
    CHECK(builder.finish() == kEmptyRoot);
    REQUIRE(builder.add(hex("05"), hex("01")));
    CHECK(builder.finish() == first);
}

TEST_CASE("SortedTrieBuilder: children reach the sink before their parents", "[trie]") {
    std::mt19937 random(7);
    std::vector<TrieEntry> entries;
    for (int i = 0; i < 2000; ++i)
        entries.emplace_back(random_bytes(random, 4, 4), random_bytes(random, 1, 60));
    std::map<Hash256, Bytes> seen;
    const Hash256 root = build_trie(entries, [&](const Hash256& hash, ByteView rlp) {
        const auto node = decode_node(rlp);
        REQUIRE(node);
        if (const auto* branch = std::get_if<BranchView>(&*node)) {
            for (const ChildRef& child : branch->children)
                if (child.kind == ChildRef::Kind::kHash) REQUIRE(seen.contains(child.hash()));
        }
        seen[hash] = to_bytes(rlp);
    });
    CHECK(seen.contains(root));
}

TEST_CASE("build_trie: the last of equal keys wins and an empty value removes", "[trie]") {
    const Hash256 expected = build_trie({{hex("aa"), hex("02")}}, {});
    CHECK(build_trie({{hex("aa"), hex("01")}, {hex("aa"), hex("02")}}, {}) == expected);
    CHECK(build_trie({{hex("bb"), hex("01")}, {hex("aa"), hex("02")}, {hex("bb"), {}}}, {}) ==
          expected);
}

TEST_CASE("build_trie: nodes decode and a walk gives the entries back", "[trie][property]") {
    const auto seed = GENERATE(range(1U, 40U));
    CAPTURE(seed);
    std::mt19937 random(seed);
    Entries entries;
    const std::size_t count = random() % 300;
    const bool clustered = seed % 2 == 0;
    const std::size_t longest = seed % 3 == 0 ? 4 : 80;
    while (entries.size() < count / (clustered ? 4 : 1)) {
        Bytes key = clustered ? clustered_key(random) : random_bytes(random, 32, 32);
        entries[std::move(key)] = random_bytes(random, 1, longest);
    }
    std::vector<TrieEntry> shuffled(entries.begin(), entries.end());
    std::shuffle(shuffled.begin(), shuffled.end(), random);

    MemoryNodes nodes;
    const Hash256 root = build_trie(shuffled, nodes.sink());
    CHECK(entries_of(root, nodes) == entries);
    CHECK(build_trie({entries.begin(), entries.end()}, {}) == root);
}

TEST_CASE("build_trie: keys of more than 32 bytes are built", "[trie]") {
    const Bytes a(40, 0x11);
    Bytes b = a;
    b.back() = 0x12;
    MemoryNodes nodes;
    (void)build_trie({{a, Bytes(40, 1)}, {b, Bytes(40, 2)}}, nodes.sink());
    CHECK(nodes.all().size() == 4);  // extension, branch, two leaves
}
