#pragma once

#include <cstddef>
#include <cstdint>

#include <common/bytes.hpp>
#include <common/ip_address.hpp>
#include <common/time.hpp>
#include <discovery/wire.hpp>
#include <enode/enode.hpp>

namespace fastsync::discovery {

/// Nodes of a bucket, and of an answer to FindNode (devp2p discv4.md: k).
inline constexpr std::size_t kBucketSize = 16;

/// The moment at which an engine is told something.
struct Moment {
    TimePoint now;      ///< for waiting
    UnixTime unix = 0;  ///< for what goes over the wire
};

/// A node and where its discovery listens.
struct Node {
    NodeId id;
    Hash256 key;  ///< keccak256(id): its place in the table
    IpEndpoint udp;
    std::uint16_t tcp = 0;  ///< 0: accepts no connections, as far as we know

    friend bool operator==(const Node&, const Node&) = default;
};

[[nodiscard]] Hash256 key_of(const NodeId& id);
[[nodiscard]] Node make_node(const NodeId& id, const IpEndpoint& udp, std::uint16_t tcp);

/// Bits of the distance: 0 for equal keys, 256 when the first bit differs.
[[nodiscard]] std::size_t log_distance(const Hash256& a, const Hash256& b) noexcept;
/// True when `a` is nearer to `target` than `b`, by XOR.
[[nodiscard]] bool is_closer(const Hash256& target, const Hash256& a, const Hash256& b) noexcept;

/// Whether a datagram sent there can reach a host, and no more than one.
[[nodiscard]] bool can_be_one_host(const IpEndpoint& where) noexcept;

/// Whether `sender` may tell us of a node at `address`: a stranger must not make us knock at doors
/// inside our own network, or where no host can be.
/// @return kMalformed: unspecified, multicast or otherwise special; loopback told by somebody who
/// is not on loopback; a local network told by somebody who is not in one
[[nodiscard]] Result<void> check_relayed(const IpAddress& sender, const IpAddress& address);

/// A node as another one told of it.
/// @return kMalformed: no address, UDP port 0, an id off the curve, or check_relayed()
[[nodiscard]] Result<Node> node_from(const Neighbour& told, const IpAddress& sender);

}  // namespace fastsync::discovery
