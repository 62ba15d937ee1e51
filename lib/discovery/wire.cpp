#include <crypto/keccak.hpp>
#include <discovery/wire.hpp>
#include <rlp/decode.hpp>
#include <rlp/encode.hpp>

namespace fastsync::discovery {
namespace {

/// Packet = hash (32) || signature (65) || type (1) || RLP.
constexpr std::size_t kSignatureAt = Hash256::kSize;
constexpr std::size_t kTypeAt = kSignatureAt + crypto::Signature::kSize;
constexpr std::size_t kHeaderSize = kTypeAt + 1;

/// In the order of the alternatives of Packet.
constexpr Byte kFirstType = 0x01;
constexpr std::array<std::string_view, std::variant_size_v<Packet>> kNames{
    "ping", "pong", "findnode", "neighbours", "enrrequest", "enrresponse"};

Result<std::uint16_t> take_port(ByteView& in) {
    FASTSYNC_TRY(const std::uint64_t port, rlp::take_uint64(in));
    if (port > 0xffff) return Error{Errc::kMalformed, "discovery: a port over 65535"};
    return static_cast<std::uint16_t>(port);
}

std::optional<IpAddress> ip_of(ByteView bytes) {
    const auto ip = IpAddress::from(bytes);
    if (!ip) return std::nullopt;
    return *ip;
}

/// The three items of an endpoint at the front of `in`.
Result<WireEndpoint> take_endpoint_items(ByteView& in) {
    WireEndpoint out;
    FASTSYNC_TRY(const ByteView ip, rlp::take_string(in));
    out.ip = ip_of(ip);
    FASTSYNC_TRY(out.udp, take_port(in));
    FASTSYNC_TRY(out.tcp, take_port(in));
    return out;
}

Result<WireEndpoint> take_endpoint(ByteView& in) {
    FASTSYNC_TRY(ByteView items, rlp::take_list(in));
    return take_endpoint_items(items);
}

/// The item that EIP-868 added behind the fixed ones. Older nodes sent other things there.
std::optional<std::uint64_t> take_record_sequence(ByteView in) {
    const auto sequence = rlp::take_uint64(in);
    if (!sequence) return std::nullopt;
    return *sequence;
}

Result<Packet> decode_ping(ByteView in) {
    Ping out;
    FASTSYNC_TRY(out.version, rlp::take_uint64(in));
    FASTSYNC_TRY(out.from, take_endpoint(in));
    FASTSYNC_TRY(out.to, take_endpoint(in));
    FASTSYNC_TRY(out.expiration, rlp::take_uint64(in));
    out.record_sequence = take_record_sequence(in);
    return Packet{out};
}

Result<Packet> decode_pong(ByteView in) {
    Pong out;
    FASTSYNC_TRY(out.to, take_endpoint(in));
    FASTSYNC_TRY(out.ping_hash, rlp::take_fixed<Hash256>(in));
    FASTSYNC_TRY(out.expiration, rlp::take_uint64(in));
    out.record_sequence = take_record_sequence(in);
    return Packet{out};
}

Result<Packet> decode_find_node(ByteView in) {
    FindNode out;
    FASTSYNC_TRY(out.target, rlp::take_fixed<NodeId>(in));
    FASTSYNC_TRY(out.expiration, rlp::take_uint64(in));
    return Packet{out};
}

Result<Packet> decode_neighbours(ByteView in) {
    Neighbours out;
    FASTSYNC_TRY(ByteView nodes, rlp::take_list(in));
    FASTSYNC_TRY(const std::size_t count, rlp::count_items(nodes, kMaxNeighboursTaken));
    out.nodes.reserve(count);
    while (!nodes.empty()) {
        FASTSYNC_TRY(ByteView items, rlp::take_list(nodes));
        Neighbour node;
        FASTSYNC_TRY(node.endpoint, take_endpoint_items(items));
        FASTSYNC_TRY(node.id, rlp::take_fixed<NodeId>(items));
        out.nodes.push_back(node);
    }
    FASTSYNC_TRY(out.expiration, rlp::take_uint64(in));
    return Packet{std::move(out)};
}

Result<Packet> decode_record_request(ByteView in) {
    RecordRequest out;
    FASTSYNC_TRY(out.expiration, rlp::take_uint64(in));
    return Packet{out};
}

Result<Packet> decode_record_response(ByteView in) {
    RecordResponse out;
    FASTSYNC_TRY(out.request_hash, rlp::take_fixed<Hash256>(in));
    FASTSYNC_TRY(const rlp::Item record, rlp::take(in));
    if (!record.is_list()) return Error{Errc::kMalformed, "discovery: a record that is no list"};
    out.record = to_bytes(record.raw);
    return Packet{std::move(out)};
}

constexpr std::array<Result<Packet> (*)(ByteView), std::variant_size_v<Packet>> kDecoders{
    decode_ping,       decode_pong,           decode_find_node,
    decode_neighbours, decode_record_request, decode_record_response};

Result<Packet> decode_body(Byte type, ByteView body) {
    const std::size_t index = std::size_t{type} - kFirstType;
    if (type < kFirstType || index >= kDecoders.size())
        return Error{Errc::kMalformed, "discovery: a packet of unknown type"};
    FASTSYNC_TRY(const ByteView items, rlp::take_list(body));
    return kDecoders[index](items);
}

// ---------------------------------------------------------------------------------------- encoding

void put_endpoint_items(rlp::Encoder& out, const WireEndpoint& endpoint) {
    out.string(endpoint.ip ? endpoint.ip->bytes() : ByteView{});
    out.uint(endpoint.udp).uint(endpoint.tcp);
}

void put_endpoint(rlp::Encoder& out, const WireEndpoint& endpoint) {
    const std::size_t mark = out.begin_list();
    put_endpoint_items(out, endpoint);
    out.end_list(mark);
}

void put_items(rlp::Encoder& out, const Ping& ping) {
    out.uint(ping.version);
    put_endpoint(out, ping.from);
    put_endpoint(out, ping.to);
    out.uint(ping.expiration);
    if (ping.record_sequence) out.uint(*ping.record_sequence);
}

void put_items(rlp::Encoder& out, const Pong& pong) {
    put_endpoint(out, pong.to);
    out.string(pong.ping_hash).uint(pong.expiration);
    if (pong.record_sequence) out.uint(*pong.record_sequence);
}

void put_items(rlp::Encoder& out, const FindNode& find_node) {
    out.string(find_node.target).uint(find_node.expiration);
}

void put_items(rlp::Encoder& out, const Neighbours& neighbours) {
    const std::size_t all = out.begin_list();
    for (const Neighbour& node : neighbours.nodes) {
        const std::size_t one = out.begin_list();
        put_endpoint_items(out, node.endpoint);
        out.string(node.id).end_list(one);
    }
    out.end_list(all).uint(neighbours.expiration);
}

void put_items(rlp::Encoder& out, const RecordRequest& request) {
    out.uint(request.expiration);
}

void put_items(rlp::Encoder& out, const RecordResponse& response) {
    out.string(response.request_hash).raw(response.record);
}

}  // namespace

std::optional<UnixTime> expiration_of(const Packet& packet) {
    return std::visit(
        [](const auto& p) -> std::optional<UnixTime> {
            if constexpr (requires { p.expiration; }) return p.expiration;
            return std::nullopt;
        },
        packet);
}

std::string_view name_of(const Packet& packet) noexcept {
    return kNames[packet.index()];
}

Result<SignedPacket> decode(ByteView datagram, const Identity& identity, UnixTime now) {
    if (datagram.size() > kMaxPacketSize)
        return Error{Errc::kTooLarge, "discovery: a datagram over 1280 bytes"};
    if (datagram.size() <= kHeaderSize)
        return Error{Errc::kMalformed, "discovery: a datagram without content"};
    // From cheap to dear: junk is to cost a hash, not a signature.
    const Hash256 hash = crypto::keccak256(datagram.subspan(kSignatureAt));
    if (!equal(hash, datagram.first(Hash256::kSize)))
        return Error{Errc::kMalformed, "discovery: a hash that does not fit"};
    FASTSYNC_TRY(Packet packet, decode_body(datagram[kTypeAt], datagram.subspan(kHeaderSize)));
    const auto expiration = expiration_of(packet);
    if (expiration && (*expiration < now || *expiration > kLatestTime))
        return Error{Errc::kTimeout, "discovery: an expired packet"};
    FASTSYNC_TRY(const auto signature,
                 crypto::Signature::from(datagram.subspan(kSignatureAt, crypto::Signature::kSize)));
    const Hash256 digest = crypto::keccak256(datagram.subspan(kTypeAt));
    FASTSYNC_TRY(const NodeId sender, identity.signer_of(signature, digest));
    return SignedPacket{std::move(packet), sender, hash};
}

Datagram encode(const Packet& packet, const Identity& identity) {
    rlp::Encoder body;
    const std::size_t mark = body.begin_list();
    std::visit([&](const auto& p) { put_items(body, p); }, packet);
    body.end_list(mark);

    Datagram out;
    out.bytes.resize(kTypeAt);
    out.bytes.push_back(static_cast<Byte>(kFirstType + packet.index()));
    append(out.bytes, body.view());
    FASTSYNC_ASSERT(out.bytes.size() <= kMaxPacketSize);
    const crypto::Signature signature =
        identity.sign(crypto::keccak256(ByteView{out.bytes}.subspan(kTypeAt)));
    std::copy(signature.data.begin(), signature.data.end(), out.bytes.begin() + kSignatureAt);
    out.hash = crypto::keccak256(ByteView{out.bytes}.subspan(kSignatureAt));
    std::copy(out.hash.data.begin(), out.hash.data.end(), out.bytes.begin());
    return out;
}

}  // namespace fastsync::discovery
