#include <random>

#include <catch2/catch.hpp>

#include <trie/nibble_path.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::trie;
using fastsync::test::hash_of;
using fastsync::test::hex;

namespace {

NibblePath path_of(std::string_view digits) {
    NibblePath path;
    for (const char c : digits)
        REQUIRE(path.push(static_cast<Byte>(c <= '9' ? c - '0' : c - 'a' + 10)));
    return path;
}

std::string text(const NibblePath& path) {
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i)
        out.push_back("0123456789abcdef"[path[i]]);
    return out;
}

const std::string kLong = "0123456789abcdef00112233445566778899aabbccddeeff0f1e2d3c4b5a6978";

}  // namespace

TEST_CASE("NibblePath: 64 nibbles are a key and one more is refused", "[trie]") {
    NibblePath path = path_of(kLong);
    CHECK(path.size() == kMaxNibbles);
    CHECK(path.key() == hash_of(kLong));
    CHECK(path == NibblePath::of(hash_of(kLong)));
    const auto pushed = path.push(Byte{0});
    REQUIRE_FALSE(pushed);
    CHECK(pushed.error().code == Errc::kMalformed);
    CHECK(path.key() == hash_of(kLong));
    CHECK(path.push(NibblePath{}));
    CHECK_FALSE(path.push(path_of("1")));
}

TEST_CASE("NibblePath: a key of more than 32 bytes is refused", "[trie]") {
    CHECK(NibblePath::of_key(Bytes(32, 1)).value().size() == 64);
    CHECK(NibblePath::of_key(Bytes{}).value().empty());
    CHECK(NibblePath::of_key(Bytes(33, 1)).error().code == Errc::kTooLarge);
}

TEST_CASE("NibblePath: any cut into prefix and rest joins to the same path", "[trie]") {
    for (std::size_t size = 0; size <= kLong.size(); ++size) {
        const std::string whole = kLong.substr(0, size);
        const NibblePath path = path_of(whole);
        for (std::size_t cut = 0; cut <= size; ++cut) {
            NibblePath joined = path.prefix(cut);
            const NibblePath rest = path.from(cut);
            CHECK(text(joined) == whole.substr(0, cut));
            CHECK(text(rest) == whole.substr(cut));
            REQUIRE(joined.push(rest));
            REQUIRE(joined == path);
        }
    }
}

TEST_CASE("NibblePath: joining over 64 nibbles is refused whatever the parity", "[trie]") {
    for (std::size_t size = 1; size <= 64; ++size) {
        NibblePath path = path_of(kLong.substr(0, size));
        const NibblePath before = path;
        const NibblePath tail = path_of(kLong.substr(0, 64 - size + 1));
        REQUIRE(path.push(tail).error().code == Errc::kMalformed);
        REQUIRE(path == before);
    }
}

TEST_CASE("NibblePath: order is by nibbles, a prefix first", "[trie]") {
    CHECK(path_of("") < path_of("0"));
    CHECK(path_of("0") < path_of("00"));
    CHECK(path_of("00") < path_of("01"));
    CHECK(path_of("0f") < path_of("1"));
    CHECK(path_of("1") < path_of("10"));
    CHECK(path_of("1f") < path_of("2"));
    CHECK(path_of("abc") > path_of("abb"));
    CHECK(path_of("abc") == path_of("abc"));
}

TEST_CASE("NibblePath: the common prefix is counted in nibbles", "[trie]") {
    CHECK(path_of("").common_prefix(path_of("12")) == 0);
    CHECK(path_of("123").common_prefix(path_of("123")) == 3);
    CHECK(path_of("123").common_prefix(path_of("12300")) == 3);
    CHECK(path_of("1230").common_prefix(path_of("123")) == 3);
    CHECK(path_of("1234").common_prefix(path_of("1235")) == 3);
    CHECK(path_of("1234").common_prefix(path_of("1244")) == 2);
    CHECK(path_of("1").common_prefix(path_of("2")) == 0);
}

TEST_CASE("Hex prefix: the examples of the Ethereum wiki", "[trie]") {
    struct Case {
        std::string_view digits;
        bool leaf;
        std::string_view encoded;
    };
    const Case cases[] = {{"12345", false, "112345"},
                          {"012345", false, "00012345"},
                          {"0f1cb8", true, "200f1cb8"},
                          {"f1cb8", true, "3f1cb8"},
                          {"", true, "20"},
                          {"", false, "00"},
                          {"7", true, "37"},
                          {"7", false, "17"}};
    for (const Case& c : cases) {
        CAPTURE(c.encoded);
        CHECK(encode_hex_prefix(path_of(c.digits), c.leaf) == hex(c.encoded));
        const auto decoded = decode_hex_prefix(hex(c.encoded));
        REQUIRE(decoded);
        CHECK(text(decoded->path) == c.digits);
        CHECK(decoded->leaf == c.leaf);
    }
}

TEST_CASE("Hex prefix: every length comes back", "[trie]") {
    for (std::size_t size = 0; size <= kLong.size(); ++size) {
        for (const bool leaf : {false, true}) {
            const NibblePath path = path_of(kLong.substr(0, size));
            const auto decoded = decode_hex_prefix(encode_hex_prefix(path, leaf));
            REQUIRE(decoded);
            CHECK(decoded->path == path);
            CHECK(decoded->leaf == leaf);
        }
    }
}

TEST_CASE("Hex prefix: only the four flags are accepted", "[trie]") {
    for (unsigned flags = 0; flags < 256; ++flags) {
        CAPTURE(flags);
        const Bytes encoded{static_cast<Byte>(flags), 0xab};
        const bool odd = (flags & 0x10U) != 0;
        const bool fits = flags < 0x40 && (odd || (flags & 0x0fU) == 0);
        const auto decoded = decode_hex_prefix(encoded);
        CHECK(decoded.has_value() == fits);
        if (!decoded) CHECK(decoded.error().code == Errc::kMalformed);
    }
}

TEST_CASE("Hex prefix: an empty one and one of 65 nibbles are refused", "[trie]") {
    CHECK(decode_hex_prefix({}).error().code == Errc::kMalformed);
    Bytes even(33, 0x11);
    even[0] = 0x20;
    CHECK(decode_hex_prefix(even).value().path.size() == 64);
    Bytes odd(33, 0x11);
    odd[0] = 0x31;
    CHECK(decode_hex_prefix(odd).error().code == Errc::kMalformed);
    even.push_back(0x11);
    CHECK(decode_hex_prefix(even).error().code == Errc::kMalformed);
}
