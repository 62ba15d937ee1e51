// The part of Host that finds out whether a node is of use to us.
#include <common/log.hpp>
#include <eth/host.hpp>

namespace fastsync::eth {

using async::Task;

/// The peer joins once it has shown to be on our chain, as far as it has come; nothing is left in
/// `refused` then.
Task<void> Host::admit(Peer peer, std::optional<Error>& refused) {
    co_await await_departure(peer.enode.id, opposite(peer.direction));
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
    if (refused->code == Errc::kClosed) co_return;
    blame(peer.enode.id, fault_in(*refused, ConnectionStage::kSession).value_or(Fault::kStalling));
}

/// A session stands. Should there be another one with that node, the other way, one of them goes.
Task<Host::Ended> Host::settle(std::shared_ptr<Session> session, Enode enode, Direction direction) {
    if (const Peer* other = peers_.find(enode.id, opposite(direction))) {
        if (!peers_.prefers(enode.id, direction)) {
            session->disconnect(rlpx::DisconnectReason::kAlreadyConnected);
            (void)co_await session->run();
            peers_.release(enode.id, direction);
            co_return Ended{{Errc::kOverloaded, "we refused it: already connected"}, {}};
        }
        other->session->disconnect(rlpx::DisconnectReason::kAlreadyConnected);
    }
    const Peer peer = peers_.add({0, std::move(enode), direction, clock_.now(), session});
    co_return co_await run_session(peer);
}

/// A session that another one replaces is gone before that one joins: nobody sees two of a node.
Task<void> Host::await_departure(NodeId id, Direction direction) {
    while (peers_.find(id, direction) != nullptr) {
        departed_.reset();
        co_await departed_.wait();
    }
}

/// Not when it left in favour of another connection with us.
void Host::blame_for_leaving(const NodeId& id) {
    if (!stopped_ && !peers_.holds(id)) blame(id, Fault::kComesAndGoes);
}

/// Two sides settle on the highest version in common: those without node data are offered only to
/// a node that was seen to have no other, and the satellite.
rlpx::LocalNode Host::local_for(const NodeId& id) const {
    rlpx::LocalNode local = local_;
    if (without_node_data_.contains(id)) local.offers = capability_offers_without_node_data();
    return local;
}

/// Such a node is remembered for local_for(): the next dial finds more in common.
bool Host::has_satellite_alone(const rlpx::Connection& connection) {
    const bool alone = connection.version_of(kNodeDataProtocol).has_value() &&
                       !connection.version_of(kProtocolName).has_value();
    if (!alone) return false;
    if (options_.offers.empty() && without_node_data_.size() < kMaxWithoutNodeData)
        without_node_data_.insert(connection.remote_id());
    return true;
}

}  // namespace fastsync::eth
