#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <common/bytes.hpp>
#include <crypto/secp256k1.hpp>

namespace fastsync {

/// A node's identity: its uncompressed public key without prefix.
using NodeId = crypto::PublicKey;

/// `enode://<128 hex>@<host>:<tcp>[?discport=<udp>]`. The host is an IP address or a DNS name.
struct Enode {
    NodeId id;
    std::string host;
    std::uint16_t tcp_port = 0;
    std::uint16_t udp_port = 0;

    friend bool operator==(const Enode&, const Enode&) = default;
};

/// kMalformed, naming the part that is wrong.
[[nodiscard]] Result<Enode> parse_enode(std::string_view url);
[[nodiscard]] std::string to_string(const Enode& enode);
/// The first 8 hex digits: how a peer is called in logs.
[[nodiscard]] std::string short_id(const NodeId& id);

}  // namespace fastsync
