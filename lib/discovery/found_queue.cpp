#include <discovery/found_queue.hpp>

namespace fastsync::discovery {

bool FoundQueue::push(FoundNode found, TimePoint now) {
    if (found.node.tcp == 0) return false;
    const auto given = given_.find(found.node.id);
    if (given != given_.end() && now - given->second < kFoundAgainAfter) return false;
    if (!subnets_.has_room(found.node.udp.address)) return false;
    if (given == given_.end() && given_.size() >= kMaxRemembered) forget_old(now);
    given_.insert_or_assign(found.node.id, now);
    if (queue_.size() >= kMaxFound) (void)pop();
    subnets_.add(found.node.udp.address);
    queue_.push_back(std::move(found));
    return true;
}

void FoundQueue::forget_old(TimePoint now) {
    boost::unordered::erase_if(
        given_, [&](const auto& entry) { return now - entry.second >= kFoundAgainAfter; });
    if (given_.size() < kMaxRemembered) return;
    given_.erase(std::min_element(given_.begin(), given_.end(), [](const auto& a, const auto& b) {
        return a.second < b.second;
    }));
}

std::vector<FoundNode> FoundQueue::take(std::size_t max) {
    std::vector<FoundNode> out;
    while (!queue_.empty() && out.size() < max)
        out.push_back(pop());
    return out;
}

FoundNode FoundQueue::pop() {
    FoundNode out = std::move(queue_.front());
    queue_.pop_front();
    subnets_.remove(out.node.udp.address);
    return out;
}

}  // namespace fastsync::discovery
