#include <algorithm>
#include <deque>

#include <boost/unordered/unordered_flat_map.hpp>
#include <state/ordered_walk.hpp>
#include <state/state_stats.hpp>

#include <trie/account.hpp>
#include <trie/constants.hpp>

namespace fastsync::state {
namespace {

using storage::Visit;

struct StorageFigures {
    std::uint64_t slots = 0;
    DepthCounts depths{};
};

/// Contracts of one factory often have the very same storage: the figures of tries that were walked
/// lately are kept, half a KiB each.
class LatelyWalked {
  public:
    const StorageFigures* find(const Hash256& root) const {
        const auto at = known_.find(root);
        return at == known_.end() ? nullptr : &at->second;
    }
    void keep(const Hash256& root, const StorageFigures& figures) {
        if (order_.size() == kKept) {
            known_.erase(order_.front());
            order_.pop_front();
        }
        if (known_.emplace(root, figures).second) order_.push_back(root);
    }

  private:
    static constexpr std::size_t kKept = 4096;

    boost::unordered_flat_map<Hash256, StorageFigures, FixedHasher<Hash256>> known_;
    std::deque<Hash256> order_;
};

class Counter {
  public:
    explicit Counter(const storage::NodeReader& store) : store_(store) {}

    Result<void> add(const Leaf& leaf) {
        const auto account = trie::decode_account(leaf.value);
        if (!account) {
            return Error{Errc::kBadState, "the account at " + to_hex0x(leaf.key) +
                                              " is none: " + account.error().detail};
        }
        ++stats_.accounts;
        ++stats_.account_depths[leaf.depth];
        stats_.balance += account->balance;
        const bool code = account->code_hash != trie::kEmptyCodeHash;
        const bool storage = account->storage_root != trie::kEmptyRoot;
        if (code) ++stats_.contracts;
        if (!code && !storage && account->nonce == 0 && account->balance == 0) ++stats_.empty;
        if (!storage) return {};
        ++stats_.with_storage;
        return add_storage(leaf.key, account->storage_root);
    }
    [[nodiscard]] const StateStats& stats() const noexcept { return stats_; }

  private:
    Result<void> add_storage(const Hash256& address_hash, const Hash256& root) {
        StorageFigures figures;
        if (const StorageFigures* known = lately_.find(root)) {
            figures = *known;
        } else {
            const auto walked = walk_leaves(store_, root, {}, [&](const Leaf& leaf) {
                ++figures.slots;
                ++figures.depths[leaf.depth];
                return Result<Visit>{Visit::kContinue};
            });
            FASTSYNC_CHECK(walked ? Result<void>{} : walked.error());
            lately_.keep(root, figures);
        }
        stats_.slots += figures.slots;
        for (std::size_t i = 0; i < figures.depths.size(); ++i)
            stats_.slot_depths[i] += figures.depths[i];
        rank({address_hash, root, figures.slots});
        return {};
    }

    void rank(const StorageSize& size) {
        auto& largest = stats_.largest;
        const auto at = std::upper_bound(
            largest.begin(), largest.end(), size,
            [](const StorageSize& a, const StorageSize& b) { return a.slots > b.slots; });
        largest.insert(at, size);
        if (largest.size() > StateStats::kLargest) largest.pop_back();
    }

    const storage::NodeReader& store_;
    StateStats stats_;
    LatelyWalked lately_;
};

}  // namespace

Result<StateStats> collect_stats(const storage::NodeReader& store, const Hash256& state_root,
                                 const StatsProgress& progress) {
    Counter counter{store};
    const auto end = walk_leaves(store, state_root, {}, [&](const Leaf& leaf) -> Result<Visit> {
        FASTSYNC_CHECK(counter.add(leaf));
        const bool on = !progress || progress(leaf.key, counter.stats());
        return on ? Visit::kContinue : Visit::kStop;
    });
    if (!end) return end.error();
    if (*end == Visit::kStop) return Error{Errc::kClosed, "stopped"};
    return counter.stats();
}

}  // namespace fastsync::state
