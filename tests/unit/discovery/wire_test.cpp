#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <crypto/keccak.hpp>
#include <discovery/wire.hpp>
#include <rlp/encode.hpp>

#include "support/discovery/engine_network.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using nlohmann::json;
using test::hex;

namespace {

constexpr UnixTime kNow = 1000;

const Identity& signer() {
    static const auto identity = make_identity(*crypto::SecretKey::from(
        hex("b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291")));
    return *identity;
}

/// A datagram of any content, with hash and signature that fit.
Bytes sealed(Byte type, ByteView body) {
    Bytes content{type};
    append(content, body);
    Bytes out(32);
    append(out, signer().sign(crypto::keccak256(content)));
    append(out, content);
    const Hash256 hash = crypto::keccak256(ByteView{out}.subspan(32));
    std::copy(hash.data.begin(), hash.data.end(), out.begin());
    return out;
}

SignedPacket decoded(const Bytes& datagram, UnixTime now = kNow) {
    auto packet = decode(datagram, signer(), now);
    REQUIRE(packet);
    return *std::move(packet);
}

void check_refused(const Bytes& datagram, Errc code) {
    CAPTURE(to_hex(datagram));
    const auto packet = decode(datagram, signer(), kNow);
    REQUIRE_FALSE(packet);
    CHECK(packet.error().code == code);
    CHECK_FALSE(packet.error().detail.empty());
}

WireEndpoint endpoint_of(const json& j) {
    return {test::ip(j["ip"].get<std::string>()), j["udp"].get<std::uint16_t>(),
            j["tcp"].get<std::uint16_t>()};
}

void check_ping(const json& wanted, const Ping& ping) {
    CHECK(ping.version == wanted["version"].get<std::uint64_t>());
    CHECK(ping.from == endpoint_of(wanted["from"]));
    CHECK(ping.to == endpoint_of(wanted["to"]));
    CHECK(ping.expiration == wanted["expiration"].get<UnixTime>());
    if (wanted.contains("enr_seq"))
        CHECK(ping.record_sequence == wanted["enr_seq"].get<std::uint64_t>());
}

void check_neighbours(const json& wanted, const Neighbours& neighbours) {
    REQUIRE(neighbours.nodes.size() == wanted["nodes"].size());
    for (std::size_t i = 0; i < neighbours.nodes.size(); ++i) {
        CHECK(neighbours.nodes[i].endpoint == endpoint_of(wanted["nodes"][i]));
        CHECK(to_hex(neighbours.nodes[i].id) == wanted["nodes"][i]["id"].get<std::string>());
    }
}

std::vector<Packet> samples() {
    const WireEndpoint v4{test::ip("1.2.3.4"), 30301, 30303};
    const WireEndpoint v6{test::ip("2a00::1"), 65535, 0};
    const NodeId id = signer().id();
    Neighbours full;
    full.expiration = kLatestTime;
    for (std::size_t i = 0; i < kMaxNeighboursSent; ++i)
        full.nodes.push_back({{test::ip("2a00:ffff:ffff:ffff:ffff::1"), 65535, 65535}, id});
    return {Ping{kVersion, v4, v6, kNow, std::nullopt},
            Ping{kVersion, {}, {}, kNow, 7},
            Pong{v6, crypto::keccak256({}), kNow, std::nullopt},
            Pong{v4, crypto::keccak256({}), kNow, 0},
            FindNode{id, kNow},
            Neighbours{{}, kNow},
            Neighbours{{{v4, id}, {v6, id}}, kNow},
            full,
            RecordRequest{kNow},
            RecordResponse{crypto::keccak256({}), hex("c3010203")}};
}

}  // namespace

