#include <catch2/catch.hpp>

#include <rlp/decode.hpp>
#include <rlp/encode.hpp>
#include <trie/node.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::trie;
using fastsync::test::hex;
using fastsync::test::read_file;
using fastsync::test::shared_file;

namespace {

const Bytes kHash = Bytes(32, 0xaa);

Bytes string(ByteView bytes) {
    return rlp::encode_string(bytes);
}

Bytes list(const std::vector<Bytes>& items) {
    rlp::Encoder out;
    const std::size_t mark = out.begin_list();
    for (const Bytes& item : items)
        out.raw(item);
    out.end_list(mark);
    return out.take();
}

/// A branch of the hash kHash at 0 and 5, with one item replaced.
std::vector<Bytes> branch_items() {
    std::vector<Bytes> items(17, hex("80"));
    items[0] = string(kHash);
    items[5] = string(kHash);
    return items;
}

Bytes branch_with(std::size_t at, Bytes item) {
    auto items = branch_items();
    items[at] = std::move(item);
    return list(items);
}

void check_malformed(const Bytes& rlp) {
    CAPTURE(to_hex(rlp));
    const auto node = decode_node(rlp);
    REQUIRE_FALSE(node);
    CHECK(node.error().code == Errc::kMalformed);
    CHECK_FALSE(node.error().detail.empty());
}

}  // namespace

TEST_CASE("decode_node: a branch with hashes, an inlined node and a value", "[trie]") {
    auto items = branch_items();
    items[7] = list({hex("20"), hex("01")});
    items[16] = string(hex("c0ffee"));
    const Bytes rlp = list(items);
    const auto node = decode_node(rlp);
    REQUIRE(node);
    const auto& branch = std::get<BranchView>(*node);
    CHECK(branch.children[0].kind == ChildRef::Kind::kHash);
    CHECK(equal(branch.children[0].hash(), kHash));
    CHECK(branch.children[1].kind == ChildRef::Kind::kEmpty);
    CHECK(branch.children[7].kind == ChildRef::Kind::kInline);
    CHECK(equal(branch.children[7].bytes, items[7]));
    CHECK(equal(branch.value, hex("c0ffee")));
    CHECK(branch.children[0].bytes.data() >= rlp.data());

    const auto inlined = decode_node(branch.children[7].bytes);
    REQUIRE(inlined);
    CHECK(equal(std::get<LeafView>(*inlined).value, hex("01")));
}

TEST_CASE("decode_node: leaves and extensions", "[trie]") {
    const Bytes leaf = list({string(hex("3f1cb8")), string(hex("7465"))});
    const auto leaf_node = decode_node(leaf);
    REQUIRE(leaf_node);
    CHECK(std::get<LeafView>(*leaf_node).path.size() == 5);
    CHECK(equal(std::get<LeafView>(*leaf_node).value, hex("7465")));

    const Bytes extension = list({string(hex("00012345")), string(kHash)});
    const auto extension_node = decode_node(extension);
    REQUIRE(extension_node);
    CHECK(std::get<ExtensionView>(*extension_node).path.size() == 6);
    CHECK(std::get<ExtensionView>(*extension_node).child.kind == ChildRef::Kind::kHash);

    const Bytes inlined = list({string(hex("1a")), list({hex("35"), hex("01")})});
    const auto inlined_node = decode_node(inlined);
    REQUIRE(inlined_node);
    CHECK(std::get<ExtensionView>(*inlined_node).child.kind == ChildRef::Kind::kInline);
}

TEST_CASE("decode_node: a leaf of an empty path is a leaf, an extension of one is not", "[trie]") {
    CHECK(decode_node(list({hex("20"), hex("01")})));
    check_malformed(list({hex("00"), string(kHash)}));
}

TEST_CASE("decode_node: lists of any length but 2 and 17 are refused", "[trie]") {
    for (std::size_t count = 0; count < 20; ++count) {
        if (count == 2 || count == 17) continue;
        check_malformed(list(std::vector<Bytes>(count, string(kHash))));
    }
}

TEST_CASE("decode_node: what is no list, or not one list, is refused", "[trie]") {
    check_malformed({});
    check_malformed(hex("80"));
    check_malformed(hex("01"));
    check_malformed(string(kHash));
    Bytes trailing = list(branch_items());
    trailing.push_back(0x80);
    check_malformed(trailing);
    Bytes cut = list(branch_items());
    cut.pop_back();
    check_malformed(cut);
}

TEST_CASE("decode_node: a child is nothing, a hash, or a list below 32 bytes", "[trie]") {
    for (std::size_t size = 1; size < 40; ++size) {
        if (size == 32) continue;
        check_malformed(branch_with(3, string(Bytes(size, 0xbb))));
        check_malformed(list({hex("17"), string(Bytes(size, 0xbb))}));
    }
    // 31 bytes is the longest that may stand in its parent.
    const Bytes longest = list({hex("20"), string(Bytes(28, 0xcc))});
    REQUIRE(longest.size() == 31);
    CHECK(decode_node(branch_with(3, longest)));
    CHECK(decode_node(list({hex("17"), longest})));
    const Bytes hashed = list({hex("20"), string(Bytes(29, 0xcc))});
    REQUIRE(hashed.size() == 32);
    check_malformed(branch_with(3, hashed));
    check_malformed(list({hex("17"), hashed}));
    check_malformed(branch_with(3, list({string(Bytes(60, 0xcc))})));
}

