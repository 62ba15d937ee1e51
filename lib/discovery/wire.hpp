#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include <common/bytes.hpp>
#include <common/ip_address.hpp>
#include <discovery/identity.hpp>
#include <enode/enode.hpp>

/// The packets of the Node Discovery Protocol v4 (devp2p discv4.md), with EIP-868.
namespace fastsync::discovery {

/// Unix seconds.
using UnixTime = std::uint64_t;
/// Later than this is a time before 1970 in the signed 64 bits that others count with, go-ethereum
/// among them.
inline constexpr UnixTime kLatestTime = std::numeric_limits<std::int64_t>::max();

/// Longest datagram, both ways, bytes.
inline constexpr std::size_t kMaxPacketSize = 1280;
/// Nodes that fit into one of our Neighbours, all of them with IPv6 addresses.
inline constexpr std::size_t kMaxNeighboursSent = 12;
/// Nodes we take from one Neighbours: no more fit into kMaxPacketSize.
inline constexpr std::size_t kMaxNeighboursTaken = 16;
/// The version we write into Ping; the one received is not looked at (EIP-8).
inline constexpr std::uint64_t kVersion = 4;

/// Where a node says that it, or we, can be reached. Other clients leave parts of it empty.
struct WireEndpoint {
    std::optional<IpAddress> ip;  ///< nothing: left empty, or no address at all
    std::uint16_t udp = 0;
    std::uint16_t tcp = 0;

    friend bool operator==(const WireEndpoint&, const WireEndpoint&) = default;
};

struct Ping {
    std::uint64_t version = kVersion;
    WireEndpoint from;
    WireEndpoint to;
    UnixTime expiration = 0;
    std::optional<std::uint64_t> record_sequence;
    friend bool operator==(const Ping&, const Ping&) = default;
};

struct Pong {
    WireEndpoint to;
    Hash256 ping_hash;
    UnixTime expiration = 0;
    std::optional<std::uint64_t> record_sequence;
    friend bool operator==(const Pong&, const Pong&) = default;
};

struct FindNode {
    NodeId target;
    UnixTime expiration = 0;
    friend bool operator==(const FindNode&, const FindNode&) = default;
};

struct Neighbour {
    WireEndpoint endpoint;
    NodeId id;
    friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

struct Neighbours {
    std::vector<Neighbour> nodes;
    UnixTime expiration = 0;
    friend bool operator==(const Neighbours&, const Neighbours&) = default;
};

struct RecordRequest {
    UnixTime expiration = 0;
    friend bool operator==(const RecordRequest&, const RecordRequest&) = default;
};

struct RecordResponse {
    Hash256 request_hash;
    Bytes record;  ///< RLP, not looked into: NodeRecord::decode() checks it
    friend bool operator==(const RecordResponse&, const RecordResponse&) = default;
};

using Packet = std::variant<Ping, Pong, FindNode, Neighbours, RecordRequest, RecordResponse>;

/// "ping", "pong", "findnode", "neighbours", "enrrequest", "enrresponse"
[[nodiscard]] std::string_view name_of(const Packet& packet) noexcept;
/// Until when it is good, Unix seconds; nothing for the packets that do not say.
[[nodiscard]] std::optional<UnixTime> expiration_of(const Packet& packet);

/// A packet and who signed it.
struct SignedPacket {
    Packet packet;
    NodeId sender;
    Hash256 hash;  ///< what an answer refers to
};

/// An encoded packet and its hash.
struct Datagram {
    Bytes bytes;
    Hash256 hash;
};

/// Decodes one datagram. Trailing items and bytes are ignored (EIP-8).
///
/// @param now  compared with the packet's expiration (over kLatestTime: long ago); a RecordResponse
/// has none
/// @return kTooLarge over kMaxPacketSize, kMalformed (size, hash, type, RLP), kUnauthenticated (the
/// signature fits no key), kTimeout (expired)
[[nodiscard]] Result<SignedPacket> decode(ByteView datagram, const Identity& identity,
                                          UnixTime now);

/// Encodes and signs. The caller keeps to kMaxNeighboursSent and kMaxRecordSize, with which every
/// packet is within kMaxPacketSize.
[[nodiscard]] Datagram encode(const Packet& packet, const Identity& identity);

}  // namespace fastsync::discovery
