#include <utility>

#include <common/assert.hpp>
#include <eth/peer_set.hpp>

namespace fastsync::eth {

std::optional<PeerSet::Refusal> PeerSet::reserve(const NodeId& id, Rank rank) {
    if (id == self_) return Refusal::kSelf;
    if (places_.contains(id)) return Refusal::kAlreadyConnected;
    if (rank != Rank::kStatic && places_.size() >= most_) return Refusal::kTooMany;
    places_.insert(id);
    return std::nullopt;
}

void PeerSet::release(const NodeId& id) {
    places_.erase(id);
}

const Peer& PeerSet::add(Peer peer) {
    FASTSYNC_ASSERT(places_.contains(peer.enode.id));
    peer.number = ++last_number_;
    return peers_.emplace(peer.number, std::move(peer)).first->second;
}

void PeerSet::remove(std::uint64_t number) {
    const auto found = peers_.find(number);
    if (found == peers_.end()) return;
    places_.erase(found->second.enode.id);
    peers_.erase(found);
}

}  // namespace fastsync::eth