TEST_CASE("wire: the packets of EIP-8 are read, and what they add is ignored", "[discovery]") {
    const auto file = test::shared_file("vectors/discv4.json");
    if (!file) return;
    const json vectors = json::parse(test::read_text(*file));
    for (const json& vector : vectors["packets"]) {
        CAPTURE(vector.dump());
        const SignedPacket packet =
            decoded(hex(vector["hex"].get<std::string>()), vector["expiration"].get<UnixTime>());
        CHECK(packet.sender == signer().id());
        const std::string type = vector["type"].get<std::string>();
        CHECK((name_of(packet.packet) == type || type == "neighbors"));
        if (const auto* ping = std::get_if<Ping>(&packet.packet)) check_ping(vector, *ping);
        if (const auto* find = std::get_if<FindNode>(&packet.packet))
            CHECK(to_hex(find->target) == vector["target"].get<std::string>());
        if (const auto* neighbours = std::get_if<Neighbours>(&packet.packet))
            check_neighbours(vector, *neighbours);
        // A second later it has expired.
        const auto late = decode(hex(vector["hex"].get<std::string>()), signer(),
                                 vector["expiration"].get<UnixTime>() + 1);
        REQUIRE_FALSE(late);
        CHECK(late.error().code == Errc::kTimeout);
    }
    CHECK(vectors["packets"].size() >= 4);
}

TEST_CASE("wire: an expiration before 1970 has passed, as others count", "[discovery]") {
    const UnixTime expiration = GENERATE(kLatestTime + 1, ~UnixTime{0} - kNow, ~UnixTime{0});
    const Packet packet = GENERATE_COPY(Packet{Ping{kVersion, {}, {}, expiration, std::nullopt}},
                                        Packet{FindNode{signer().id(), expiration}},
                                        Packet{RecordRequest{expiration}});
    const auto late = decode(encode(packet, signer()).bytes, signer(), kNow);
    REQUIRE_FALSE(late);
    CHECK(late.error().code == Errc::kTimeout);
}

TEST_CASE("wire: every discovery packet of the EIP-8 text", "[discovery]") {
    const auto file = test::shared_file("vectors/eip8-all.json");
    if (!file) return;
    std::size_t read = 0;
    const json vectors = json::parse(test::read_text(*file));
    for (const json& block : vectors["blocks"]) {
        const auto caption = block["caption"].get<std::string>();
        const bool is_packet = caption.find("packet") != std::string::npos &&
                               caption.find("hello") == std::string::npos;
        if (!is_packet) continue;
        CAPTURE(caption);
        const SignedPacket packet = decoded(hex(block["hex"].get<std::string>()));
        CHECK(packet.sender == signer().id());
        CHECK(caption.starts_with(name_of(packet.packet).substr(0, 4)));
        ++read;
    }
    CHECK(read == 5);
}

TEST_CASE("wire: what is encoded is decoded as the same packet", "[discovery]") {
    for (const Packet& packet : samples()) {
        const Datagram datagram = encode(packet, signer());
        CHECK(datagram.bytes.size() <= kMaxPacketSize);
        const SignedPacket again = decoded(datagram.bytes);
        CHECK(again.packet == packet);
        CHECK(again.sender == signer().id());
        CHECK(again.hash == datagram.hash);
        CHECK(equal(again.hash, ByteView{datagram.bytes}.first(32)));
    }
}

TEST_CASE("wire: trailing items and bytes change nothing but the hash", "[discovery]") {
    for (const Packet& packet : samples()) {
        const Datagram datagram = encode(packet, signer());
        Bytes body = to_bytes(ByteView{datagram.bytes}.subspan(98));
        append(body, hex("0102ffff"));
        if (body.size() > 1100) continue;
        CHECK(decoded(sealed(datagram.bytes[97], body)).packet == packet);
    }
}

TEST_CASE("wire: a flipped bit anywhere is refused", "[discovery]") {
    const Bytes good = encode(samples()[0], signer()).bytes;
    for (std::size_t i = 0; i < good.size(); ++i) {
        CAPTURE(i);
        Bytes bad = good;
        bad[i] ^= 0x10;
        check_refused(bad, Errc::kMalformed);
        check_refused(to_bytes(ByteView{good}.first(i)), Errc::kMalformed);
    }
}

TEST_CASE("wire: sizes, types and signatures that cannot be", "[discovery]") {
    check_refused(Bytes(kMaxPacketSize + 1), Errc::kTooLarge);
    check_refused(Bytes(kMaxPacketSize), Errc::kMalformed);
    check_refused(Bytes(98), Errc::kMalformed);
    for (const int type : {0, 7, 8, 0x80, 0xff})
        check_refused(sealed(static_cast<Byte>(type), hex("c28203e8")), Errc::kMalformed);
    Bytes unsigned_one = sealed(5, rlp::encode_list({rlp::encode_uint(kNow)}));
    std::fill(unsigned_one.begin() + 32, unsigned_one.begin() + 97, Byte{0xff});
    const Hash256 hash = crypto::keccak256(ByteView{unsigned_one}.subspan(32));
    std::copy(hash.data.begin(), hash.data.end(), unsigned_one.begin());
    check_refused(unsigned_one, Errc::kUnauthenticated);
}

