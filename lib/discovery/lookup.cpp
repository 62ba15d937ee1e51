#include <discovery/lookup.hpp>

namespace fastsync::discovery {
namespace {

/// Candidates kept: those asked, and enough behind the nearest for when some of these fail.
constexpr std::size_t kMaxCandidates = kMaxLookupAsks + 2 * kBucketSize;

}  // namespace

Lookup::Lookup(const NodeId& target, const std::vector<Node>& seeds)
    : target_(target), key_(key_of(target)) {
    for (const Node& seed : seeds)
        consider(seed);
}

std::size_t Lookup::find(const NodeId& id) const {
    std::size_t at = 0;
    while (at < nearest_.size() && nearest_[at].node.id != id)
        ++at;
    return at;
}

void Lookup::consider(const Node& node) {
    if (find(node.id) != nearest_.size()) return;
    if (std::find(refused_.begin(), refused_.end(), node.id) != refused_.end()) return;
    const auto at = std::lower_bound(
        nearest_.begin(), nearest_.end(), node,
        [&](const Candidate& a, const Node& b) { return is_closer(key_, a.node.key, b.key); });
    nearest_.insert(at, {node, State::kNew});
    if (nearest_.size() <= kMaxCandidates) return;
    // The farthest goes, unless it is being asked: its answer is still to be told.
    const auto last = std::find_if(nearest_.rbegin(), nearest_.rend(),
                                   [](const Candidate& c) { return c.state != State::kAsked; });
    if (last != nearest_.rend()) nearest_.erase(std::next(last).base());
}

const Lookup::Candidate* Lookup::next_candidate() const {
    if (asked_ >= kMaxLookupAsks) return nullptr;
    const std::size_t end = std::min(nearest_.size(), kBucketSize);
    for (std::size_t i = 0; i < end; ++i)
        if (nearest_[i].state == State::kNew) return &nearest_[i];
    return nullptr;
}

std::optional<Node> Lookup::next() {
    if (open_ >= kLookupConcurrency) return std::nullopt;
    const Candidate* chosen = next_candidate();
    if (chosen == nullptr) return std::nullopt;
    nearest_[static_cast<std::size_t>(chosen - nearest_.data())].state = State::kAsked;
    ++open_;
    ++asked_;
    return chosen->node;
}

void Lookup::answered(const NodeId& id, const std::vector<Node>& told) {
    const std::size_t at = find(id);
    if (at == nearest_.size() || nearest_[at].state != State::kAsked) return;
    nearest_[at].state = State::kAnswered;
    --open_;
    for (const Node& node : told)
        consider(node);
}

void Lookup::failed(const NodeId& id) {
    const std::size_t at = find(id);
    if (at == nearest_.size() || nearest_[at].state != State::kAsked) return;
    nearest_.erase(nearest_.begin() + static_cast<std::ptrdiff_t>(at));
    --open_;
    refused_.push_back(id);
}

bool Lookup::is_done() const {
    return open_ == 0 && next_candidate() == nullptr;
}

}  // namespace fastsync::discovery
