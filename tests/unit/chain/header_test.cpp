#include <catch2/catch.hpp>

#include <chain/header.hpp>
#include <crypto/keccak.hpp>
#include <rlp/decode.hpp>
#include <rlp/encode.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::chain;
using fastsync::test::hash_of;
using fastsync::test::hex;
using fastsync::test::read_file;
using fastsync::test::shared_file;

namespace {

/// The 15 fields of a header as RLP items; number and parent to choose.
std::vector<Bytes> fields(std::uint64_t number, const Hash256& parent) {
    const auto filled = [](std::size_t size, Byte with) {
        return rlp::encode_string(Bytes(size, with));
    };
    return {rlp::encode_string(parent),
            filled(32, 1),
            filled(20, 2),
            filled(32, 3),
            filled(32, 4),
            filled(32, 5),
            filled(256, 0),
            rlp::encode_uint(77),
            rlp::encode_uint(number),
            rlp::encode_uint(8000000),
            rlp::encode_uint(21000),
            rlp::encode_uint(1234567),
            filled(5, 6),
            filled(32, 7),
            filled(8, 8)};
}

Bytes header_of(const std::vector<Bytes>& items) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    for (const Bytes& item : items)
        out.raw(item);
    out.end_list(list);
    return out.take();
}

}  // namespace

TEST_CASE("decode_header: the fields are read by position, the hash is that of the bytes",
          "[chain]") {
    const Bytes raw = header_of(fields(9, Hash256{{0xaa}}));
    const auto header = decode_header(raw);
    REQUIRE(header);
    CHECK(header->number == 9);
    CHECK(header->parent_hash == Hash256{{0xaa}});
    CHECK(equal(header->state_root, Bytes(32, 3)));
    CHECK(header->difficulty == 77);
    CHECK(header->timestamp == 1234567);
    CHECK(header->hash == crypto::keccak256(raw));
    CHECK(header->raw == raw);
}

TEST_CASE("decode_header: fields that a chain appends are kept and hashed", "[chain]") {
    auto items = fields(9, {});
    items.push_back(rlp::encode_uint(1000000000));                                  // a base fee
    items.push_back(rlp::encode_list({rlp::encode_uint(1), rlp::encode_uint(2)}));  // a list
    const Bytes raw = header_of(items);
    const auto header = decode_header(raw);
    REQUIRE(header);
    CHECK(header->hash == crypto::keccak256(raw));
    CHECK(header->raw == raw);
}

TEST_CASE("decode_header: 15 to 64 fields are read, one fewer or more is malformed", "[chain]") {
    auto items = fields(9, {});
    REQUIRE(items.size() == 15);
    CHECK(decode_header(header_of(items)));
    items.pop_back();
    CHECK(decode_header(header_of(items)).error().code == Errc::kMalformed);
    items = fields(9, {});
    items.resize(64, rlp::encode_uint(0));
    CHECK(decode_header(header_of(items)));
    items.resize(65, rlp::encode_uint(0));
    CHECK(decode_header(header_of(items)).error().code == Errc::kMalformed);
}

TEST_CASE("decode_header: fewer than 15 fields are refused", "[chain]") {
    auto items = fields(9, {});
    while (!items.empty()) {
        items.pop_back();
        CHECK(decode_header(header_of(items)).error().code == Errc::kMalformed);
    }
}

TEST_CASE("decode_header: fields of another form are refused", "[chain]") {
    const auto refused = [](std::size_t at, const Bytes& item) {
        auto items = fields(9, {});
        items[at] = item;
        return !decode_header(header_of(items));
    };
    for (const std::size_t at : {0U, 3U}) {
        CHECK(refused(at, rlp::encode_string(Bytes(31, 1))));
        CHECK(refused(at, rlp::encode_string(Bytes(33, 1))));
        CHECK(refused(at, rlp::encode_list({})));
    }
    for (const std::size_t at : {7U, 8U, 11U}) {
        CHECK(refused(at, rlp::encode_string(hex("0001"))));
        CHECK(refused(at, rlp::encode_list({})));
        CHECK(refused(at, rlp::encode_string(Bytes(33, 1))));
    }
    CHECK(refused(8, rlp::encode_string(Bytes(9, 1))));
    CHECK_FALSE(refused(7, rlp::encode_string(Bytes(32, 1))));
}

