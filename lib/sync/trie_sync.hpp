#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include <common/bytes.hpp>
#include <common/hash_index.hpp>
#include <storage/node_batch.hpp>
#include <storage/state_store.hpp>
#include <sync/deferred_tries.hpp>
#include <sync/key_space.hpp>
#include <sync/key_space_map.hpp>
#include <sync/present_cache.hpp>
#include <sync/stored_regions.hpp>
#include <sync/trie_children.hpp>
#include <sync/trie_path.hpp>
#include <sync/work_estimate.hpp>

namespace fastsync::sync {

using storage::ItemKind;

/// Something to fetch.
struct NodeTask {
    Hash256 hash;
    ItemKind kind = ItemKind::kNode;

    friend bool operator==(const NodeTask&, const NodeTask&) = default;
};

/// Plans which trie nodes and codes of one state root to fetch and says when each may be stored. No
/// I/O beyond existence look-ups, no clock, no thread.
///
/// Invariant: an item leaves through take_complete() only after everything below it (children,
/// storage trie, code), so "present in the store" means "whole subtrie present". Resume and pivot
/// moves rest on this.
class TrieSync {
  public:
    /// Handed out and not yet answered, per trie depth: a wide level must not flood memory.
    static constexpr std::size_t kMaxRequestedPerDepth = 16'384;
    /// Memory that a known item takes besides the blob it may hold.
    static constexpr std::size_t kBytesOfPending = 256;
    /// Storage tries are put off only while what is pending takes no more memory than this.
    static constexpr std::size_t kDeferBytes = 32U * 1024 * 1024;

    /// Starts at `state_root`; nothing to do for the empty root or one that is complete in the
    /// store.
    /// @param regions  what is known of the store, and told of what is committed; may be null
    /// @param seen  of earlier roots, for work()
    [[nodiscard]] static Result<TrieSync> start(const Hash256& state_root,
                                                const storage::NodeReader& store,
                                                StoredRegions* regions = nullptr,
                                                const SeenState& seen = {});

    /// Hands out up to `max` tasks: codes first (they finish at once), then the deepest nodes, and
    /// among those the lowest path first; most of a large storage trie last. They count as
    /// requested until processed.
    [[nodiscard]] std::vector<NodeTask> missing(std::size_t max);

    /// Hints that process() will be called with `hashes` from `next` on: most of what scheduling
    /// costs is waiting for memory.
    void prefetch(std::span<const Hash256> hashes, std::size_t next) const noexcept;

    /// Takes one blob whose Keccak-256 is `hash`.
    /// @return kUnrequested (nobody waits for it), kAlreadyHave (processed, waiting for its
    /// children),
    ///         kBadState (no valid state node although it is part of this state: the root is
    ///         false), kStorage
    [[nodiscard]] Result<void> process(const Hash256& hash, ByteView blob);

    /// The membatch: what is complete since the last call, children before parents.
    [[nodiscard]] storage::NodeBatch take_complete();
    [[nodiscard]] bool any_complete() const noexcept { return !batch_.empty(); }
    [[nodiscard]] std::size_t complete_bytes() const noexcept { return batch_.blob_bytes(); }

    /// True while the blob of `task` is still missing.
    [[nodiscard]] bool wants(const NodeTask& task) const;
    /// Where a wanted or waiting node sits; kNotFound otherwise.
    [[nodiscard]] Result<TriePath> path_of(const Hash256& hash) const;

    /// Items not complete: queued, requested, or waiting for children.
    [[nodiscard]] std::size_t pending() const noexcept { return nodes_.size() + codes_.size(); }
    [[nodiscard]] std::size_t queued() const noexcept { return queued_; }
    [[nodiscard]] std::size_t requested() const noexcept { return requested_; }
    [[nodiscard]] bool done() const noexcept { return pending() == 0; }
    /// Memory of all that is pending, about, bytes.
    [[nodiscard]] std::size_t pending_bytes() const noexcept {
        return pending() * kBytesOfPending + held_bytes_;
    }
    /// Bytes of blobs held until their children are complete.
    [[nodiscard]] std::size_t held_bytes() const noexcept { return held_bytes_; }
    /// Finished part of the key space; exactly kWholeKeySpace when done.
    [[nodiscard]] KeyShare finished() const noexcept { return finished_; }

    /// Puts storage tries off only while less than this is pending.
    void defer_below(std::size_t bytes) noexcept { defer_bytes_ = std::min(bytes, kDeferBytes); }
    /// What is done and what is probably left, in items.
    [[nodiscard]] WorkEstimate::Work work() const;
    [[nodiscard]] SeenState seen() const { return work_.seen(); }
    /// Where in the key space it is finished.
    [[nodiscard]] const KeySpaceMap& map() const noexcept { return map_; }

    /// Checks the books against each other (slow; for tests and debug builds). An empty string when
    /// sound.
    [[nodiscard]] std::string audit() const;

  private:
    using Index = HashIndex::Place;
    static constexpr Index kNone = HashIndex::kNone;
    /// Account paths are 0..64 deep, storage paths follow below them.
    static constexpr std::size_t kStorageDepth = trie::kMaxNibbles + 1;
    static constexpr std::size_t kDepths = 2 * kStorageDepth;

