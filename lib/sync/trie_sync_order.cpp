// The part of TrieSync that says what is fetched next.
#include <algorithm>

#include <sync/trie_sync.hpp>

namespace fastsync::sync {

std::vector<NodeTask> TrieSync::missing(std::size_t max) {
    std::vector<NodeTask> tasks;
    take_codes(max, tasks);
    // Without room it is depth first all the way: what is begun is finished before more is begun.
    narrow_ = pending_bytes() > defer_bytes_;
    take_nodes(kStorageDepth + DeferredTries::kFree, max, tasks);
    if (narrow_) take_deferred(max, tasks);
    take_nodes(0, max, tasks);
    take_deferred(max, tasks);
    while (deepest_ > 0 && node_queues_[deepest_].empty())
        --deepest_;
    return tasks;
}

void TrieSync::take_codes(std::size_t max, std::vector<NodeTask>& tasks) {
    while (tasks.size() < max && !code_queue_.empty()) {
        const Index index = code_queue_.back();
        code_queue_.pop_back();
        take(index, tasks);
    }
}

/// The deepest first, down to depth `lowest`.
void TrieSync::take_nodes(std::size_t lowest, std::size_t max, std::vector<NodeTask>& tasks) {
    for (std::size_t depth = deepest_ + 1; depth-- > lowest && tasks.size() < max;) {
        auto& queue = node_queues_[depth];
        while (tasks.size() < max && !queue.empty() &&
               requested_at_[depth] < kMaxRequestedPerDepth) {
            const Index index = queue.back();
            queue.pop_back();
            take(index, tasks);
        }
    }
    // The last one put off is the first to be taken: the deepest, and of those the lowest path.
    for (std::size_t i = put_off_.size(); i-- > 0;)
        deferred_.put(entries_[put_off_[i]].trie, put_off_[i]);
    put_off_.clear();
}

void TrieSync::take(Index index, std::vector<NodeTask>& tasks) {
    Entry& entry = entries_[index];
    // An entry that was delivered while it waited here left its index behind; the slot may even be
    // in use again, and then whoever comes first takes it.
    if (entry.phase != Phase::kQueued) return;
    const bool in_trie = entry.trie != WorkEstimate::kNoTrie;
    if (in_trie && !narrow_ && !deferred_.may_take(entry.trie, entry.path.path.size())) {
        put_off_.push_back(index);
    } else {
        hand_out(index, tasks);
    }
}

void TrieSync::hand_out(Index index, std::vector<NodeTask>& tasks) {
    Entry& entry = entries_[index];
    entry.phase = Phase::kRequested;
    --queued_;
    ++requested_;
    ++requested_at_[depth_of(entry)];
    tasks.push_back({entry.hash, entry.kind});
}

/// After a node of a storage trie was decoded.
void TrieSync::widen_sample(const Entry& decoded) {
    const WorkEstimate::TrieId trie = decoded.trie;
    const std::size_t depth = decoded.path.path.size();
    if (!deferred_.may_widen(trie, depth)) return;
    const auto children = work_.children_at(trie, depth, DeferredTries::kSample);
    if (!children || *children > DeferredTries::kFewChildren) return;
    for (const Index index : deferred_.widen(trie, depth)) {
        const Entry& entry = entries_[index];
        if (entry.phase != Phase::kQueued || entry.trie != trie) continue;
        if (entry.path.path.size() == depth) {
            node_queues_[depth_of(entry)].push_back(index);
            deepest_ = std::max(deepest_, depth_of(entry));
        } else {
            deferred_.put(trie, index);
        }
    }
}

/// Of the storage tries that wait, the smallest first: deep nodes of one before another one.
void TrieSync::take_deferred(std::size_t max, std::vector<NodeTask>& tasks) {
    // Nodes of a depth where no more may be in flight; of many of them the rest waits too.
    constexpr std::size_t kMostAside = 256;
    std::vector<Index> aside;
    while (tasks.size() < max && aside.size() < kMostAside && !deferred_.empty()) {
        const WorkEstimate::TrieId trie = smallest_deferred();
        while (tasks.size() < max && aside.size() < kMostAside && deferred_.waits(trie)) {
            const Index index = deferred_.take(trie);
            const Entry& entry = entries_[index];
            if (entry.phase != Phase::kQueued || entry.trie != trie) continue;
            if (requested_at_[depth_of(entry)] >= kMaxRequestedPerDepth) {
                aside.push_back(index);
            } else {
                hand_out(index, tasks);
            }
        }
    }
    for (std::size_t i = aside.size(); i-- > 0;)
        deferred_.put(entries_[aside[i]].trie, aside[i]);
}

WorkEstimate::TrieId TrieSync::smallest_deferred() {
    // Of very many not all are looked at each time.
    constexpr std::size_t kLookAt = 256;
    const auto& waiting = deferred_.waiting();
    const std::size_t count = std::min(kLookAt, waiting.size());
    WorkEstimate::TrieId smallest = WorkEstimate::kNoTrie;
    double least = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto trie = waiting[(next_look_ + i) % waiting.size()];
        const double left = work_.left_in(trie);
        if (smallest != WorkEstimate::kNoTrie && left >= least) continue;
        smallest = trie;
        least = left;
    }
    if (count < waiting.size()) next_look_ += count;
    return smallest;
}

}  // namespace fastsync::sync