TEST_CASE("decode_header: bytes that are not one list are refused", "[chain]") {
    Bytes raw = header_of(fields(9, {}));
    raw.push_back(0x80);
    CHECK(decode_header(raw).error().code == Errc::kMalformed);
    raw.pop_back();
    raw.pop_back();
    CHECK(decode_header(raw).error().code == Errc::kMalformed);
    CHECK_FALSE(decode_header({}));
    CHECK_FALSE(decode_header(rlp::encode_string(raw)));
}

TEST_CASE("decode_header: 64 KiB are read, one byte more is too large", "[chain]") {
    auto items = fields(9, {});
    const std::size_t rest = kMaxHeaderSize - header_of(items).size();
    items[12] = rlp::encode_string(Bytes(rest + 5 - 2, 1));  // instead of 5 bytes and their header
    REQUIRE(header_of(items).size() == kMaxHeaderSize);
    CHECK(decode_header(header_of(items)));
    items[12] = rlp::encode_string(Bytes(rest + 5 - 1, 1));
    CHECK(decode_header(header_of(items)).error().code == Errc::kTooLarge);
}

TEST_CASE("links: by parent hash and number", "[chain]") {
    const auto parent = decode_header(header_of(fields(9, {})));
    const auto child = decode_header(header_of(fields(10, parent->hash)));
    CHECK(links(*parent, *child));
    CHECK_FALSE(links(*child, *parent));
    CHECK_FALSE(links(*parent, *parent));
    CHECK_FALSE(links(*parent, *decode_header(header_of(fields(11, parent->hash)))));
    CHECK_FALSE(links(*parent, *decode_header(header_of(fields(9, parent->hash)))));
    CHECK_FALSE(links(*parent, *decode_header(header_of(fields(10, Hash256{{1}})))));
    const auto last = decode_header(header_of(fields(~std::uint64_t{0}, {})));
    CHECK_FALSE(links(*last, *decode_header(header_of(fields(0, last->hash)))));
}

TEST_CASE("decode_header: the 265 headers of geth-small link from genesis to head", "[chain]") {
    const auto file = shared_file("fixtures/geth-small/headers.rlp");
    if (!file) return;
    const Bytes bytes = read_file(*file);
    std::vector<BlockHeader> headers;
    for (ByteView rest{bytes}; !rest.empty();) {
        const auto item = rlp::take(rest);
        REQUIRE(item);
        const auto header = decode_header(item->raw);
        REQUIRE(header);
        if (!headers.empty()) CHECK(links(headers.back(), *header));
        headers.push_back(*header);
    }
    // From meta.json.
    REQUIRE(headers.size() == 265);
    CHECK(headers[0].hash ==
          hash_of("9c45e411fdbd29e460e6feaa1df7a67b2d3ebd2d71a85e21129796eb5ba0a1dd"));
    CHECK(headers[0].state_root ==
          hash_of("d11267f10c5552d7e9216f870f4850470de2d1e37da51153739760bda2e436bb"));
    CHECK(headers[200].hash ==
          hash_of("dccbb8c4a845df0a629e44ba33df4592bcb38c5937a309965bd3650479189f8f"));
    CHECK(headers[200].state_root ==
          hash_of("511734a2df68430acf1255cc627fed80fdc8bd488cd653ab20aa931144327e81"));
    CHECK(headers[264].hash ==
          hash_of("8270ef88694d0a69ee73fd7ac99de31a447f6eba15ad0bf316fe337342174e98"));
    U256 total = 0;
    for (const BlockHeader& header : headers)
        total += header.difficulty;
    CHECK(total == 34734080);
}
