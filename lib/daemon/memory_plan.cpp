#include <algorithm>
#include <string>

#include <daemon/memory_plan.hpp>

namespace fastsync::daemon {
namespace {

/// Hundredths of what is left for all that can be chosen.
constexpr std::size_t kBuffers = 10;
constexpr std::size_t kPending = 10;
constexpr std::size_t kWriteBuffers = 35;
constexpr std::size_t kBlockCache = 20;
constexpr std::size_t kKeyFilter = 20;
constexpr std::size_t kTableFiles = 5;
static_assert(kBuffers + kPending + kWriteBuffers + kBlockCache + kKeyFilter + kTableFiles == 100);

/// See StoreOptions: two write buffers, an item's own bytes, and what RocksDB keeps of an open file
/// outside of the block cache.
constexpr std::size_t kWriteBufferCount = 2;
constexpr std::size_t kBytesOfItem = 70;
constexpr std::size_t kBytesOfTableFile = std::size_t{32} << 10U;
/// RocksDB sets so many of the open files apart for what is no table.
constexpr int kOtherFiles = 10;
/// RocksDB finds a table without a search while a quarter of the files that may be open are: runs
/// are merged before there are more, with some room for a merged base.
constexpr std::size_t kOpenFilesPerRun = 5;
/// Hundredths of the block cache that may be filters and indexes of runs.
constexpr std::size_t kRunsInCache = 75;
constexpr std::size_t kLeastMergeTrigger = 4;
/// Of one write buffer, for blobs; the rest is for the items themselves.
constexpr std::size_t kBlobsInBuffer = 60;

constexpr std::size_t percent(std::size_t bytes, std::size_t share) {
    return bytes / 100 * share;
}

}  // namespace

std::size_t MemoryPlan::total(std::size_t peers) const {
    const std::size_t write_buffer =
        store.write_buffer_bytes + store.write_buffer_items * kBytesOfItem;
    return kMemoryOfProcess + peers * kMemoryOfPeer + pending_bytes + buffer_bytes +
           kWriteBufferCount * write_buffer + store.block_cache_bytes + store.key_filter_bytes +
           static_cast<std::size_t>(store.max_open_files - kOtherFiles) * kBytesOfTableFile;
}

Result<MemoryPlan> plan_memory(std::size_t budget, std::size_t peers) {
    const std::size_t fixed = kMemoryOfProcess + peers * kMemoryOfPeer;
    if (fixed > budget / 2) {
        return Error{Errc::kConfig, "memory-budget: " + std::to_string(budget >> 20U) +
                                        " MiB is too little for max-peers " +
                                        std::to_string(peers)};
    }
    const std::size_t free = budget - fixed;
    const std::size_t buffer = percent(free, kWriteBuffers) / kWriteBufferCount;
    MemoryPlan plan;
    plan.buffer_bytes = percent(free, kBuffers);
    plan.pending_bytes = percent(free, kPending);
    plan.store.write_buffer_bytes = percent(buffer, kBlobsInBuffer);
    plan.store.write_buffer_items = percent(buffer, 100 - kBlobsInBuffer) / kBytesOfItem;
    plan.store.block_cache_bytes = percent(free, kBlockCache);
    plan.store.key_filter_bytes = percent(free, kKeyFilter);
    const std::size_t tables = percent(free, kTableFiles) / kBytesOfTableFile;
    plan.store.max_open_files = static_cast<int>(tables) + kOtherFiles;
    const std::size_t run = plan.store.write_buffer_items * storage::kRunMetadataOfTenItems / 10;
    const std::size_t runs = std::min({tables / kOpenFilesPerRun,
                                       percent(plan.store.block_cache_bytes, kRunsInCache) / run,
                                       static_cast<std::size_t>(plan.store.merge_trigger)});
    plan.store.merge_trigger = static_cast<int>(std::max(runs, kLeastMergeTrigger));
    return plan;
}

}  // namespace fastsync::daemon
