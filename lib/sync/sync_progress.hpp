#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <chain/header.hpp>
#include <common/bytes.hpp>
#include <sync/peer_ledger.hpp>
#include <sync/state_sync.hpp>

namespace fastsync::sync {

enum class SyncPhase : std::uint8_t {
    kFindingPeers,
    kChoosingPivot,
    kSyncing,
    kCompacting,  ///< the state is whole and recorded; its tables are being merged
    kComplete,
    kStopping,
    kFailed,
};

/// One peer as the scheduler sees it.
struct PeerView {
    PeerId id{};
    double items_per_s = 0;
    Duration round_trip{};
    std::size_t in_flight = 0;  ///< items
    std::uint64_t delivered = 0;
    std::uint64_t empty = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t unexpected = 0;
};

/// Where the sync stands: one consistent picture, taken on the sync thread.
struct SyncProgress {
    struct Block {
        chain::BlockNumber number = 0;
        Hash256 hash;
    };
    /// How large the state is, as far as can be told.
    struct Work {
        double items = 0;  ///< of the whole state
        double least = 0;  ///< fraction if the state is as large as it may be
        double most = 0;   ///< fraction if it is as small
    };
    /// Seconds at the present rate.
    struct TimeLeft {
        double expected = 0;
        double least = 0;
        double most = 0;
    };
    SyncPhase phase = SyncPhase::kFindingPeers;
    std::string waiting_for;  ///< in words; empty while things move
    std::optional<Block> head;
    std::optional<Block> pivot;
    std::optional<Hash256> state_root;
    std::uint64_t pivot_moves = 0;
    std::optional<Hash256> completed_root;  ///< a state that is whole in the store
    std::optional<Block> completed;         ///< its block; nothing for a pinned root
    /// Of all items of the state, 0 ... 1: exactly 1 when they are there. Falls only at a move of
    /// the pivot and at a correction.
    double fraction = 0;
    std::uint64_t corrections = 0;  ///< how often the estimate turned out too high
    std::optional<Work> work;
    std::optional<TimeLeft> time_left;
    std::optional<KeySpaceMap::Percents> key_space;  ///< nothing before a root is worked on
    SyncCounters counters;
    std::size_t pending = 0;     ///< known items that are not complete
    std::size_t in_flight = 0;   ///< requested and not answered
    std::size_t lost_tasks = 0;  ///< see Watchdog
    double items_per_s = 0;
    double bytes_per_s = 0;
    std::size_t held_bytes = 0;  ///< of nodes waiting for their children
    std::vector<PeerView> peers;
};

}  // namespace fastsync::sync
