#include <utility>

#include <common/assert.hpp>
#include <eth/peer_set.hpp>

namespace fastsync::eth {

std::optional<PeerSet::Refusal> PeerSet::reserve(const NodeId& id, Direction direction, Rank rank,
                                                 const IpAddress& address) {
    if (id == self_) return Refusal::kSelf;
    if (const auto place = places_.find(id); place != places_.end()) {
        const bool stays = find(id, opposite(direction)) != nullptr && !prefers(id, direction);
        const bool joins = !stays && place->second.connections.insert(direction).second;
        return joins ? std::nullopt : std::optional{Refusal::kAlreadyConnected};
    }
    const IpAddress counted = rank == Rank::kStatic ? IpAddress{} : address;
    if (rank != Rank::kStatic) {
        if (places_.size() >= most_) return Refusal::kTooMany;
        if (!subnets_.has_room(counted)) return Refusal::kTooManyOfNetwork;
    }
    subnets_.add(counted);
    places_.emplace(id, Place{counted, {direction}});
    return std::nullopt;
}

void PeerSet::release(const NodeId& id, Direction direction) {
    const auto place = places_.find(id);
    if (place == places_.end()) return;
    place->second.connections.erase(direction);
    if (!place->second.connections.empty()) return;
    subnets_.remove(place->second.counted);
    places_.erase(place);
}

const Peer* PeerSet::find(const NodeId& id, Direction direction) const {
    for (const auto& [number, peer] : peers_)
        if (peer.enode.id == id && peer.direction == direction) return &peer;
    return nullptr;
}

const Peer& PeerSet::add(Peer peer) {
    FASTSYNC_ASSERT(places_.contains(peer.enode.id));
    peer.number = ++last_number_;
    return peers_.emplace(peer.number, std::move(peer)).first->second;
}

void PeerSet::remove(std::uint64_t number) {
    const auto found = peers_.find(number);
    if (found == peers_.end()) return;
    release(found->second.enode.id, found->second.direction);
    peers_.erase(found);
}

}  // namespace fastsync::eth
