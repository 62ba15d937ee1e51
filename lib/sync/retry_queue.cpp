#include <algorithm>

#include <sync/retry_queue.hpp>

namespace fastsync::sync {

void RetryQueue::put(const NodeTask& task, PeerId peer, Why why) {
    tasks_.push_back(task);
    note(task, peer, why);
}

void RetryQueue::note(const NodeTask& task, PeerId peer, Why why) {
    if (why == Why::kCutShort) return;
    Marks& marks = marks_[task.hash];
    const bool lacks = why == Why::kLacks;
    const auto known =
        std::find_if(marks.begin(), marks.end(), [&](const Mark& m) { return m.peer == peer; });
    if (known == marks.end()) {
        marks.push_back({peer, lacks});
    } else {
        known->lacks = known->lacks || lacks;
    }
}

std::vector<NodeTask> RetryQueue::take(PeerId peer, std::size_t max, const PeerLedger& peers,
                                       const std::function<bool(const NodeTask&)>& wanted) {
    std::vector<NodeTask> taken;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        const NodeTask& task = tasks_[i];
        if (!wanted(task)) {
            marks_.erase(task.hash);
            continue;
        }
        if (taken.size() < max && may_ask(task, peer, peers)) {
            taken.push_back(task);
            continue;
        }
        tasks_[kept++] = task;
    }
    tasks_.resize(kept);
    return taken;
}

bool RetryQueue::may_ask(const NodeTask& task, PeerId peer, const PeerLedger& peers) const {
    const auto found = marks_.find(task.hash);
    if (found == marks_.end()) return true;
    const Marks& marks = found->second;
    const auto own =
        std::find_if(marks.begin(), marks.end(), [&](const Mark& m) { return m.peer == peer; });
    if (own == marks.end()) return true;
    if (own->lacks) return false;
    // It timed out before. Others first; again when all of them were tried.
    return std::all_of(peers.peers().begin(), peers.peers().end(), [&](const auto& other) {
        return std::any_of(marks.begin(), marks.end(),
                           [&](const Mark& m) { return m.peer == other.first; });
    });
}

bool RetryQueue::lacked_by(const NodeTask& task, PeerId peer) const {
    const auto found = marks_.find(task.hash);
    if (found == marks_.end()) return false;
    return std::any_of(found->second.begin(), found->second.end(),
                       [peer](const Mark& m) { return m.peer == peer && m.lacks; });
}

bool RetryQueue::failed_by(const NodeTask& task, PeerId peer) const {
    const auto found = marks_.find(task.hash);
    return found != marks_.end() && std::any_of(found->second.begin(), found->second.end(),
                                                [peer](const Mark& m) { return m.peer == peer; });
}

bool RetryQueue::unserved(const PeerLedger& peers) const {
    if (peers.size() == 0) return false;
    return std::any_of(tasks_.begin(), tasks_.end(), [&](const NodeTask& task) {
        const auto found = marks_.find(task.hash);
        if (found == marks_.end()) return false;
        return std::all_of(peers.peers().begin(), peers.peers().end(), [&](const auto& peer) {
            return std::any_of(found->second.begin(), found->second.end(),
                               [&](const Mark& m) { return m.peer == peer.first && m.lacks; });
        });
    });
}

}  // namespace fastsync::sync
