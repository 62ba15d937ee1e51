// The part of Host that dials static and found nodes and makes room for them.
#include <algorithm>
#include <utility>

#include <common/log.hpp>
#include <eth/host.hpp>

namespace fastsync::eth {

using async::Task;

namespace {

/// Of the places, how many we fill ourselves when others can come to us too.
std::size_t dialed_share(std::size_t most, bool listens) {
    return listens ? std::max<std::size_t>(most - most / 4, 1) : most;
}

/// Asked for items, and gave none.
bool gave_nothing(const Peer& peer) {
    const SessionStats stats = peer.session->stats();
    return stats.items == 0 && stats.requests_sent > 0;
}

}  // namespace

void Host::keep_static(Enode enode) {
    auto peer = std::make_shared<StaticPeer>(executor_, std::move(enode));
    static_peers_.push_back(peer);
    if (running_) scope_.spawn(keep_dialed(std::move(peer)));
}

void Host::set_named_peers(std::vector<Enode> static_peers, std::vector<NodeId> trusted_peers) {
    if (closing_.is_open()) return;
    const StaticPeers before = std::exchange(static_peers_, {});
    options_.trusted_peers = std::move(trusted_peers);
    for (Enode& enode : static_peers) {
        const auto same = [&enode](const auto& peer) { return peer->enode == enode; };
        const auto known = std::find_if(before.begin(), before.end(), same);
        if (known == before.end())
            keep_static(std::move(enode));
        else
            static_peers_.push_back(*known);
    }
    for (const auto& peer : before) {
        if (std::find(static_peers_.begin(), static_peers_.end(), peer) == static_peers_.end())
            peer->given_up.open();
    }
    // Who was here in spite of a ban was so for being named.
    for (const auto& [number, peer] : peers_.all()) {
        if (is_banned(peer.enode.id))
            peer.session->disconnect(rlpx::DisconnectReason::kUselessPeer);
    }
}

Task<void> Host::keep_dialed(std::shared_ptr<StaticPeer> peer) {
    const Enode& enode = peer->enode;
    while (!peer->given_up.is_open()) {
        Duration pause = kFirstPause;
        // It may have come to us.
        if (!peers_.holds(enode.id)) {
            peer->dial.started();
            const Ended ended = co_await dial_once(enode);
            pause = peer->dial.ended(ended.why, ended.stood, chance());
            if (peers_.holds(enode.id)) {
                // It dialed us at the same time, and that connection was the one to stay.
                peer->dial.joined();
                pause = kFirstPause;
            }
            log::debug("peers", "static peer={} ended reason=\"{}\" next_dial_s={:.1f}",
                       short_id(enode.id), ended.why.message(), to_seconds(pause));
        }
        (void)co_await clock_.sleep_until(clock_.now() + pause, &peer->given_up);
    }
}

Task<void> Host::dial_found() {
    while (!closing_.is_open()) {
        const std::size_t room = room_for_dials();
        if (room == 0) {
            make_room();
        } else {
            auto nodes = co_await options_.source->next_nodes(room, clock_.now() + kSourcePatience);
            if (!nodes && nodes.error().code == Errc::kClosed) co_return;
            if (nodes) {
                for (Enode& node : *nodes) {
                    if (worth_dialing(node)) scope_.spawn(try_found(std::move(node)));
                }
            }
        }
        (void)co_await clock_.sleep_until(clock_.now() + kDialRoundPause, &closing_);
    }
}

std::size_t Host::room_for_dials() const {
    const auto dialed_as_found = [this](const auto& entry) {
        const Peer& peer = entry.second;
        return peer.direction == Direction::kOutbound && found_.contains(peer.enode.id);
    };
    const auto& all = peers_.all();
    const auto standing =
        static_cast<std::size_t>(std::count_if(all.begin(), all.end(), dialed_as_found));
    const std::size_t dialing = found_.size() - std::min(found_.size(), standing);
    const auto left = [](std::size_t most, std::size_t used) {
        return most - std::min(most, used);
    };
    const std::size_t share = dialed_share(options_.max_peers, listener_ != nullptr);
    return std::min({left(share, found_.size()), left(options_.max_peers, peers_.size() + dialing),
                     left(kMaxDialing, dialing)});
}

bool Host::worth_dialing(const Enode& enode) const {
    const TimePoint now = clock_.now();
    return !peers_.holds(enode.id) && book_.may_dial(enode.id, now) &&
           rank_of(enode.id) == PeerSet::Rank::kOrdinary && !reputation_.ban(enode.id, now);
}

Task<void> Host::try_found(Enode enode) {
    found_.insert(enode.id);
    book_.started(enode, clock_.now());
    const Ended ended = co_await dial_once(enode);
    found_.erase(enode.id);
    book_.ended(enode.id, ended.why, ended.stood, chance(), clock_.now());
    // Unless it dialed us at the same time, and that connection was the one to stay.
    if (!ended.stood && !peers_.holds(enode.id)) options_.source->failed(enode);
    log::debug("peers", "found peer={} ended reason=\"{}\" stood_s={:.1f}", short_id(enode.id),
               ended.why.message(), ended.stood ? to_seconds(*ended.stood) : 0.0);
}

/// Lets the ordinary peer go that has been here longest and gave nothing, if all places are taken.
void Host::make_room() {
    const TimePoint now = clock_.now();
    if (peers_.size() < options_.max_peers || now < next_eviction_) return;
    const Peer* longest = nullptr;
    for (const auto& [number, peer] : peers_.all()) {
        const bool goes = now - peer.since >= kProbation && gave_nothing(peer) &&
                          rank_of(peer.enode.id) == PeerSet::Rank::kOrdinary;
        if (goes && (longest == nullptr || peer.since < longest->since)) longest = &peer;
    }
    if (longest == nullptr) return;
    next_eviction_ = now + kEvictionPause;
    const NodeId id = longest->enode.id;
    if (options_.source != nullptr) options_.source->failed(longest->enode);
    blame(id, Fault::kUseless);
}

}  // namespace fastsync::eth
