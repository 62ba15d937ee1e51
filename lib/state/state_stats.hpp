#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include <common/bytes.hpp>
#include <common/u256.hpp>
#include <storage/state_store.hpp>
#include <trie/nibble_path.hpp>

namespace fastsync::state {

/// How many entries lie how deep: index is the number of nodes with a hash of their own on the way.
using DepthCounts = std::array<std::uint64_t, trie::kMaxNibbles + 2>;

/// The storage of one account.
struct StorageSize {
    Hash256 address_hash;
    Hash256 storage_root;
    std::uint64_t slots = 0;
};

/// A state in figures. What several accounts share is counted for each of them.
struct StateStats {
    /// Storage tries that are named.
    static constexpr std::size_t kLargest = 10;

    std::uint64_t accounts = 0;
    std::uint64_t contracts = 0;     ///< accounts with code
    std::uint64_t with_storage = 0;  ///< accounts with storage
    std::uint64_t empty = 0;         ///< accounts without nonce, balance, code and storage
    std::uint64_t slots = 0;
    U256 balance = 0;  ///< of all accounts, wei
    DepthCounts account_depths{};
    DepthCounts slot_depths{};
    std::vector<StorageSize> largest;  ///< by slots, most first; at most kLargest
};

/// Told the key that was counted last; false ends the walk.
using StatsProgress = std::function<bool(const Hash256& address_hash, const StateStats& so_far)>;

/// Counts the whole state below `state_root` in the order of its keys. Constant memory: besides one
/// path, the figures of some thousand storage tries that others are likely to share.
/// @return the errors of StateReader; kClosed when the progress ended it
[[nodiscard]] Result<StateStats> collect_stats(const storage::NodeReader& store,
                                               const Hash256& state_root,
                                               const StatsProgress& progress = {});

}  // namespace fastsync::state