TEST_CASE("wire: content that is not what its type says", "[discovery]") {
    const Bytes endpoint = rlp::encode_list(
        {rlp::encode_string(hex("01020304")), rlp::encode_uint(1), rlp::encode_uint(2)});
    const Bytes wide = rlp::encode_list(
        {rlp::encode_string(hex("01020304")), rlp::encode_uint(65536), rlp::encode_uint(2)});
    const Bytes four = rlp::encode_uint(4);
    const Bytes now = rlp::encode_uint(kNow);
    for (int type = 1; type <= 6; ++type)
        for (const char* body : {"", "80", "c0", "c101", "c1c0", "f8", "c2", "c48204", "bfffff"}) {
            // An EnrRequest of a small number is well formed: it expired long ago.
            const bool expired = type == 5 && std::string{body} == "c101";
            check_refused(sealed(static_cast<Byte>(type), hex(body)),
                          expired ? Errc::kTimeout : Errc::kMalformed);
        }
    check_refused(sealed(1, rlp::encode_list({four, endpoint, endpoint})), Errc::kMalformed);
    check_refused(sealed(1, rlp::encode_list({four, wide, endpoint, now})), Errc::kMalformed);
    check_refused(sealed(2, rlp::encode_list({endpoint, rlp::encode_string(Bytes(31)), now})),
                  Errc::kMalformed);
    check_refused(sealed(3, rlp::encode_list({rlp::encode_string(Bytes(63, 1)), now})),
                  Errc::kMalformed);
    check_refused(sealed(6, rlp::encode_list({rlp::encode_string(Bytes(32)), now})),
                  Errc::kMalformed);
    // Leading zeros in the expiration.
    check_refused(sealed(5, hex("c3820001")), Errc::kMalformed);
}

TEST_CASE("wire: too many neighbours are not counted out", "[discovery]") {
    const auto with = [](std::size_t count) {
        rlp::Encoder body;
        const std::size_t all = body.begin_list();
        const std::size_t nodes = body.begin_list();
        for (std::size_t i = 0; i < count; ++i)
            body.raw(rlp::encode_list({}));
        body.end_list(nodes).uint(kNow).end_list(all);
        return sealed(4, body.view());
    };
    check_refused(with(kMaxNeighboursTaken), Errc::kMalformed);  // lists of nothing
    check_refused(with(kMaxNeighboursTaken + 1), Errc::kTooLarge);
    check_refused(with(1), Errc::kMalformed);
}

TEST_CASE("wire: an empty or odd address is no address, not an error", "[discovery]") {
    const Bytes now = rlp::encode_uint(kNow);
    for (const char* address : {"", "01", "010203", "0102030405060708"}) {
        const Bytes endpoint = rlp::encode_list(
            {rlp::encode_string(hex(address)), rlp::encode_uint(1), rlp::encode_uint(2)});
        const auto packet =
            decoded(sealed(1, rlp::encode_list({rlp::encode_uint(4), endpoint, endpoint, now})));
        CHECK_FALSE(std::get<Ping>(packet.packet).from.ip);
        CHECK(std::get<Ping>(packet.packet).from.udp == 1);
    }
}

TEST_CASE("wire: an item in the place of the record sequence that is none counts as absent",
          "[discovery]") {
    const Bytes endpoint =
        rlp::encode_list({rlp::encode_string({}), rlp::encode_uint(0), rlp::encode_uint(0)});
    const Bytes now = rlp::encode_uint(kNow);
    for (const char* extra : {"c101", "8200ff", "89010101010101010101"}) {
        const auto packet = decoded(sealed(
            1, rlp::encode_list({rlp::encode_uint(4), endpoint, endpoint, now, hex(extra)})));
        CHECK_FALSE(std::get<Ping>(packet.packet).record_sequence);
    }
}
