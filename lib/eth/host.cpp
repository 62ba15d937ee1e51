#include <algorithm>
#include <utility>

#include <common/log.hpp>
#include <eth/host.hpp>
#include <eth/version.hpp>
#include <net/address.hpp>

namespace fastsync::eth {

using async::Task;

namespace {

rlpx::DisconnectReason reason_for(PeerSet::Refusal refusal) {
    switch (refusal) {
        case PeerSet::Refusal::kSelf:
            return rlpx::DisconnectReason::kSelf;
        case PeerSet::Refusal::kAlreadyConnected:
            return rlpx::DisconnectReason::kAlreadyConnected;
        case PeerSet::Refusal::kTooMany:
        case PeerSet::Refusal::kTooManyOfNetwork:
            break;
    }
    return rlpx::DisconnectReason::kTooManyPeers;
}

std::string host_of(const std::string& address) {
    const auto parsed = net::parse_host_port(address);
    return parsed ? parsed->host : address;
}

/// Where an incoming peer may be reached, as far as it says.
Enode enode_of(const rlpx::Connection& connection) {
    Enode enode{connection.remote_id(), "", connection.remote_hello().listen_port, 0};
    enode.host = host_of(connection.remote_address());
    return enode;
}

/// 0.0.0.0 for what is no address.
IpAddress ip_of(const std::string& host) {
    const auto parsed = IpAddress::parse(host);
    return parsed ? *parsed : IpAddress{};
}

/// The peer ended it, with a word or without.
bool is_its_end(const Error& why) {
    return why.code == Errc::kClosed || why.code == Errc::kDisconnected;
}

/// What is counted of the end of a connection: a kind of failure, or what the peer said.
std::string reason_of(const Error& why) {
    if (why.code == Errc::kDisconnected) return why.message();
    if (why.code == Errc::kOutdated) return why.detail;
    if (why.code == Errc::kIncompatible) {
        // What differs, without the values that differ.
        const std::string what = why.detail.substr(0, why.detail.find_first_of("0123456789"));
        if (what.size() < 64)
            return Error{why.code, what.substr(0, what.find_last_not_of(' ') + 1)}.message();
    }
    const bool said = why.code == Errc::kProtocol && why.detail.size() < 64;
    return said ? why.detail : std::string{to_string(why.code)};
}

}  // namespace

Host::Host(async::Executor executor, async::Clock& clock, crypto::EntropySource& entropy,
           rlpx::LocalNode local, Backend& backend, std::unique_ptr<net::Dialer> dialer,
           std::unique_ptr<net::Listener> listener, HostOptions options, HostObserver* observer)
    : executor_(executor),
      clock_(clock),
      entropy_(entropy),
      local_(std::move(local)),
      backend_(backend),
      dialer_(std::move(dialer)),
      listener_(std::move(listener)),
      options_(std::move(options)),
      observer_(observer),
      peers_(local_.key.public_key(), options_.max_peers),
      closing_(executor),
      departed_(executor),
      scope_(executor) {
    local_.offers = options_.offers.empty() ? capability_offers() : options_.offers;
    for (Enode& enode : options_.static_peers)
        keep_static(std::move(enode));
    options_.static_peers.clear();
}

Task<void> Host::run() {
    running_ = true;
    for (const auto& peer : static_peers_)
        scope_.spawn(keep_dialed(peer));
    if (listener_) scope_.spawn(accept_all());
    if (options_.source != nullptr) scope_.spawn(dial_found());
    co_await closing_.wait();
    co_await scope_.join();
}

void Host::announce(const BlockAnnouncement& block) {
    announced_ = block;
    for (const auto& [number, peer] : peers_.all())
        tell_announced(peer);
}

void Host::tell_announced(const Peer& peer) {
    const auto sent = peer.session->announce_block(*announced_);
    if (!sent) {
        log::debug("peers", "not announced peer={} reason=\"{}\"", short_id(peer.enode.id),
                   sent.error().message());
    }
}

void Host::stop_growing() {
    closing_.open();
    for (const auto& peer : static_peers_)
        peer->given_up.open();
    dialer_->close();
    if (options_.source != nullptr) options_.source->close();
    if (listener_) listener_->close();
}

void Host::stop() {
    stop_growing();
    if (std::exchange(stopped_, true)) return;
    handshakes_.close_all();
    for (const auto& [number, peer] : peers_.all())
        peer.session->disconnect(rlpx::DisconnectReason::kClientQuitting);
}

Task<void> Host::accept_all() {
    while (!closing_.is_open()) {
        auto stream = co_await listener_->accept();
        if (!stream) break;
        const IpAddress from = ip_of(host_of((*stream)->remote()));
        if (!gate_.enter(from, clock_.now())) {
            log::debug("peers", "inbound not heard address={} pending={}", (*stream)->remote(),
                       gate_.pending());
            continue;
        }
        ++stats_.inbound;
        scope_.spawn(welcome(*std::move(stream), from));
    }
}

Task<void> Host::welcome(std::unique_ptr<net::ByteStream> stream, IpAddress from) {
    const std::string address = stream->remote();
    std::unique_ptr<net::ByteStream> tracked = handshakes_.add(std::move(stream));
    net::ByteStream& raw = *tracked;
    auto connection =
        co_await rlpx::Connection::accept(std::move(tracked), local_, clock_, entropy_);
    gate_.left(from);
    if (!connection) {
        note_end(connection.error());
        log::debug("peers", "inbound failed address={} reason=\"{}\"", address,
                   connection.error().message());
        co_return;
    }
    Enode enode = enode_of(**connection);
    const Ended ended =
        co_await serve(*std::move(connection), raw, std::move(enode), Direction::kInbound);
    note_end(ended.why);
    log::debug("peers", "inbound ended address={} reason=\"{}\"", address, ended.why.message());
}

Task<Host::Ended> Host::dial_once(Enode enode) {
    ++stats_.dials;
    const Ended ended = co_await dial_and_serve(enode);
    note_end(ended.why);
    co_return ended;
}

Task<Host::Ended> Host::dial_and_serve(Enode enode) {
    auto stream = co_await dialer_->dial(enode.host, enode.tcp_port, clock_.now() + kDialTimeout);
    if (!stream) co_return Ended{stream.error(), {}};
    std::unique_ptr<net::ByteStream> tracked = handshakes_.add(*std::move(stream));
    net::ByteStream& raw = *tracked;
    if (closing_.is_open()) co_return Ended{{Errc::kClosed, "we are stopping"}, {}};
    const rlpx::LocalNode local = local_for(enode.id);
    auto connection =
        co_await rlpx::Connection::initiate(std::move(tracked), local, enode.id, clock_, entropy_);
    if (!connection) {
        if (const auto fault = fault_in(connection.error(), ConnectionStage::kHandshake))
            blame(enode.id, *fault);
        co_return Ended{connection.error(), {}};
    }
    co_return co_await serve(*std::move(connection), raw, enode, Direction::kOutbound);
}

/// Tells a peer why it finds no place, and waits until it has heard.
Task<Host::Ended> Host::turn_away(std::unique_ptr<rlpx::Connection> connection,
                                  rlpx::DisconnectReason reason) {
    connection->disconnect(reason);
    (void)co_await connection->run();
    co_return Ended{{Errc::kOverloaded, "we refused it: " + std::string{to_string(reason)}}, {}};
}

/// From Hello to the end of the session.
Task<Host::Ended> Host::serve(std::unique_ptr<rlpx::Connection> connection, net::ByteStream& stream,
                              Enode enode, Direction direction) {
    if (stopped_) co_return Ended{{Errc::kClosed, "we are stopping"}, {}};
    const PeerSet::Rank rank = rank_of(enode.id);
    if (is_banned(enode.id)) {
        co_return co_await turn_away(std::move(connection), rlpx::DisconnectReason::kUselessPeer);
    }
    if (has_satellite_alone(*connection)) {
        co_return co_await turn_away(std::move(connection), rlpx::DisconnectReason::kUselessPeer);
    }
    const auto refusal = peers_.reserve(enode.id, direction, rank, ip_of(enode.host));
    if (refusal) co_return co_await turn_away(std::move(connection), reason_for(*refusal));
    auto opened = co_await Session::open(std::move(connection), backend_, clock_);
    if (!opened) {
        peers_.release(enode.id, direction);
        const bool left = direction == Direction::kInbound && is_its_end(opened.error());
        if (const auto fault = fault_in(opened.error(), ConnectionStage::kSession))
            blame(enode.id, *fault);
        else if (left)
            blame_for_leaving(enode.id);
        const bool newer = opened.error().code == Errc::kOutdated;
        if (newer && outdated_.size() < kMaxOutdated) outdated_.insert(enode.id);
        co_return Ended{opened.error(), {}};
    }
    handshakes_.settle(stream);
    co_return co_await settle(*std::move(opened), std::move(enode), direction);
}

Task<Host::Ended> Host::run_session(Peer peer) {
    if (stopped_) peer.session->disconnect(rlpx::DisconnectReason::kClientQuitting);
    async::TaskScope scope{executor_};
    std::optional<Error> refused = Error{Errc::kClosed, "not asked yet"};
    scope.spawn(admit(peer, refused));
    const Error why = co_await peer.session->run();
    co_await scope.join();
    peer.session->observe(nullptr);
    peers_.remove(peer.number);
    if (const auto fault = fault_in(why, ConnectionStage::kSession)) {
        blame(peer.enode.id, *fault);
    } else if (was_short_visit(peer, why)) {
        blame_for_leaving(peer.enode.id);
    }
    if (!refused) {
        tell_source(peer, peer.session->stats().items);
        if (observer_ != nullptr) observer_->on_left(peer, why);
    }
    departed_.open();
    if (refused) co_return Ended{refused->code == Errc::kClosed ? why : *refused, {}};
    co_return Ended{why, clock_.now() - peer.since};
}

void Host::note_joined(const Peer& peer) {
    ++stats_.sessions;
    log::debug("peers", "joined peer={} client=\"{}\" eth={} peers={}", short_id(peer.enode.id),
               peer.session->connection().remote_hello().client_name,
               peer.session->status().eth_version, peers_.size());
    for (const auto& known : static_peers_) {
        const bool dialed = peer.direction == Direction::kOutbound;
        if (dialed && known->enode.id == peer.enode.id) known->dial.joined();
    }
    if (options_.source != nullptr && peer.direction == Direction::kOutbound)
        options_.source->reached(peer.enode);
    // Its Status went out before the announcement, perhaps.
    if (announced_) tell_announced(peer);
    if (observer_ != nullptr) observer_->on_joined(peer);
}

/// Who gave us something is worth remembering, also one that came by itself.
void Host::tell_source(const Peer& peer, std::uint64_t items) {
    if (options_.source == nullptr || items == 0) return;
    if (peer.direction == Direction::kInbound && peer.enode.tcp_port != 0)
        options_.source->reached(peer.enode);
    options_.source->served(peer.enode.id, items);
}

PeerSet::Rank Host::rank_of(const NodeId& id) const {
    const auto& known = static_peers_;
    const auto& trusted = options_.trusted_peers;
    const bool always = std::any_of(known.begin(), known.end(),
                                    [&](const auto& peer) { return peer->enode.id == id; }) ||
                        std::find(trusted.begin(), trusted.end(), id) != trusted.end();
    return always ? PeerSet::Rank::kStatic : PeerSet::Rank::kOrdinary;
}

/// Whether an incoming peer left before anybody could have got anything of it.
bool Host::was_short_visit(const Peer& peer, const Error& why) const {
    const bool by_itself = peer.direction == Direction::kInbound && is_its_end(why) &&
                           !peer.session->connection().was_left();
    return by_itself && clock_.now() - peer.since < kShortVisit && peer.session->stats().items == 0;
}

void Host::blame(const NodeId& id, Fault fault) {
    const Reaction& reaction = reaction_to(fault);
    reputation_.note(id, fault, clock_.now());
    log::debug("peers", "peer at fault peer={} fault=\"{}\" penalty={:.0f} dropped={}",
               short_id(id), reaction.words, reputation_.penalty(id, clock_.now()),
               reaction.goodbye.has_value());
    const bool banned = is_banned(id);
    if (!reaction.goodbye && !banned) return;
    const auto goodbye = reaction.goodbye.value_or(rlpx::DisconnectReason::kUselessPeer);
    for (const auto& [number, peer] : peers_.all()) {
        if (peer.enode.id == id) peer.session->disconnect(goodbye);
    }
}

/// Static and trusted peers find a place all the same.
bool Host::is_banned(const NodeId& id) const {
    return rank_of(id) == PeerSet::Rank::kOrdinary && reputation_.ban(id, clock_.now()).has_value();
}

void Host::note_end(const Error& why) {
    auto& ends = stats_.ends;
    const std::string reason = reason_of(why);
    if (ends.contains(reason) || ends.size() < HostStats::kMaxReasons) ++ends[reason];
}

HostStats Host::stats() const {
    HostStats stats = stats_;
    stats.unheard = gate_.refused();
    return stats;
}

double Host::chance() {
    const auto drawn = entropy_.draw<FixedBytes<2, struct ChanceTag>>();
    return (drawn.data[0] * 256 + drawn.data[1]) / 65536.0;
}

}  // namespace fastsync::eth
