#include <utility>

#include <common/assert.hpp>
#include <eth/peer_set.hpp>

namespace fastsync::eth {

std::optional<PeerSet::Refusal> PeerSet::reserve(const NodeId& id, Rank rank,
                                                 const IpAddress& address) {
    if (id == self_) return Refusal::kSelf;
    if (places_.contains(id)) return Refusal::kAlreadyConnected;
    const IpAddress counted = rank == Rank::kStatic ? IpAddress{} : address;
    if (rank != Rank::kStatic) {
        if (places_.size() >= most_) return Refusal::kTooMany;
        if (!subnets_.has_room(counted)) return Refusal::kTooManyOfNetwork;
    }
    subnets_.add(counted);
    places_.emplace(id, counted);
    return std::nullopt;
}

void PeerSet::release(const NodeId& id) {
    const auto place = places_.find(id);
    if (place == places_.end()) return;
    subnets_.remove(place->second);
    places_.erase(place);
}

const Peer& PeerSet::add(Peer peer) {
    FASTSYNC_ASSERT(places_.contains(peer.enode.id));
    peer.number = ++last_number_;
    return peers_.emplace(peer.number, std::move(peer)).first->second;
}

void PeerSet::remove(std::uint64_t number) {
    const auto found = peers_.find(number);
    if (found == peers_.end()) return;
    release(found->second.enode.id);
    peers_.erase(found);
}

}  // namespace fastsync::eth
