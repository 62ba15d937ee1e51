#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <common/bytes.hpp>
#include <crypto/secp256k1.hpp>

namespace fastsync {

/// A node's identity: its uncompressed public key without prefix.
using NodeId = crypto::PublicKey;

/// A URL longer than this is refused unread; the longest legal one has 411 characters.
inline constexpr std::size_t kMaxEnodeUrl = 512;

/// `enode://<128 hex>@<host>:<tcp>[?discport=<udp>]`, where and who a node is.
struct Enode {
    NodeId id;
    std::string host;            ///< an IPv4 or IPv6 address (without brackets) or a DNS name
    std::uint16_t tcp_port = 0;  ///< 0: does not listen (a boot node that only does discovery)
    std::uint16_t udp_port = 0;  ///< 0: no discovery

    friend bool operator==(const Enode&, const Enode&) = default;
};

/// Reads the URL form (devp2p enode.md). Strict: a public key on the curve, at least one port that
/// is not zero, nothing after the discport.
///
/// @return kMalformed, naming the part that is wrong
[[nodiscard]] Result<Enode> parse_enode(std::string_view url);
/// The URL parse_enode() reads back as the same value; discport only where it differs from tcp.
[[nodiscard]] std::string to_string(const Enode& enode);
/// The first 8 hex digits: how a peer is called in logs.
[[nodiscard]] std::string short_id(const NodeId& id);

}  // namespace fastsync
