#include <catch2/catch.hpp>

#include <rlp/encode.hpp>
#include <trie/constants.hpp>
#include <trie/walk.hpp>

#include "support/memory_nodes.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::trie;
using fastsync::test::hex;
using fastsync::test::MemoryNodes;

namespace {

Hash256 three_entries(MemoryNodes& nodes) {
    const Bytes value(40, 0x33);
    return build_trie({{hex("12ab"), value}, {hex("12cd"), value}, {hex("77"), value}},
                      nodes.sink());
}

}  // namespace

TEST_CASE("walk: the empty trie needs no node", "[trie]") {
    CHECK(walk(kEmptyRoot, MemoryNodes{}.source(), {}));
}

TEST_CASE("walk: a missing node is named", "[trie]") {
    MemoryNodes nodes;
    const Hash256 root = three_entries(nodes);
    for (const auto& [hash, rlp] : nodes.all()) {
        MemoryNodes without = nodes;
        without.all().erase(hash);
        const auto walked = walk(root, without.source(), {});
        REQUIRE_FALSE(walked);
        CHECK(walked.error().code == Errc::kNotFound);
        CHECK(walked.error().detail.find(to_hex(hash)) != std::string::npos);
    }
}

TEST_CASE("walk: a node that does not decode is named", "[trie]") {
    MemoryNodes nodes;
    const Hash256 root = three_entries(nodes);
    nodes.all()[root].push_back(0);
    const auto walked = walk(root, nodes.source(), {});
    REQUIRE_FALSE(walked);
    CHECK(walked.error().code == Errc::kBadState);
    CHECK(walked.error().detail.find(to_hex(root)) != std::string::npos);
}

TEST_CASE("walk: a path of more than 64 nibbles ends it, a loop of nodes too", "[trie]") {
    MemoryNodes nodes;
    const Hash256 self{{1}};
    // No such hash can be found for real; the walk must end all the same.
    const Bytes nibble{0x17};
    nodes.all()[self] = rlp::encode_list({nibble, rlp::encode_string(self)});
    const auto walked = walk(self, nodes.source(), {});
    REQUIRE_FALSE(walked);
    CHECK(walked.error().code == Errc::kBadState);
}

TEST_CASE("walk: an error of the visitor ends it", "[trie]") {
    MemoryNodes nodes;
    const Hash256 root = three_entries(nodes);
    int entries = 0;
    TrieVisitor visitor;
    visitor.on_entry = [&](const NibblePath&, ByteView) -> Result<void> {
        if (++entries == 2) return Error{Errc::kCorrupt, "enough"};
        return {};
    };
    const auto walked = walk(root, nodes.source(), visitor);
    REQUIRE_FALSE(walked);
    CHECK(walked.error() == Error{Errc::kCorrupt, "enough"});
    CHECK(entries == 2);
}
