#include <algorithm>

#include <sync/peer_ledger.hpp>

namespace fastsync::sync {

std::vector<OpenRequest> PeerLedger::leave(PeerId peer) {
    std::vector<OpenRequest> returned;
    for (auto it = requests_.begin(); it != requests_.end();) {
        if (it->second.peer != peer) {
            ++it;
            continue;
        }
        open_items_ -= it->second.tasks.size();
        returned.push_back(std::move(it->second));
        it = requests_.erase(it);
    }
    peers_.erase(peer);
    return returned;
}

std::vector<PeerId> PeerLedger::idle() const {
    std::vector<PeerId> ids;
    for (const auto& [id, record] : peers_) {
        if (record.open_requests < record.rate.window()) ids.push_back(id);
    }
    std::stable_sort(ids.begin(), ids.end(), [this](PeerId a, PeerId b) {
        return peers_.at(a).rate.items_per_second() > peers_.at(b).rate.items_per_second();
    });
    return ids;
}

PeerRecord& PeerLedger::at(PeerId peer) {
    const auto found = peers_.find(peer);
    FASTSYNC_ASSERT(found != peers_.end());
    return found->second;
}

const OpenRequest& PeerLedger::open(PeerId peer, std::vector<NodeTask> tasks, TimePoint now,
                                    std::uint64_t epoch) {
    PeerRecord& record = at(peer);
    ++record.open_requests;
    record.open_items += tasks.size();
    open_items_ += tasks.size();
    const RequestId id{next_id_++};
    const auto [place, added] = requests_.emplace(
        id, OpenRequest{id, peer, std::move(tasks), now, now + record.rate.timeout(), epoch, {}});
    FASTSYNC_ASSERT(added);
    return place->second;
}

void PeerLedger::pair(RequestId slow, RequestId fast) {
    requests_.at(slow).twin = fast;
    requests_.at(fast).twin = slow;
}

const OpenRequest* PeerLedger::twin_of(const OpenRequest& request) const {
    if (!request.twin) return nullptr;
    const auto found = requests_.find(*request.twin);
    return found == requests_.end() ? nullptr : &found->second;
}

std::optional<OpenRequest> PeerLedger::close(RequestId id) {
    const auto found = requests_.find(id);
    if (found == requests_.end()) return std::nullopt;
    OpenRequest request = std::move(found->second);
    requests_.erase(found);
    open_items_ -= request.tasks.size();
    PeerRecord& record = at(request.peer);
    --record.open_requests;
    record.open_items -= request.tasks.size();
    return request;
}

}  // namespace fastsync::sync
