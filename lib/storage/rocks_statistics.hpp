#pragma once

#include <cstdint>

namespace fastsync::storage {

/// What the database does, for the status. All counts since it was opened unless said otherwise.
struct RocksStatistics {
    std::uint64_t items_flushed = 0;
    std::uint64_t tables_flushed = 0;     ///< table files made of committed items
    std::uint64_t bytes_flushed = 0;      ///< their size
    std::uint64_t bytes_merged = 0;       ///< written again by merging table files
    std::uint64_t table_files = 0;        ///< now
    std::uint64_t table_bytes = 0;        ///< now
    std::uint64_t sorted_runs = 0;        ///< now: tables a look-up may have to touch
    std::uint64_t merges_running = 0;     ///< now
    std::uint64_t background_errors = 0;  ///< failed merges and the like
    std::uint64_t block_cache_bytes = 0;  ///< now
    std::uint64_t key_filter_bytes = 0;   ///< now
    bool keys_known = false;              ///< all keys are in the key filter
    std::uint64_t unflushed_items = 0;    ///< now
    std::uint64_t unflushed_bytes = 0;    ///< now, payload
    std::uint64_t commit_stalls = 0;      ///< commits that had to wait for a table file
    double commit_stall_s = 0;            ///< seconds they waited
    bool flushing = false;                ///< a table file is being written now
    bool writes_stopped = false;          ///< RocksDB refuses or delays writes now
};

}  // namespace fastsync::storage
