// What an engine does with packets that arrive.
#include <discovery/engine.hpp>

namespace fastsync::discovery {
namespace {

Neighbour told_of(const Node& node) {
    return {{node.udp.address, node.udp.port, node.tcp}, node.id};
}

/// Packets are meant for some 20 s; one that says it is good for so much longer comes from another
/// time than ours, seconds.
constexpr UnixTime kFarAhead = 300;

}  // namespace

void Engine::receive(const IpEndpoint& from, ByteView datagram, const Moment& moment) {
    ++stats_.received;
    const bool known = contacts_.proofs().is_known(from.address) || contacts_.expects(from.address);
    const auto source = known ? RateLimiter::Source::kKnown : RateLimiter::Source::kStranger;
    if (!can_be_one_host(from) || !limiter_.admit(from.address, source, moment.now)) {
        ++stats_.limited;
        return;
    }
    const auto packet = decode(datagram, identity_, moment.unix);
    if (!packet || packet->sender == identity_.id()) {
        ++stats_.malformed;
        if (!packet && packet.error().code == Errc::kTimeout) ++stats_.expired;
        return;
    }
    const auto expiration = expiration_of(packet->packet);
    if (expiration && *expiration > moment.unix && *expiration - moment.unix > kFarAhead)
        ++stats_.early;
    std::visit([&](const auto& content) { handle(*packet, content, from, moment); },
               packet->packet);
    pump(moment);
}

Packet Engine::make_ping(const Node& to, const Moment& moment) const {
    Ping ping;
    const auto own = own_.record().ip();
    const auto own6 = own_.record().ip6();
    ping.from = {own ? own : own6, options_.udp_port, options_.tcp_port};
    // Some clients refuse an endpoint without an address.
    if (!ping.from.ip) ping.from.ip = IpAddress{};
    ping.to = {to.udp.address, to.udp.port, 0};
    ping.expiration = moment.unix + kExpiration;
    ping.record_sequence = own_.record().sequence();
    return ping;
}

void Engine::handle(const SignedPacket& packet, const Ping& ping, const IpEndpoint& from,
                    const Moment& moment) {
    Pong pong;
    pong.to = {from.address, from.port, ping.from.tcp};
    pong.ping_hash = packet.hash;
    pong.expiration = moment.unix + kExpiration;
    pong.record_sequence = own_.record().sequence();
    outbox_.send(from, pong);
    const Node node = make_node(packet.sender, from, ping.from.tcp);
    contacts_.on_ping(node, moment);
    table_.set_tcp_port(node);
}

void Engine::handle(const SignedPacket& packet, const Pong& pong, const IpEndpoint& from,
                    const Moment& moment) {
    if (!contacts_.on_pong(packet.sender, from, pong, moment)) {
        ++stats_.unexpected;
        return;
    }
    if (options_.announced_address || !pong.to.ip) return;
    if (!check_relayed(from.address, *pong.to.ip)) return;
    votes_.add(from.address, {*pong.to.ip, pong.to.udp}, moment.now);
    const auto winner = votes_.winner(moment.now);
    if (!winner) return;
    // Too large a record is refused where it is made; an address of other length changes little.
    (void)own_.update(endpoint_entries(winner->address, winner->port, options_.tcp_port));
}

bool Engine::is_served(const SignedPacket& packet, const IpEndpoint& from, const Moment& moment) {
    if (contacts_.proofs().is_proven({packet.sender, from.address}, moment.now)) return true;
    ++stats_.unproven;
    return false;
}

void Engine::handle(const SignedPacket& packet, const FindNode& find, const IpEndpoint& from,
                    const Moment& moment) {
    if (!is_served(packet, from, moment)) return;
    Neighbours answer;
    answer.expiration = moment.unix + kExpiration;
    const Hash256 target = key_of(find.target);
    std::size_t packets = 0;
    for (const Node& node : table_.closest(target, kBucketSize, NodeTable::Which::kAnswering)) {
        if (node.id == packet.sender || !check_relayed(from.address, node.udp.address)) continue;
        answer.nodes.push_back(told_of(node));
        if (answer.nodes.size() < kMaxNeighboursSent) continue;
        outbox_.send(from, answer);
        answer.nodes.clear();
        ++packets;
    }
    if (packets == 0 || !answer.nodes.empty()) outbox_.send(from, answer);
}

void Engine::handle(const SignedPacket& packet, const Neighbours& neighbours,
                    const IpEndpoint& from, const Moment&) {
    if (!contacts_.on_neighbours(packet.sender, from, neighbours)) ++stats_.unexpected;
}

void Engine::handle(const SignedPacket& packet, const RecordRequest&, const IpEndpoint& from,
                    const Moment& moment) {
    if (!is_served(packet, from, moment)) return;
    outbox_.send(from, RecordResponse{packet.hash, own_.record().encoded()});
}

void Engine::handle(const SignedPacket& packet, const RecordResponse& response,
                    const IpEndpoint& from, const Moment&) {
    if (!contacts_.on_record(packet.sender, from, response)) ++stats_.unexpected;
}

}  // namespace fastsync::discovery
