#include <algorithm>
#include <unordered_map>

#include <sync/trie_sync.hpp>
#include <trie/constants.hpp>

namespace fastsync::sync {
namespace {

/// The root of a storage trie.
bool begins_trie(const ChildLink& child) noexcept {
    return child.kind == ItemKind::kNode && child.path.trie == TrieKind::kStorage &&
           child.path.path.size() == 0;
}

}  // namespace

Result<TrieSync> TrieSync::start(const Hash256& state_root, const storage::NodeReader& store,
                                 StoredRegions* regions, const SeenState& seen) {
    TrieSync sync{store, regions, seen};
    if (state_root == trie::kEmptyRoot) {
        sync.finished_ = kWholeKeySpace;
        sync.map_.complete_all();
        return sync;
    }
    FASTSYNC_CHECK(sync.schedule({state_root, ItemKind::kNode, {}, kWholeKeySpace}, kNone));
    return sync;
}

Result<void> TrieSync::process(const Hash256& hash, ByteView blob) {
    const bool is_code = find(codes_, hash) != kNone;
    const Index node = find(nodes_, hash);
    if (!is_code && node == kNone) return Error{Errc::kUnrequested, ""};
    if (node != kNone) {
        const bool waiting = entries_[node].phase == Phase::kWaiting;
        if (waiting && !is_code) return Error{Errc::kAlreadyHave, ""};
        if (!waiting) FASTSYNC_CHECK(process_node(node, blob));
    }
    // Looked up again: processing the node may have changed the table.
    if (const Index code = find(codes_, hash); code != kNone) {
        take_off_books(entries_[code]);
        complete(code, blob);
    }
    return {};
}

void TrieSync::prefetch(std::span<const Hash256> hashes, std::size_t next) const noexcept {
    // Each step needs what the one before it has fetched: slot, entry, the parent's entry.
    constexpr std::size_t kStride = 4;
    if (next + 3 * kStride < hashes.size()) {
        nodes_.prefetch(digest_of(hashes[next + 3 * kStride]));
    }
    if (next + 2 * kStride < hashes.size()) {
        const Index index = nodes_.guess(digest_of(hashes[next + 2 * kStride]));
        if (index != kNone) prefetch_entry(index);
    }
    if (next + kStride < hashes.size()) {
        const Index index = nodes_.guess(digest_of(hashes[next + kStride]));
        if (index == kNone || entries_[index].parent == kNone) return;
        __builtin_prefetch(&entries_[entries_[index].parent].missing_children);
    }
}

void TrieSync::prefetch_entry(Index index) const noexcept {
    const auto* const entry = reinterpret_cast<const Byte*>(&entries_[index]);
    __builtin_prefetch(entry);
    __builtin_prefetch(entry + sizeof(Entry) / 2);
    __builtin_prefetch(entry + sizeof(Entry) - 1);
}

Result<void> TrieSync::process_node(Index index, ByteView blob) {
    children_.clear();
    KeyShare at_once = 0;
    {
        const Entry& entry = entries_[index];
        FASTSYNC_TRY(at_once, find_children(blob, entry.path, entry.share, children_));
    }
    take_off_books(entries_[index]);
    // The share now lies with the children; what is linked to this node later adds to it again.
    entries_[index].share = 0;
    entries_[index].phase = Phase::kWaiting;
    credit(entries_[index], at_once);
    for (const ChildLink& child : children_) {
        table(child.kind).prefetch(digest_of(child.hash));
        if (must_ask(child)) store_->prefetch(child.kind, child.hash);
    }
    // Backwards, because queues are popped from the back and the lowest path goes first.
    const std::size_t before = pending();
    for (std::size_t i = children_.size(); i-- > 0;) {
        FASTSYNC_CHECK(schedule(children_[i], index));
    }
    Entry& entry = entries_[index];
    if (entry.trie != WorkEstimate::kNoTrie) {
        work_.decoded(entry.trie, entry.path.path.size(), pending() - before);
        widen_sample(entry);
    }
    if (entry.missing_children == 0) {
        complete(index, blob);
    } else {
        entry.blob.assign(blob.begin(), blob.end());
        held_bytes_ += blob.size();
    }
    return {};
}

Result<void> TrieSync::schedule(const ChildLink& child, Index parent) {
    HashIndex& known = table(child.kind);
    if (const Index found = find(known, child.hash); found != kNone) {
        Entry& entry = entries_[found];
        if (child.kind == ItemKind::kNode && entry.path.trie != child.path.trie) {
            return Error{Errc::kBadState, "one node in an account trie and in a storage trie"};
        }
        entry.share += child.share;
        work_.move(trie_of(child, parent), entry.trie, child.share);
        if (begins_trie(child) && entry.trie != WorkEstimate::kNoTrie &&
            entry.path.path.size() == 0) {
            work_.meet(entry.trie);
        }
        link(found, parent);
        return {};
    }
    FASTSYNC_TRY(const bool present, have(child));
    if (present) {
        skip(child, parent);
        return {};
    }
    const Index index = add_entry(child, parent);
    known.insert(digest_of(child.hash), index);
    link(index, parent);
    enqueue(index);
    return {};
}

/// A child that is complete.
void TrieSync::skip(const ChildLink& child, Index parent) {
    credit(child.path, child.share);
    if (child.kind == ItemKind::kNode) map_.complete(child.path);
    const auto trie = trie_of(child, parent);
    // A whole storage trie or a code that is there is what other accounts have too: a part of what
    // is to be seen. Anything else was left by an earlier root.
    if (trie == WorkEstimate::kNoTrie && child.path.trie == TrieKind::kStorage) {
        work_.finish(child.path, trie, child.share);
    } else {
        work_.skip(trie, child.path.path.size(), child.share);
    }
}

/// The storage trie that a child of `parent` is a part of; none for its root, which begins one.
WorkEstimate::TrieId TrieSync::trie_of(const ChildLink& child, Index parent) const {
    const bool inner = child.kind == ItemKind::kNode && child.path.trie == TrieKind::kStorage &&
                       child.path.path.size() > 0;
    return inner && parent != kNone ? entries_[parent].trie : WorkEstimate::kNoTrie;
}

/// True when the item is complete: in the store, or in the membatch on its way there.
Result<bool> TrieSync::have(const ChildLink& child) {
    if (!must_ask(child)) return false;
    const bool shared = PresentCache::covers(child.kind, child.path);
    const std::uint64_t digest = digest_of(child.hash);
    if (shared && present_.holds(child.kind, digest, child.hash)) return true;
    const auto& batched = child.kind == ItemKind::kCode ? batched_codes_ : batched_nodes_;
    if (batched.contains(child.hash)) return true;
    FASTSYNC_TRY(const bool stored, store_->has(child.kind, child.hash));
    if (shared && stored) present_.note(child.kind, digest, child.hash);
    return stored;
}

bool TrieSync::must_ask(const ChildLink& child) const noexcept {
    const bool node = child.kind == ItemKind::kNode;
    return !node || regions_ == nullptr || regions_->may_hold(child.path);
}

TrieSync::Index TrieSync::add_entry(const ChildLink& child, Index parent) {
    Index index = 0;
    if (free_entries_.empty()) {
        FASTSYNC_ASSERT(entries_.size() < kNone);
        index = static_cast<Index>(entries_.size());
        entries_.emplace_back();
    } else {
        index = free_entries_.back();
        free_entries_.pop_back();
    }
    Entry& entry = entries_[index];
    entry.hash = child.hash;
    entry.path = child.path;
    entry.kind = child.kind;
    entry.missing_children = 0;
    entry.parent = kNone;
    entry.more_parents = kNone;
    entry.share = child.share;
    const bool begins = begins_trie(child);
    entry.trie = begins ? work_.open(child.path, child.share) : trie_of(child, parent);
    if (begins) deferred_.opened(entry.trie);
    if (entry.trie != WorkEstimate::kNoTrie) work_.want(entry.trie, child.path.path.size());
    return index;
}

void TrieSync::enqueue(Index index) {
    Entry& entry = entries_[index];
    entry.phase = Phase::kQueued;
    ++queued_;
    if (entry.kind == ItemKind::kCode) {
        code_queue_.push_back(index);
        return;
    }
    const std::size_t depth = depth_of(entry);
    node_queues_[depth].push_back(index);
    deepest_ = std::max(deepest_, depth);
}

void TrieSync::link(Index child, Index parent) {
    if (parent == kNone) return;
    ++entries_[parent].missing_children;
    if (entries_[child].parent == kNone) {
        entries_[child].parent = parent;
        return;
    }
    Index at = 0;
    if (free_links_.empty()) {
        at = static_cast<Index>(links_.size());
        links_.emplace_back();
    } else {
        at = free_links_.back();
        free_links_.pop_back();
    }
    links_[at] = {parent, entries_[child].more_parents};
    entries_[child].more_parents = at;
}

/// Removes an entry from the counts of queued and requested items; its blob has come.
void TrieSync::take_off_books(Entry& entry) {
    if (entry.phase == Phase::kQueued) {
        --queued_;
    } else {
        FASTSYNC_ASSERT(entry.phase == Phase::kRequested);
        --requested_;
        --requested_at_[depth_of(entry)];
    }
}

void TrieSync::complete(Index index, ByteView blob) {
    ready_.clear();
    finish_one(index, blob, ready_);
    while (!ready_.empty()) {
        const Index parent = ready_.back();
        ready_.pop_back();
        const Bytes held = std::move(entries_[parent].blob);
        held_bytes_ -= held.size();
        finish_one(parent, held, ready_);
    }
}

void TrieSync::finish_one(Index index, ByteView blob, std::vector<Index>& ready) {
    Entry& entry = entries_[index];
    batch_.add(entry.kind, entry.hash, blob);
    (entry.kind == ItemKind::kCode ? batched_codes_ : batched_nodes_).insert(entry.hash);
    if (regions_ != nullptr && entry.kind == ItemKind::kNode) regions_->note(entry.path);
    if (PresentCache::covers(entry.kind, entry.path)) {
        present_.note(entry.kind, digest_of(entry.hash), entry.hash);
    }
    work_.item(entry.path, entry.trie);
    credit(entry, entry.share);
    if (entry.kind == ItemKind::kNode) map_.complete(entry.path);
    const bool whole_trie = entry.trie != WorkEstimate::kNoTrie && entry.path.path.size() == 0;
    if (whole_trie) {
        work_.close(entry.trie);
        deferred_.closed(entry.trie);
    }
    const auto tell = [&](Index parent) {
        if (--entries_[parent].missing_children == 0) ready.push_back(parent);
    };
    if (entry.parent != kNone) tell(entry.parent);
    for (Index at = entry.more_parents; at != kNone;) {
        const Link link = links_[at];
        free_links_.push_back(at);
        at = link.next;
        tell(link.parent);
    }
    table(entry.kind).erase(digest_of(entry.hash), index);
    entry.phase = Phase::kFree;
    entry.blob = Bytes{};
    free_entries_.push_back(index);
}

storage::NodeBatch TrieSync::take_complete() {
    batched_nodes_.clear();
    batched_codes_.clear();
    // The next one will be about as large.
    storage::NodeBatch next;
    next.reserve(batch_.size(), batch_.blob_bytes());
    return std::exchange(batch_, std::move(next));
}

bool TrieSync::wants(const NodeTask& task) const {
    const Index found = find(table(task.kind), task.hash);
    return found != kNone && entries_[found].phase != Phase::kWaiting;
}

Result<TriePath> TrieSync::path_of(const Hash256& hash) const {
    for (const HashIndex* known : {&nodes_, &codes_}) {
        if (const Index found = find(*known, hash); found != kNone) return entries_[found].path;
    }
    return Error{Errc::kNotFound, "no pending item of this hash"};
}

std::size_t TrieSync::depth_of(const Entry& entry) const noexcept {
    const std::size_t base = entry.path.trie == TrieKind::kStorage ? kStorageDepth : 0;
    return base + entry.path.path.size();
}

WorkEstimate::Work TrieSync::work() const {
    WorkEstimate::Work work = work_.work(kWholeKeySpace - finished_);
    // What is known to be missing is, however small its share of the key space.
    const auto certain = static_cast<double>(pending());
    work.left = std::max(work.left, certain);
    work.least = std::max(work.least, certain);
    work.most = std::max(work.most, certain);
    return work;
}

std::string TrieSync::audit() const {
    std::size_t queued = 0;
    std::size_t requested = 0;
    std::size_t waiting = 0;
    std::size_t held = 0;
    std::size_t links = 0;
    std::size_t dependencies = 0;
    KeyShare share = finished_;
    std::unordered_map<WorkEstimate::TrieId, KeyShare> left;
    for (const Entry& entry : entries_) {
        if (entry.phase == Phase::kFree) continue;
        queued += entry.phase == Phase::kQueued ? 1 : 0;
        requested += entry.phase == Phase::kRequested ? 1 : 0;
        waiting += entry.phase == Phase::kWaiting ? 1 : 0;
        if (entry.phase == Phase::kWaiting && entry.missing_children == 0) {
            return "a node waits for nothing";
        }
        held += entry.blob.size();
        share += entry.share;
        if (entry.trie != WorkEstimate::kNoTrie) left[entry.trie] += entry.share;
        dependencies += entry.missing_children;
        links += entry.parent != kNone ? 1 : 0;
        for (Index at = entry.more_parents; at != kNone; at = links_[at].next)
            ++links;
    }
    if (queued != queued_ || requested != requested_) return "queued or requested count is off";
    if (queued + requested + waiting != pending()) return "an entry is in no table";
    if (held != held_bytes_) return "held bytes are off";
    if (links != dependencies) return "links and dependency counts differ";
    if (share != kWholeKeySpace) return "key space shares do not add up to the whole";
    if (const std::string lost = audit_queues(); !lost.empty()) return lost;
    if (left.size() != work_.open_tries()) return "a storage trie is open without items";
    for (const auto& [trie, entries] : left) {
        if (work_.left_of(trie) != entries)
            return "the share that is left of a storage trie is off";
    }
    return {};
}

/// Whatever is queued is in a queue, or waits with its trie.
std::string TrieSync::audit_queues() const {
    std::vector<bool> listed(entries_.size());
    for (const Index index : code_queue_)
        listed[index] = true;
    for (const auto& queue : node_queues_) {
        for (const Index index : queue)
            listed[index] = true;
    }
    for (const auto trie : deferred_.waiting()) {
        for (const Index index : deferred_.nodes_of(trie)) {
            if (entries_[index].trie == trie) listed[index] = true;
        }
    }
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (entries_[i].phase == Phase::kQueued && !listed[i])
            return "a queued item is in no queue";
    }
    return {};
}

}  // namespace fastsync::sync
