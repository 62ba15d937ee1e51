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
    SyncPhase phase = SyncPhase::kFindingPeers;
    std::string waiting_for;  ///< in words; empty while things move
    std::optional<Block> head;
    std::optional<Block> pivot;
    std::optional<Hash256> state_root;
    std::uint64_t pivot_moves = 0;
    std::optional<Hash256> completed_root;           ///< a state that is whole in the store
    std::optional<Block> completed;                  ///< its block; nothing for a pinned root
    double fraction = 0;                             ///< of the key space, 0 ... 1
    std::optional<KeySpaceMap::Percents> key_space;  ///< nothing before a root is worked on
    std::optional<double> eta_s;
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
