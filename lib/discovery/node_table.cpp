#include <discovery/node_table.hpp>

namespace fastsync::discovery {
namespace {

constexpr std::size_t kMaxDistance = 256;
constexpr std::size_t kNearestOwnBucket = kMaxDistance - kBuckets + 1;  // 240

std::size_t bucket_index(std::size_t distance) {
    return distance <= kNearestOwnBucket ? 0 : distance - kNearestOwnBucket;
}

std::optional<std::size_t> index_of(const std::vector<NodeTable::Entry>& list, const NodeId& id) {
    for (std::size_t i = 0; i < list.size(); ++i)
        if (list[i].node.id == id) return i;
    return std::nullopt;
}

void move_to_front(std::vector<NodeTable::Entry>& list, std::size_t index) {
    const auto first = list.begin();
    const auto at = first + static_cast<std::ptrdiff_t>(index);
    std::rotate(first, at, at + 1);
}

}  // namespace

NodeTable::NodeTable(const Hash256& self) : self_(self) {}

NodeTable::Bucket& NodeTable::bucket_of(const Hash256& key) {
    return buckets_[bucket_index(log_distance(self_, key))];
}

bool NodeTable::reserve(Bucket& bucket, const IpAddress& address) {
    if (!subnets_.has_room(address) || !bucket.subnets.has_room(address)) return false;
    subnets_.add(address);
    bucket.subnets.add(address);
    return true;
}

void NodeTable::release(Bucket& bucket, const IpAddress& address) {
    subnets_.remove(address);
    bucket.subnets.remove(address);
}

bool NodeTable::move_address(Bucket& bucket, Entry& entry, const Node& node) {
    const IpAddress before = entry.node.udp.address;
    if (before != node.udp.address) {
        release(bucket, before);
        if (!reserve(bucket, node.udp.address)) {
            // Its old place is free: it was just given up.
            FASTSYNC_ASSERT(reserve(bucket, before));
            return false;
        }
    }
    entry.node = node;
    return true;
}

NodeTable::Added NodeTable::refresh(Bucket& bucket, std::vector<Entry>& list, std::size_t index,
                                    const Node& node, TimePoint now) {
    if (!move_address(bucket, list[index], node)) return Added::kRefused;
    list[index].seen = now;
    list[index].failed_checks = 0;
    move_to_front(list, index);
    return Added::kKnown;
}

NodeTable::Added NodeTable::insert(Bucket& bucket, const Node& node, TimePoint now) {
    if (!reserve(bucket, node.udp.address)) return Added::kRefused;
    const bool full = bucket.entries.size() >= kBucketSize;
    auto& list = full ? bucket.replacements : bucket.entries;
    list.insert(list.begin(), Entry{node, std::nullopt, now, 0, 0});
    if (!full) return Added::kEntry;
    if (list.size() > kMaxReplacements) {
        release(bucket, list.back().node.udp.address);
        list.pop_back();
    }
    return Added::kReplacement;
}

NodeTable::Added NodeTable::add(const Node& node, TimePoint now) {
    if (node.key == self_) return Added::kRefused;
    Bucket& bucket = bucket_of(node.key);
    if (const auto at = index_of(bucket.entries, node.id))
        return refresh(bucket, bucket.entries, *at, node, now);
    const auto waiting = index_of(bucket.replacements, node.id);
    if (!waiting) return insert(bucket, node, now);
    const Added known = refresh(bucket, bucket.replacements, *waiting, node, now);
    if (known == Added::kRefused || bucket.entries.size() >= kBucketSize) return known;
    bucket.entries.insert(bucket.entries.begin(), std::move(bucket.replacements.front()));
    bucket.replacements.erase(bucket.replacements.begin());
    return Added::kEntry;
}

NodeTable::Entry* NodeTable::find_entry(const NodeId& id) {
    Bucket& bucket = bucket_of(key_of(id));
    const auto at = index_of(bucket.entries, id);
    return at ? &bucket.entries[*at] : nullptr;
}

const NodeTable::Entry* NodeTable::find(const NodeId& id) const {
    const Bucket& bucket = buckets_[bucket_index(log_distance(self_, key_of(id)))];
    const auto at = index_of(bucket.entries, id);
    return at ? &bucket.entries[*at] : nullptr;
}

void NodeTable::set_record(const NodeRecord& record) {
    Entry* entry = find_entry(record.id());
    if (entry == nullptr) return;
    if (entry->record && entry->record->sequence() >= record.sequence()) return;
    entry->record = record;
}

void NodeTable::set_tcp_port(const Node& node) {
    Entry* entry = find_entry(node.id);
    if (entry != nullptr && entry->node.udp == node.udp) entry->node.tcp = node.tcp;
}

std::vector<Node> NodeTable::closest(const Hash256& target, std::size_t count, Which which) const {
    std::vector<const Entry*> all = entries();
    if (which == Which::kAnswering)
        std::erase_if(all, [](const Entry* entry) { return entry->failed_checks != 0; });
    const std::size_t taken = std::min(count, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(taken), all.end(),
                      [&](const Entry* a, const Entry* b) {
                          return is_closer(target, a->node.key, b->node.key);
                      });
    std::vector<Node> out;
    out.reserve(taken);
    for (std::size_t i = 0; i < taken; ++i)
        out.push_back(all[i]->node);
    return out;
}

std::optional<Node> NodeTable::to_check(std::uint64_t random) const {
    // From a random bucket on, the first that is not empty.
    for (std::size_t i = 0; i < kBuckets; ++i) {
        const Bucket& bucket = buckets_[(random + i) % kBuckets];
        if (!bucket.entries.empty()) return bucket.entries.back().node;
    }
    return std::nullopt;
}

void NodeTable::drop(const NodeId& id, std::uint64_t random) {
    Bucket& bucket = bucket_of(key_of(id));
    const auto at = index_of(bucket.entries, id);
    FASTSYNC_ASSERT(at);
    release(bucket, bucket.entries[*at].node.udp.address);
    bucket.entries.erase(bucket.entries.begin() + static_cast<std::ptrdiff_t>(*at));
    if (bucket.replacements.empty()) return;
    const auto chosen = bucket.replacements.begin() +
                        static_cast<std::ptrdiff_t>(random % bucket.replacements.size());
    // At the end: it has waited, so it is the next to be checked.
    bucket.entries.push_back(std::move(*chosen));
    bucket.replacements.erase(chosen);
}

bool NodeTable::check_failed(const NodeId& id, std::uint64_t random) {
    Entry* entry = find_entry(id);
    if (entry == nullptr || ++entry->failed_checks < kMaxFailedChecks) return false;
    drop(id, random);
    return true;
}

bool NodeTable::find_failed(const NodeId& id, std::uint64_t random) {
    Entry* entry = find_entry(id);
    if (entry == nullptr || ++entry->failed_finds < kMaxFailedFinds) return false;
    drop(id, random);
    return true;
}

void NodeTable::find_answered(const NodeId& id) {
    if (Entry* entry = find_entry(id)) entry->failed_finds = 0;
}

std::size_t NodeTable::size() const noexcept {
    std::size_t count = 0;
    for (const Bucket& bucket : buckets_)
        count += bucket.entries.size();
    return count;
}

std::size_t NodeTable::waiting() const noexcept {
    std::size_t count = 0;
    for (const Bucket& bucket : buckets_)
        count += bucket.replacements.size();
    return count;
}

std::vector<const NodeTable::Entry*> NodeTable::entries() const {
    std::vector<const Entry*> out;
    out.reserve(kBuckets * kBucketSize);
    for (const Bucket& bucket : buckets_)
        for (const Entry& entry : bucket.entries)
            out.push_back(&entry);
    return out;
}

}  // namespace fastsync::discovery
