#include <limits>
#include <set>

#include <crypto/keccak.hpp>
#include <eth/messages.hpp>
#include <eth/request_id.hpp>
#include <rlp/decode.hpp>

#include "header_chain.hpp"

using namespace fastsync;
using namespace fastsync::eth;
using chain::BlockNumber;

namespace {

const Version& eth63() {
    return *find_version(63);
}

Hash256 hash_of(Byte first) {
    return Hash256{{first, 0xee}};
}

/// `count` strings of one byte as RLP, one after another.
Bytes short_strings(std::size_t count) {
    return Bytes(count, 0x05);
}

template <class T>
Errc error_of(const Result<T>& result) {
    REQUIRE_FALSE(result);
    return result.error().code;
}

}  // namespace

TEST_CASE("Version: every version takes 17 codes, and each knows its own", "[eth]") {
    const auto number = GENERATE(63U, 64U, 65U, 66U, 67U, 68U);
    CAPTURE(number);
    REQUIRE(find_version(number) != nullptr);
    const Version& version = *find_version(number);
    CHECK(version.number == number);
    CHECK(version.message_count == 17);
    CHECK(version.has_fork_id() == (number >= 64));
    const auto known = [&](std::uint32_t code) { return version.message_of(code).has_value(); };
    for (std::uint32_t code = 0; code <= 0x07; ++code)
        CHECK(known(code));
    for (std::uint32_t code = 0x08; code <= 0x0a; ++code)
        CHECK(known(code) == (number >= 65));
    CHECK_FALSE(known(0x0b));
    CHECK_FALSE(known(0x0c));
    CHECK(known(0x0d) == (number <= 66));
    CHECK(known(0x0e) == (number <= 66));
    CHECK(known(0x0f));
    CHECK(known(0x10));
    CHECK_FALSE(known(0x11));
    CHECK_FALSE(known(std::numeric_limits<std::uint32_t>::max()));
    const std::set<std::uint32_t> pairs{3, 4, 5, 6, 9, 10, 13, 14, 15, 16};
    for (std::uint32_t code = 0; code <= 0x10; ++code) {
        const bool named = number >= 66 && known(code) && pairs.contains(code);
        CHECK(version.names_request(static_cast<MessageCode>(code)) == named);
    }
}

TEST_CASE("Version: what is offered to everyone has node data", "[eth]") {
    CHECK(find_version(62) == nullptr);
    CHECK(find_version(69) == nullptr);
    const auto names = [](const Offers& offers) {
        std::vector<rlpx::Capability> out;
        for (const auto& offer : offers)
            out.push_back(offer.capability);
        return out;
    };
    using Names = std::vector<rlpx::Capability>;
    CHECK(names(capability_offers()) ==
          Names{{"eth", 63}, {"eth", 64}, {"eth", 65}, {"eth", 66}, {"nodedata", 1}});
    CHECK(names(capability_offers_without_node_data()) == Names{{"eth", 63},
                                                                {"eth", 64},
                                                                {"eth", 65},
                                                                {"eth", 66},
                                                                {"eth", 67},
                                                                {"eth", 68},
                                                                {"nodedata", 1}});
    CHECK(names(capability_offers_of(*find_version(64))) == Names{{"eth", 64}, {"nodedata", 1}});
    CHECK(capability_offers().front().message_count == 17);
    CHECK(capability_offers().back().message_count == 2);
}

TEST_CASE("Version: nodedata/1 numbers its two messages from 0", "[eth]") {
    const Version& satellite = node_data_satellite();
    CHECK(satellite.message_of(0) == MessageCode::kGetNodeData);
    CHECK(satellite.message_of(1) == MessageCode::kNodeData);
    CHECK_FALSE(satellite.message_of(2));
    CHECK_FALSE(satellite.message_of(0x0d));
    CHECK(satellite.wire_code(MessageCode::kNodeData) == 1);
    CHECK_FALSE(satellite.names_request(MessageCode::kNodeData));
}