TEST_CASE("decode_node: an extension to nothing and a leaf without value are refused", "[trie]") {
    check_malformed(list({hex("17"), hex("80")}));
    check_malformed(list({hex("37"), hex("80")}));
}

TEST_CASE("decode_node: a branch of fewer than two entries is refused", "[trie]") {
    std::vector<Bytes> items(17, hex("80"));
    check_malformed(list(items));
    items[9] = string(kHash);
    check_malformed(list(items));
    items[16] = hex("01");
    CHECK(decode_node(list(items)));
    items[9] = hex("80");
    check_malformed(list(items));
}

TEST_CASE("decode_node: lists where strings belong are refused", "[trie]") {
    check_malformed(branch_with(16, list({hex("01")})));
    check_malformed(list({list({hex("01")}), string(kHash)}));
    check_malformed(list({hex("37"), list({hex("01")})}));
}

TEST_CASE("decode_node: wrong hex-prefix paths are refused", "[trie]") {
    check_malformed(list({hex("80"), hex("01")}));                // empty
    check_malformed(list({hex("40"), hex("01")}));                // unknown flag
    check_malformed(list({string(hex("21ab")), hex("01")}));      // padding
    check_malformed(list({string(Bytes(34, 0x20)), hex("01")}));  // too long
    Bytes whole(33, 0x11);
    whole[0] = 0x20;
    CHECK(decode_node(list({string(whole), hex("01")})));
    whole[0] = 0x31;
    check_malformed(list({string(whole), hex("01")}));  // 65 nibbles
}

TEST_CASE("decode_node: RLP in other than its shortest form is refused", "[trie]") {
    check_malformed(hex("c481208101"));          // a byte below 0x80 with a header, twice
    check_malformed(hex("c3208101"));            // the same for the value
    check_malformed(hex("f8022001"));            // list length in long form
    check_malformed(hex("c420b80101"));          // string length in long form
    check_malformed(hex("f900022001"));          // length with a leading zero
    check_malformed(hex("c62082"));              // item beyond the list
    check_malformed(hex("fb0000000220018080"));  // lengths of four bytes
    check_malformed(hex("ffffffffffffffffff"));
    check_malformed(hex("c220bf"));
    check_malformed(hex("f8"));
    check_malformed(hex("f9"));
    check_malformed(hex("f901"));
}

TEST_CASE("decode_node: 1024 bytes are read, one more is too large", "[trie]") {
    const auto leaf_of = [](std::size_t value) {
        return list({hex("37"), string(Bytes(value, 0xdd))});
    };
    const Bytes largest = leaf_of(kMaxNodeSize - 7);
    REQUIRE(largest.size() == kMaxNodeSize);
    CHECK(decode_node(largest));
    const auto over = decode_node(leaf_of(kMaxNodeSize - 6));
    REQUIRE_FALSE(over);
    CHECK(over.error().code == Errc::kTooLarge);
}

TEST_CASE("decode_node: reads RLP exactly as the RLP decoder does", "[trie]") {
    // Every mutation of one byte of a branch and a leaf: what decode_node takes must be well-formed
    // RLP for the general decoder too.
    std::vector<Bytes> seeds{branch_with(16, string(hex("c0ffee"))),
                             branch_with(3, list({hex("20"), hex("01")})),
                             list({string(hex("3f1cb8")), string(Bytes(70, 0x81))})};
    std::size_t accepted = 0;
    for (const Bytes& seed : seeds) {
        for (std::size_t at = 0; at < seed.size(); ++at) {
            for (unsigned value = 0; value < 256; ++value) {
                Bytes mutated = seed;
                mutated[at] = static_cast<Byte>(value);
                if (!decode_node(mutated)) continue;
                ++accepted;
                auto items = rlp::whole_list(mutated);
                REQUIRE(items);
                REQUIRE(rlp::count_items(*items, 17));
            }
        }
    }
    CHECK(accepted > seeds.size());
}

TEST_CASE("decode_node: every node of geth-small decodes", "[trie]") {
    const auto file = shared_file("fixtures/geth-small/nodes.bin");
    if (!file) return;
    const Bytes bytes = read_file(*file);
    std::size_t count = 0;
    for (std::size_t at = 0; at < bytes.size(); ++count) {
        const ByteView record = ByteView{bytes}.subspan(at);
        const std::size_t size = (static_cast<std::size_t>(record[34]) << 8U) | record[35];
        REQUIRE(decode_node(record.subspan(36, size)));
        at += 36 + size;
    }
    CHECK(count == 42153);
}
