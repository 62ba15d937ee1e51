#pragma once

#include <cstddef>

#include <common/result.hpp>
#include <storage/store_options.hpp>

namespace fastsync::daemon {

/// What the process itself takes: code, RocksDB's own structures, threads, discovery, status.
inline constexpr std::size_t kMemoryOfProcess = std::size_t{48} << 20U;
/// What a connected peer takes when it is idle: its read buffer, its session.
inline constexpr std::size_t kMemoryOfPeer = std::size_t{256} << 10U;

/// How a memory budget is divided. The kernel's page cache, which holds most of what is read, is
/// not counted.
struct MemoryPlan {
    storage::StoreOptions store;    ///< write buffers, block cache, key filter, open table files
    std::size_t pending_bytes = 0;  ///< known items that wait for their children, see StateSync
    std::size_t buffer_bytes = 0;   ///< what peers send and have not taken, see rlpx::BufferPool

    /// The most that all of it takes at once, bytes.
    [[nodiscard]] std::size_t total(std::size_t peers) const;
};

/// @param budget  bytes
/// @param peers   connected at most
/// @return kConfig when peers alone would take more than half
[[nodiscard]] Result<MemoryPlan> plan_memory(std::size_t budget, std::size_t peers);

}  // namespace fastsync::daemon