TEST_CASE("seal: eth/66 puts the request id in front, and unseal takes it off", "[eth]") {
    const Bytes body = encode_get_node_data({});
    const Version& eth66 = *find_version(66);
    const Bytes sealed = seal(eth66, MessageCode::kGetNodeData, RequestId{1111}, body);
    CHECK(to_hex(sealed) == "c4820457c0");  // EIP-2481: [1111, []]
    const auto back = unseal(eth66, MessageCode::kGetNodeData, sealed);
    REQUIRE(back);
    CHECK(back->id == RequestId{1111});
    CHECK(equal(back->body, body));
    CHECK(to_hex(seal(eth66, MessageCode::kGetNodeData, RequestId{0}, body)) == "c280c0");
    for (const Version* const version : {&eth63(), find_version(65), &node_data_satellite()}) {
        CHECK(seal(*version, MessageCode::kGetNodeData, RequestId{5}, body) == body);
        CHECK_FALSE(unseal(*version, MessageCode::kGetNodeData, body)->id);
    }
    CHECK(seal(eth66, MessageCode::kNewBlockHashes, RequestId{5}, body) == body);
    CHECK(unseal(eth66, MessageCode::kNodeData, *from_hex("ca88ffffffffffffffffc0")));
    CHECK(error_of(unseal(eth66, MessageCode::kNodeData, *from_hex("cb89010000000000000000c0"))) ==
          Errc::kTooLarge);
    for (const char* bad : {"c0", "c105", "c1c0", "05", "", "c3820005c0", "c280"})
        CHECK_FALSE(unseal(eth66, MessageCode::kNodeData, *from_hex(bad)));
}

TEST_CASE("Status: what is encoded is decoded", "[eth]") {
    const Status status{63, 1, U256{1} << 200, hash_of(1), hash_of(2)};
    const Bytes payload = encode_status(status);
    const auto decoded = decode_status(payload, eth63());
    REQUIRE(decoded);
    CHECK(*decoded == status);
    // [63, 1, 26 bytes of difficulty, two hashes]: devp2p caps/eth.md "Status (0x00)".
    CHECK(to_hex(ByteView{payload}.first(5)) == "f85f3f019a");
}

TEST_CASE("Status: from eth/64 on the fork id is the sixth item", "[eth]") {
    const auto number = GENERATE(64U, 65U, 66U, 67U, 68U);
    const Version& version = *find_version(number);
    const Status status{number,     1,          17,
                        hash_of(1), hash_of(2), chain::ForkId{{{0xfc, 0x64, 0xec, 0x04}}, 1150000}};
    const Bytes payload = encode_status(status);
    CHECK(to_hex(payload).ends_with("c984fc64ec0483118c30"));
    const auto decoded = decode_status(payload, version);
    REQUIRE(decoded);
    CHECK(*decoded == status);
    Status bare = status;
    bare.fork_id.reset();
    CHECK_FALSE(decode_status(encode_status(bare), version));
    CHECK_FALSE(decode_status(payload, eth63()));
    const Bytes fields{payload.begin() + 2, payload.end() - 10};
    CHECK(decode_status(rlp::encode_list({fields, *from_hex("c68400000000c0")}), version)
              .error()
              .code == Errc::kMalformed);
    CHECK_FALSE(decode_status(rlp::encode_list({fields, *from_hex("c0")}), version));
    CHECK_FALSE(decode_status(rlp::encode_list({fields, *from_hex("80")}), version));
    CHECK(decode_status(rlp::encode_list({fields, *from_hex("c6840000000080")}), version));
}

TEST_CASE("Status: other shapes are malformed", "[eth]") {
    const Bytes good = encode_status({63, 1, 17, hash_of(1), hash_of(2)});
    CHECK(error_of(decode_status({}, eth63())) == Errc::kMalformed);
    Bytes longer = good;
    longer.push_back(0x80);
    CHECK(error_of(decode_status(longer, eth63())) == Errc::kMalformed);
    CHECK(error_of(decode_status(ByteView{good}.first(good.size() - 1), eth63())) ==
          Errc::kMalformed);
    CHECK_FALSE(decode_status(*from_hex("c53f01118080"), eth63()));
    CHECK_FALSE(decode_status(*from_hex("c0"), eth63()));
    // A fork id is no part of eth/63.
    const Bytes fields{good.begin() + 2, good.end()};
    CHECK(decode_status(rlp::encode_list({fields}), eth63()));
    CHECK_FALSE(decode_status(rlp::encode_list({fields, Bytes{0xc0}}), eth63()));
}

TEST_CASE("Status: integers over their range are too large", "[eth]") {
    const auto with = [](const Bytes& version, const Bytes& network, const Bytes& difficulty) {
        const Bytes hash = rlp::encode_string(hash_of(1));
        return rlp::encode_list({version, network, difficulty, hash, hash});
    };
    const Bytes one{1};
    CHECK(decode_status(with(*from_hex("84ffffffff"), one, one), eth63()));
    CHECK(error_of(decode_status(with(*from_hex("850100000000"), one, one), eth63())) ==
          Errc::kTooLarge);
    CHECK(error_of(decode_status(with(one, *from_hex("89010000000000000000"), one), eth63())) ==
          Errc::kTooLarge);
    CHECK(decode_status(with(one, one, rlp::encode_string(Bytes(32, 0xff))), eth63()));
    CHECK(error_of(decode_status(with(one, one, rlp::encode_string(Bytes(33, 0xff))), eth63())) ==
          Errc::kTooLarge);
}

