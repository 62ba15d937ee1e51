#include <algorithm>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include <sync/checkpoint.hpp>
#include <sync/repair.hpp>
#include <sync/trie_children.hpp>
#include <trie/constants.hpp>

namespace fastsync::sync {
namespace {

using storage::ItemKind;
using storage::Visit;

// Items removed in one write.
constexpr std::size_t kRemoveBatch = 4096;

/// Items by kind and 120 bits of hash. Whoever finds one that is not in it by chance removes a node
/// for nothing, once in 2^90 or so.
class ItemSet {
  public:
    explicit ItemSet(std::size_t room) : room_{room} {}

    void add(ItemKind kind, const Hash256& hash) {
        if (keys_.size() == room_) overflown_ = true;
        if (!overflown_) keys_.insert(key(kind, hash));
    }
    [[nodiscard]] bool contains(ItemKind kind, const Hash256& hash) const {
        return keys_.contains(key(kind, hash));
    }
    /// It had no room for all.
    [[nodiscard]] bool overflown() const noexcept { return overflown_; }

  private:
    using Key = FixedBytes<16, struct ItemSetKeyTag>;

    static Key key(ItemKind kind, const Hash256& hash) {
        Key out;
        std::copy_n(hash.data.begin(), out.data.size(), out.data.begin());
        out.data.back() = static_cast<Byte>(kind);
        return out;
    }

    std::size_t room_;
    bool overflown_ = false;
    boost::unordered_flat_set<Key, FixedHasher<Key>> keys_;
};

/// Removes items in batches, and remembers which.
class Remover {
  public:
    Remover(storage::StateStore& store, std::size_t remember)
        : store_{store}, remember_{remember}, before_{remember}, now_{remember} {}

    Result<void> remove(ItemKind kind, const Hash256& hash) {
        ++count_;
        now_.add(kind, hash);
        auto& batch = kind == ItemKind::kCode ? codes_ : nodes_;
        batch.push_back(hash);
        return batch.size() < kRemoveBatch ? Result<void>{} : write();
    }

    /// Removed in this pass or in the one before.
    [[nodiscard]] bool removed(const Reference& item) const {
        return before_.contains(item.kind, item.hash) || now_.contains(item.kind, item.hash);
    }

    struct Pass {
        std::uint64_t removed = 0;
        bool all_remembered = true;
    };
    /// Ends a pass, durably.
    Result<Pass> end_pass() {
        FASTSYNC_CHECK(write());
        FASTSYNC_CHECK(store_.flush());
        before_ = std::exchange(now_, ItemSet{remember_});
        return Pass{std::exchange(count_, 0), !before_.overflown()};
    }

  private:
    Result<void> write() {
        FASTSYNC_CHECK(store_.remove(ItemKind::kCode, codes_));
        FASTSYNC_CHECK(store_.remove(ItemKind::kNode, nodes_));
        codes_.clear();
        nodes_.clear();
        return {};
    }

    storage::StateStore& store_;
    std::size_t remember_;
    std::vector<Hash256> codes_;
    std::vector<Hash256> nodes_;
    ItemSet before_;
    ItemSet now_;
    std::uint64_t count_ = 0;
};

/// Judges every item, and looks up all that nodes refer to.
Result<ItemsReport> look_at_all(const storage::StateStore& store, Remover& remover,
                                const ItemsProgress& progress) {
    return scan_items(
        store, [&](const UnsoundItem& item) { return remover.remove(item.kind, item.hash); },
        progress);
}

/// Removes the nodes that refer to what was removed lately.
Result<void> look_for_removed(const storage::StateStore& store, Remover& remover) {
    Result<void> outcome;
    std::vector<Reference> references;
    const auto judge = [&](const Hash256& hash, ByteView blob) {
        references.clear();
        // Every node decoded in the first pass.
        (void)find_references(blob, references);
        const bool unclosed = std::any_of(references.begin(), references.end(),
                                          [&](const auto& item) { return remover.removed(item); });
        if (unclosed) outcome = remover.remove(ItemKind::kNode, hash);
        return outcome ? Visit::kContinue : Visit::kStop;
    };
    FASTSYNC_CHECK(store.for_each(ItemKind::kNode, judge));
    return outcome;
}

template <class Record>
Result<std::optional<Record>> load_or_drop(Result<std::optional<Record>> loaded,
                                           std::vector<std::string>& dropped) {
    if (loaded) {
        if (!*loaded || decode_headers((*loaded)->headers)) return loaded;
        loaded = decode_headers((*loaded)->headers).error();
    }
    if (loaded.error().code != Errc::kCorrupt) return loaded;
    dropped.push_back(loaded.error().detail);
    return std::optional<Record>{};
}

}  // namespace

Result<ItemsRepair> repair_items(storage::StateStore& store, const ItemsProgress& progress,
                                 std::size_t remember) {
    ItemsRepair done;
    Remover remover{store, remember};
    FASTSYNC_TRY(done.scanned, look_at_all(store, remover, progress));
    for (;;) {
        ++done.passes;
        FASTSYNC_TRY(const Remover::Pass pass, remover.end_pass());
        done.removed_unclosed += pass.removed;
        if (pass.removed == 0) break;
        if (pass.all_remembered) {
            FASTSYNC_CHECK(look_for_removed(store, remover));
        } else {
            FASTSYNC_CHECK(look_at_all(store, remover, progress));
        }
    }
    done.removed_false = done.scanned.false_items;
    done.removed_unclosed -= done.removed_false;
    return done;
}

Result<RecordsRepair> repair_records(storage::StateStore& store, bool has_items) {
    RecordsRepair done;
    FASTSYNC_TRY(auto checkpoint, load_or_drop(load_checkpoint(store), done.dropped));
    if (!checkpoint) FASTSYNC_CHECK(remove_checkpoint(store));
    FASTSYNC_TRY(const auto completed, load_or_drop(load_completed(store), done.dropped));
    if (!completed) {
        FASTSYNC_CHECK(remove_completed(store));
        if (!checkpoint && has_items) FASTSYNC_CHECK(save_checkpoint(store, {}));
        return done;
    }
    if (completed->state_root == trie::kEmptyRoot) return done;
    FASTSYNC_TRY(const bool there, store.has(ItemKind::kNode, completed->state_root));
    if (there) return done;
    // What is being worked on is newer than what is complete.
    if (!checkpoint) {
        checkpoint =
            SyncCheckpoint{completed->state_root, completed->headers, 0, completed->counters};
        FASTSYNC_CHECK(save_checkpoint(store, *checkpoint));
    }
    FASTSYNC_CHECK(remove_completed(store));
    done.incomplete = completed->state_root;
    return done;
}

}  // namespace fastsync::sync
