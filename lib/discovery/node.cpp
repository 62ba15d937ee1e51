#include <bit>

#include <crypto/keccak.hpp>
#include <discovery/node.hpp>

namespace fastsync::discovery {

Hash256 key_of(const NodeId& id) {
    return crypto::keccak256(id);
}

Node make_node(const NodeId& id, const IpEndpoint& udp, std::uint16_t tcp) {
    return {id, key_of(id), udp, tcp};
}

std::size_t log_distance(const Hash256& a, const Hash256& b) noexcept {
    for (std::size_t i = 0; i < Hash256::kSize; ++i) {
        const auto differing = static_cast<Byte>(a.data[i] ^ b.data[i]);
        if (differing != 0)
            return 8 * (Hash256::kSize - i) - static_cast<std::size_t>(std::countl_zero(differing));
    }
    return 0;
}

bool is_closer(const Hash256& target, const Hash256& a, const Hash256& b) noexcept {
    for (std::size_t i = 0; i < Hash256::kSize; ++i) {
        const int from_a = a.data[i] ^ target.data[i];
        const int from_b = b.data[i] ^ target.data[i];
        if (from_a != from_b) return from_a < from_b;
    }
    return false;
}

bool can_be_one_host(const IpEndpoint& where) noexcept {
    return where.port != 0 && !where.address.is_unspecified() && !where.address.is_multicast();
}

Result<void> check_relayed(const IpAddress& sender, const IpAddress& address) {
    if (address.is_unspecified() || address.is_special())
        return Error{Errc::kMalformed, "an address that no node can have"};
    if (address.is_loopback() && !sender.is_loopback())
        return Error{Errc::kMalformed, "a loopback address from elsewhere"};
    if (address.is_local() && !sender.is_local())
        return Error{Errc::kMalformed, "an address of a local network from outside"};
    return {};
}

Result<Node> node_from(const Neighbour& told, const IpAddress& sender) {
    if (!told.endpoint.ip) return Error{Errc::kMalformed, "a node without an address"};
    if (told.endpoint.udp == 0) return Error{Errc::kMalformed, "a node with UDP port 0"};
    FASTSYNC_CHECK(check_relayed(sender, *told.endpoint.ip));
    FASTSYNC_CHECK(crypto::check_public_key(told.id));
    return make_node(told.id, {*told.endpoint.ip, told.endpoint.udp}, told.endpoint.tcp);
}

}  // namespace fastsync::discovery