TEST_CASE("NewBlockHashes: the highest block is told, none is fine", "[eth]") {
    const std::vector<BlockAnnouncement> blocks{{hash_of(1), 7}, {hash_of(2), 9}, {hash_of(3), 8}};
    const auto highest = decode_new_block_hashes(encode_new_block_hashes(blocks));
    REQUIRE(highest);
    CHECK(*highest == blocks[1]);
    const auto none = decode_new_block_hashes(encode_new_block_hashes({}));
    REQUIRE(none);
    CHECK_FALSE(*none);
    CHECK_FALSE(decode_new_block_hashes(*from_hex("c101")));
    CHECK_FALSE(decode_new_block_hashes(*from_hex("c2c101")));
    const Bytes entry = rlp::encode_list({rlp::encode_string(hash_of(1)), Bytes{7}, Bytes{8}});
    CHECK_FALSE(decode_new_block_hashes(rlp::encode_list({entry})));
}

TEST_CASE("NewBlock: header and difficulty are read, the body is not looked at", "[eth]") {
    const Bytes raw = test::raw_header(5, hash_of(4));
    const auto block = decode_new_block(encode_new_block(raw, 99));
    REQUIRE(block);
    CHECK(block->header.number == 5);
    CHECK(block->header.raw == raw);
    CHECK(block->total_difficulty == 99);
    const Bytes odd_body = rlp::encode_list({raw, Bytes{0x01}});
    CHECK(decode_new_block(rlp::encode_list({odd_body, Bytes{0x07}})));
    CHECK_FALSE(decode_new_block(rlp::encode_list({rlp::encode_list({}), Bytes{0x07}})));
    CHECK_FALSE(decode_new_block(rlp::encode_list({odd_body})));
    CHECK_FALSE(decode_new_block(*from_hex("c0")));
}

TEST_CASE("GetBlockHeaders: by number and by hash", "[eth]") {
    constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
    const std::vector<HeaderQuery> queries{{BlockNumber{0}, 1, 0, false},
                                           {BlockNumber{1920000}, 192, 63, true},
                                           {hash_of(9), 1, 0, false},
                                           {BlockNumber{kMax}, kMax, kMax, true}};
    for (const HeaderQuery& query : queries) {
        const auto decoded = decode_get_block_headers(encode_get_block_headers(query));
        REQUIRE(decoded);
        CHECK(*decoded == query);
    }
    // go-ethereum's request for the DAO block.
    CHECK(to_hex(encode_get_block_headers({BlockNumber{1920000}, 1, 0, false})) ==
          "c7831d4c00018080");
}

TEST_CASE("GetBlockHeaders: other shapes are malformed", "[eth]") {
    CHECK(decode_get_block_headers(*from_hex("c401018001")));
    for (const char* bad : {"c0", "c3010180", "c501018001c0", "c401018002", "c4c0018001",
                            "c6820001018001", "cd8900000000000000000a018080", "01"})
        CHECK_FALSE(decode_get_block_headers(*from_hex(bad)));
}

TEST_CASE("BlockHeaders: as many as the limit, not one more", "[eth]") {
    const auto chain = test::header_chain(3);
    const std::vector<Bytes> raw{chain[0].raw, chain[1].raw, chain[2].raw};
    const auto decoded = decode_block_headers(encode_block_headers(raw));
    REQUIRE(decoded);
    CHECK(*decoded == chain);
    CHECK(decode_block_headers(encode_empty_answer()).value().empty());

    std::vector<Bytes> many(kMaxHeadersAccepted, chain[1].raw);
    CHECK(decode_block_headers(encode_block_headers(many)));
    many.push_back(chain[1].raw);
    CHECK(error_of(decode_block_headers(encode_block_headers(many))) == Errc::kTooLarge);
    CHECK_FALSE(decode_block_headers(*from_hex("c105")));
    CHECK_FALSE(decode_block_headers(*from_hex("c2c0c0")));
}

TEST_CASE("BlockHeaders: further fields of other chains are kept and hashed as they came",
          "[eth]") {
    // XDC and Viction: validators, validator, penalties (18); XDC later a base fee (19).
    const auto fields = GENERATE(18U, 19U);
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    Bytes plain = test::raw_header(5, hash_of(4));
    ByteView inner = plain;
    const auto taken = rlp::take_list(inner);
    REQUIRE(taken);
    out.raw(*taken).string(Bytes(60, 0xaa)).string(Bytes(65, 0xbb)).string({});
    if (fields == 19) out.uint(12500000000);
    const Bytes raw = out.end_list(list).take();
    const auto headers = decode_block_headers(encode_block_headers(std::vector<Bytes>{raw}));
    REQUIRE(headers);
    REQUIRE(headers->size() == 1);
    CHECK(headers->front().number == 5);
    CHECK(headers->front().raw == raw);
    CHECK(headers->front().hash == crypto::keccak256(raw));
    const auto block = decode_new_block(encode_new_block(raw, 9));
    REQUIRE(block);
    CHECK(block->header == headers->front());
}

