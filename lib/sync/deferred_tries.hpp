#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <sync/work_estimate.hpp>

namespace fastsync::sync {

/// Large storage tries wait until the accounts are through. Of each a sample is fetched at once,
/// which is all there is of a small one, and tells how large it is; the rest comes later. So the
/// size of the whole state is known when a small part of it is there, and not only at the end.
///
/// What waits costs memory: the one who fetches takes from the smallest ones whenever it is too
/// much. Then the largest wait, and those matter most.
class DeferredTries {
  public:
    using TrieId = WorkEstimate::TrieId;
    using Index = std::uint32_t;
    /// Nodes of each depth of a trie that are its sample; all that is less deep than kFree is.
    static constexpr std::uint16_t kSample = 16;
    /// The same of a depth where nodes have few children: cheap to hold, and too different from
    /// each other for a small sample.
    static constexpr std::uint16_t kWideSample = 64;
    static constexpr double kFewChildren = 6;
    static constexpr std::size_t kFree = 2;

    void opened(TrieId trie) {
        if (tries_.size() <= trie) tries_.resize(trie + 1);
        tries_[trie] = {};
    }
    /// Whole.
    void closed(TrieId trie) {
        leave(trie);
        tries_[trie] = {};
    }
    /// True when a node at `depth` nibbles is to be fetched now; it then counts.
    [[nodiscard]] bool may_take(TrieId trie, std::size_t depth) {
        State& state = tries_[trie];
        if (depth < kFree) return true;
        Level& level = state.levels[level_of(depth)];
        if (level.taken == level.most) return false;
        ++level.taken;
        return true;
    }
    /// It waits for take() or widen().
    void put(TrieId trie, Index node) {
        State& state = tries_[trie];
        if (state.nodes.empty()) {
            state.place = waiting_.size();
            waiting_.push_back(trie);
        }
        state.nodes.push_back(node);
    }
    [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
    /// Tries with nodes that wait.
    [[nodiscard]] const std::vector<TrieId>& waiting() const noexcept { return waiting_; }
    /// True when the sample of that depth is to be a wide one: once so many were decoded.
    [[nodiscard]] bool may_widen(TrieId trie, std::size_t depth) const {
        const State& state = tries_[trie];
        return depth >= kFree && state.levels[level_of(depth)].most == kSample;
    }
    /// @return all that waited: what is not to be taken now is to be put back
    [[nodiscard]] std::vector<Index> widen(TrieId trie, std::size_t depth) {
        tries_[trie].levels[level_of(depth)].most = kWideSample;
        leave(trie);
        return std::exchange(tries_[trie].nodes, {});
    }
    [[nodiscard]] const std::vector<Index>& nodes_of(TrieId trie) const {
        return tries_[trie].nodes;
    }
    [[nodiscard]] bool waits(TrieId trie) const { return !tries_[trie].nodes.empty(); }
    /// The node of the trie that was put off last.
    [[nodiscard]] Index take(TrieId trie) {
        State& state = tries_[trie];
        const Index node = state.nodes.back();
        state.nodes.pop_back();
        if (state.nodes.empty()) leave(trie);
        return node;
    }

  private:
    static constexpr std::size_t kDepths = 12;  ///< deeper ones count as the last
    static constexpr std::size_t kNowhere = SIZE_MAX;

    struct Level {
        std::uint16_t taken = 0;
        std::uint16_t most = kSample;
    };
    struct State {
        std::array<Level, kDepths> levels{};
        std::size_t place = kNowhere;  ///< in waiting_
        std::vector<Index> nodes;
    };

    [[nodiscard]] static std::size_t level_of(std::size_t depth) noexcept {
        return std::min(depth, kDepths) - 1;
    }
    void leave(TrieId trie) {
        const std::size_t place = std::exchange(tries_[trie].place, kNowhere);
        if (place == kNowhere) return;
        waiting_[place] = waiting_.back();
        waiting_.pop_back();
        if (place < waiting_.size()) tries_[waiting_[place]].place = place;
    }

    std::vector<State> tries_;
    std::vector<TrieId> waiting_;
};

}  // namespace fastsync::sync