    enum class Phase : std::uint8_t { kFree, kQueued, kRequested, kWaiting };

    struct Entry {
        Hash256 hash;
        TriePath path;
        ItemKind kind = ItemKind::kNode;
        Phase phase = Phase::kFree;
        std::uint32_t missing_children = 0;
        Index parent = kNone;                               ///< nearly all have one
        Index more_parents = kNone;                         ///< list of the others in links_
        WorkEstimate::TrieId trie = WorkEstimate::kNoTrie;  ///< storage tries alone
        KeyShare share = 0;                                 ///< credited when it completes
        Bytes blob;                                         ///< only while kWaiting
    };
    /// A second or later parent of an entry. A parent that has the same child twice counts twice.
    struct Link {
        Index parent = kNone;
        Index next = kNone;
    };

    TrieSync(const storage::NodeReader& store, StoredRegions* regions, const SeenState& seen)
        : store_(&store), regions_(regions), work_(seen) {}

    [[nodiscard]] Result<void> schedule(const ChildLink& child, Index parent);
    void prefetch_entry(Index index) const noexcept;
    void take(Index index, std::vector<NodeTask>& tasks);
    void take_codes(std::size_t max, std::vector<NodeTask>& tasks);
    void take_nodes(std::size_t lowest, std::size_t max, std::vector<NodeTask>& tasks);
    void take_deferred(std::size_t max, std::vector<NodeTask>& tasks);
    [[nodiscard]] WorkEstimate::TrieId smallest_deferred();
    void hand_out(Index index, std::vector<NodeTask>& tasks);
    [[nodiscard]] std::string audit_queues() const;
    void widen_sample(const Entry& decoded);
    [[nodiscard]] Index add_entry(const ChildLink& child, Index parent);
    void enqueue(Index index);
    void link(Index child, Index parent);
    [[nodiscard]] Result<void> process_node(Index index, ByteView blob);
    void take_off_books(Entry& entry);
    void complete(Index index, ByteView blob);
    void credit(const TriePath& where, KeyShare share) noexcept {
        finished_ += share;
        map_.add(where, share);
    }
    void credit(const Entry& entry, KeyShare share) {
        credit(entry.path, share);
        work_.finish(entry.path, entry.trie, share);
    }
    void skip(const ChildLink& child, Index parent);
    [[nodiscard]] WorkEstimate::TrieId trie_of(const ChildLink& child, Index parent) const;
    void finish_one(Index index, ByteView blob, std::vector<Index>& ready);
    [[nodiscard]] bool must_ask(const ChildLink& child) const noexcept;
    [[nodiscard]] Result<bool> have(const ChildLink& child);
    [[nodiscard]] std::size_t depth_of(const Entry& entry) const noexcept;
    [[nodiscard]] HashIndex& table(ItemKind kind) noexcept {
        return kind == ItemKind::kCode ? codes_ : nodes_;
    }
    [[nodiscard]] const HashIndex& table(ItemKind kind) const noexcept {
        return kind == ItemKind::kCode ? codes_ : nodes_;
    }
    /// The entry of an item that is not complete; kNone.
    [[nodiscard]] Index find(const HashIndex& known, const Hash256& hash) const {
        return known.find(digest_of(hash), [&](Index at) { return entries_[at].hash == hash; });
    }
    [[nodiscard]] static std::uint64_t digest_of(const Hash256& hash) noexcept {
        return FixedHasher<Hash256>{}(hash);
    }

    const storage::NodeReader* store_;
    StoredRegions* regions_;
    HugeVector<Entry> entries_;
    std::vector<Index> free_entries_;
    HugeVector<Link> links_;
    std::vector<Index> free_links_;
    HashIndex nodes_;
    HashIndex codes_;
    std::vector<Index> code_queue_;
    std::array<std::vector<Index>, kDepths> node_queues_;  // by depth; popped from the back
    std::array<std::uint32_t, kDepths> requested_at_{};
    std::size_t deepest_ = 0;  // no queue below this depth holds anything
    std::size_t queued_ = 0;
    std::size_t requested_ = 0;
    std::size_t held_bytes_ = 0;
    std::size_t defer_bytes_ = kDeferBytes;
    KeyShare finished_ = 0;
    KeySpaceMap map_;
    WorkEstimate work_;
    DeferredTries deferred_;
    bool narrow_ = false;         ///< there is no room for tries that wait
    std::vector<Index> put_off_;  ///< scratch of take_nodes()
    std::size_t next_look_ = 0;   ///< among the tries that wait
    storage::NodeBatch batch_;
    /// What batch_ holds: complete, but not to be found in the store yet.
    boost::unordered_flat_set<Hash256, FixedHasher<Hash256>> batched_nodes_;
    boost::unordered_flat_set<Hash256, FixedHasher<Hash256>> batched_codes_;
    PresentCache present_;
    std::vector<ChildLink> children_;  // scratch, to keep its capacity
    std::vector<Index> ready_;         // scratch
};

}  // namespace fastsync::sync