TEST_CASE("GetNodeData: hashes beyond the limit are ignored", "[eth]") {
    const std::vector<Hash256> hashes{hash_of(1), hash_of(2), hash_of(1)};
    const auto decoded = decode_get_node_data(encode_get_node_data(hashes));
    REQUIRE(decoded);
    CHECK(*decoded == hashes);
    CHECK(decode_get_node_data(encode_empty_answer()).value().empty());

    for (const std::size_t count : {kMaxNodeDataLookups, kMaxNodeDataLookups + 1}) {
        const std::vector<Hash256> many(count, hash_of(7));
        CHECK(decode_get_node_data(encode_get_node_data(many)).value().size() ==
              kMaxNodeDataLookups);
    }
    CHECK_FALSE(decode_get_node_data(*from_hex("c105")));
    CHECK_FALSE(decode_get_node_data(rlp::encode_list({rlp::encode_string(Bytes(33, 1))})));
    CHECK_FALSE(decode_get_node_data(*from_hex("80")));
}

TEST_CASE("NodeData: blobs are views into the message and survive a move", "[eth]") {
    const Bytes big(300, 0xab);
    Bytes items = rlp::encode_string(big);
    append(items, rlp::encode_string({}));
    append(items, rlp::encode_string(Bytes{0x01, 0x02}));
    const TimePoint arrived{std::chrono::seconds{5}};
    auto decoded = decode_node_data(encode_node_data(items), arrived);
    REQUIRE(decoded);
    const NodeData data = *std::move(decoded);
    REQUIRE(data.blobs.size() == 2);  // the empty one is left out
    CHECK(equal(data.blobs[0], big));
    CHECK(equal(data.blobs[1], Bytes{0x01, 0x02}));
    CHECK(data.arrived == arrived);
    for (const ByteView blob : data.blobs) {
        CHECK(blob.data() >= data.message.data());
        CHECK(blob.data() + blob.size() <= data.message.data() + data.message.size());
    }
    CHECK(decode_node_data(encode_empty_answer(), arrived).value().blobs.empty());
}

TEST_CASE("NodeData: as many items as the limit, not one more; only strings", "[eth]") {
    CHECK(decode_node_data(encode_node_data(short_strings(kMaxNodeDataItems)), {}));
    CHECK(error_of(decode_node_data(encode_node_data(short_strings(kMaxNodeDataItems + 1)), {})) ==
          Errc::kTooLarge);
    CHECK_FALSE(decode_node_data(*from_hex("c1c0"), {}));
    CHECK_FALSE(decode_node_data(*from_hex("c28105"), {}));
    CHECK_FALSE(decode_node_data(*from_hex("c0c0"), {}));
    CHECK_FALSE(decode_node_data({}, {}));
}

TEST_CASE("Every decoder refuses every prefix of a good message", "[eth]") {
    const auto chain = test::header_chain(2);
    const std::vector<Bytes> raw{chain[0].raw, chain[1].raw};
    const std::vector<Hash256> hashes{hash_of(1), hash_of(2)};
    const std::vector<BlockAnnouncement> blocks{{hash_of(1), 7}};
    const auto refuses = [](const Bytes& good, auto decode) {
        REQUIRE(decode(good));
        for (std::size_t size = 0; size < good.size(); ++size)
            if (decode(Bytes{good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}))
                FAIL("accepted the first " << size << " bytes of " << to_hex(good));
    };
    refuses(encode_status({63, 1, 17, hash_of(1), hash_of(2)}),
            [](const Bytes& b) { return bool(decode_status(b, eth63())); });
    refuses(encode_new_block_hashes(blocks),
            [](const Bytes& b) { return bool(decode_new_block_hashes(b)); });
    refuses(encode_new_block(raw[1], 99), [](const Bytes& b) { return bool(decode_new_block(b)); });
    refuses(encode_get_block_headers({hash_of(1), 3, 2, true}),
            [](const Bytes& b) { return bool(decode_get_block_headers(b)); });
    refuses(encode_block_headers(raw),
            [](const Bytes& b) { return bool(decode_block_headers(b)); });
    refuses(encode_get_node_data(hashes),
            [](const Bytes& b) { return bool(decode_get_node_data(b)); });
    refuses(encode_node_data(rlp::encode_string(Bytes(60, 1))),
            [](const Bytes& b) { return bool(decode_node_data(b, {})); });
}
