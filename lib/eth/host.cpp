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
            break;
    }
    return rlpx::DisconnectReason::kTooManyPeers;
}

/// Where an incoming peer may be reached, as far as it says.
Enode enode_of(const rlpx::Connection& connection) {
    Enode enode{connection.remote_id(), "", connection.remote_hello().listen_port, 0};
    const std::string address = connection.remote_address();
    const auto parsed = net::parse_host_port(address);
    enode.host = parsed ? parsed->host : address;
    return enode;
}

std::vector<DialState> dial_states(const std::vector<Enode>& peers) {
    std::vector<DialState> states;
    for (const Enode& peer : peers)
        states.emplace_back(peer.host);
    return states;
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
      dials_(dial_states(options_.static_peers)),
      closing_(executor),
      scope_(executor) {
    local_.offers = options_.offers.empty() ? capability_offers() : options_.offers;
}

Task<void> Host::run() {
    for (std::size_t i = 0; i < options_.static_peers.size(); ++i)
        scope_.spawn(keep_dialed(i));
    if (listener_) scope_.spawn(accept_all());
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
    dialer_->close();
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
        if (pending_inbound_ >= kMaxPendingInbound) {
            log::debug("peers", "inbound refused address={} pending={}", (*stream)->remote(),
                       pending_inbound_);
            continue;
        }
        ++pending_inbound_;
        scope_.spawn(welcome(*std::move(stream)));
    }
}

Task<void> Host::welcome(std::unique_ptr<net::ByteStream> stream) {
    const std::string address = stream->remote();
    std::unique_ptr<net::ByteStream> tracked = handshakes_.add(std::move(stream));
    net::ByteStream& raw = *tracked;
    auto connection =
        co_await rlpx::Connection::accept(std::move(tracked), local_, clock_, entropy_);
    --pending_inbound_;
    if (!connection) {
        log::debug("peers", "inbound failed address={} reason=\"{}\"", address,
                   connection.error().message());
        co_return;
    }
    Enode enode = enode_of(**connection);
    const Ended ended =
        co_await serve(*std::move(connection), raw, std::move(enode), Direction::kInbound);
    log::debug("peers", "inbound ended address={} reason=\"{}\"", address, ended.why.message());
}

Task<void> Host::keep_dialed(std::size_t index) {
    const Enode enode = options_.static_peers[index];
    while (!closing_.is_open()) {
        Duration pause = kFirstPause;
        // It may have come to us.
        if (!peers_.holds(enode.id)) {
            dials_[index].started();
            const Ended ended = co_await dial_once(enode);
            pause = dials_[index].ended(ended.why, ended.stood, chance());
            log::debug("peers", "static peer={} ended reason=\"{}\" next_dial_s={:.1f}",
                       short_id(enode.id), ended.why.message(), to_seconds(pause));
        }
        (void)co_await clock_.sleep_until(clock_.now() + pause, &closing_);
    }
}

Task<Host::Ended> Host::dial_once(Enode enode) {
    auto stream = co_await dialer_->dial(enode.host, enode.tcp_port, clock_.now() + kDialTimeout);
    if (!stream) co_return Ended{stream.error(), {}};
    std::unique_ptr<net::ByteStream> tracked = handshakes_.add(*std::move(stream));
    net::ByteStream& raw = *tracked;
    if (closing_.is_open()) co_return Ended{{Errc::kClosed, "we are stopping"}, {}};
    const rlpx::LocalNode local = local_for(enode.id);
    auto connection =
        co_await rlpx::Connection::initiate(std::move(tracked), local, enode.id, clock_, entropy_);
    if (!connection) co_return Ended{connection.error(), {}};
    note_capabilities(**connection);
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
    const auto refusal = peers_.reserve(enode.id, rank_of(enode.id));
    if (refusal) co_return co_await turn_away(std::move(connection), reason_for(*refusal));
    auto opened = co_await Session::open(std::move(connection), backend_, clock_);
    if (!opened) {
        peers_.release(enode.id);
        co_return Ended{opened.error(), {}};
    }
    const std::shared_ptr<Session> session = *std::move(opened);
    handshakes_.settle(stream);
    const Peer peer = peers_.add({0, std::move(enode), direction, clock_.now(), session});
    co_return co_await run_session(peer);
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
    if (refused) co_return Ended{refused->code == Errc::kClosed ? why : *refused, {}};
    if (observer_ != nullptr) observer_->on_left(peer, why);
    co_return Ended{why, clock_.now() - peer.since};
}

/// The peer joins once it has shown to be on our chain, as far as it has come; nothing is left in
/// `refused` then.
Task<void> Host::admit(Peer peer, std::optional<Error>& refused) {
    const auto passed = co_await challenge(*peer.session, options_.required_blocks,
                                           clock_.now() + kChallengeTimeout);
    if (passed) {
        refused.reset();
        note_joined(peer);
        co_return;
    }
    refused = passed.error();
    log::debug("peers", "not admitted peer={} reason=\"{}\"", short_id(peer.enode.id),
               refused->message());
    peer.session->disconnect(rlpx::DisconnectReason::kUselessPeer);
}

/// Two sides settle on the highest version in common: those without node data are offered only to
/// a node that was seen to have no other, and the satellite.
rlpx::LocalNode Host::local_for(const NodeId& id) const {
    rlpx::LocalNode local = local_;
    if (without_node_data_.contains(id)) local.offers = capability_offers_without_node_data();
    return local;
}

void Host::note_capabilities(const rlpx::Connection& connection) {
    const bool satellite_alone = connection.version_of(kNodeDataProtocol).has_value() &&
                                 !connection.version_of(kProtocolName).has_value();
    if (!satellite_alone || !options_.offers.empty()) return;
    if (without_node_data_.size() < kMaxWithoutNodeData)
        without_node_data_.insert(connection.remote_id());
}

void Host::note_joined(const Peer& peer) {
    log::debug("peers", "joined peer={} client=\"{}\" eth={} peers={}", short_id(peer.enode.id),
               peer.session->connection().remote_hello().client_name,
               peer.session->status().eth_version, peers_.size());
    for (std::size_t i = 0; i < dials_.size(); ++i) {
        const bool dialed = peer.direction == Direction::kOutbound;
        if (dialed && options_.static_peers[i].id == peer.enode.id) dials_[i].joined();
    }
    // Its Status went out before the announcement, perhaps.
    if (announced_) tell_announced(peer);
    if (observer_ != nullptr) observer_->on_joined(peer);
}

PeerSet::Rank Host::rank_of(const NodeId& id) const {
    const auto& known = options_.static_peers;
    const bool is_static =
        std::any_of(known.begin(), known.end(), [&](const Enode& e) { return e.id == id; });
    return is_static ? PeerSet::Rank::kStatic : PeerSet::Rank::kOrdinary;
}

double Host::chance() {
    const auto drawn = entropy_.draw<FixedBytes<2, struct ChanceTag>>();
    return (drawn.data[0] * 256 + drawn.data[1]) / 65536.0;
}

}  // namespace fastsync::eth
