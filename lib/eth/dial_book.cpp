#include <algorithm>

#include <eth/dial_book.hpp>

namespace fastsync::eth {

bool DialBook::may_dial(const NodeId& id, TimePoint now) const {
    const auto found = entries_.find(id);
    return found == entries_.end() || now >= found->second.next;
}

void DialBook::started(const Enode& node, TimePoint now) {
    if (!entries_.contains(node.id)) make_room();
    Entry& entry = entries_.try_emplace(node.id, Entry{DialState{node.host}, now}).first->second;
    entry.state.started();
    entry.next = TimePoint::max();
}

void DialBook::ended(const NodeId& id, const Error& why, std::optional<Duration> stood,
                     double chance, TimePoint now) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    found->second.next = now + found->second.state.ended(why, stood, chance);
}

void DialBook::make_room() {
    if (entries_.size() < kMaxDialBook) return;
    entries_.erase(std::min_element(
        entries_.begin(), entries_.end(),
        [](const auto& a, const auto& b) { return a.second.next < b.second.next; }));
}

}  // namespace fastsync::eth
