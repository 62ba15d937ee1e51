#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace fastsync::storage {

/// What the filter and the index of a run, a table file not yet merged, take of the block cache for
/// ten items, bytes. They stay there.
inline constexpr std::size_t kRunMetadataOfTenItems = 14;

/// What a RocksStore may use. Memory: twice the write buffer (an item takes its blob and about 70
/// bytes), the block cache, the key filters, and about 30 MiB; nothing of it grows with the
/// database beyond that.
struct StoreOptions {
    /// A buffer of committed items that holds so many items or so many bytes of blobs is written
    /// without being asked to. While it is written a second one fills; commit() waits only when
    /// that is full too.
    std::size_t write_buffer_items = 300'000;
    std::size_t write_buffer_bytes = std::size_t{64} << 20U;
    /// Bytes for blocks of table files, their indexes and filters among them. Less than what those
    /// of `merge_trigger` full runs take is no failure: they are kept all the same.
    std::size_t block_cache_bytes = std::size_t{64} << 20U;
    /// Bytes that the filters over all keys may grow to, a byte and a half for each; 0: none. Half
    /// is for what is there at the opening, if anything is.
    std::size_t key_filter_bytes = std::size_t{128} << 20U;
    /// Table files held open.
    int max_open_files = 256;
    /// Threads that merge table files.
    int background_threads = 2;
    /// Sorted runs of similar size that are merged into one while a sync runs. More: less is
    /// written; fewer: reads and checks touch fewer files.
    int merge_trigger = 128;
    /// Names of files of others that may lie in the folder of a new database.
    std::vector<std::string> neighbours;
    /// Nothing in the folder is changed: not even files are removed that no longer belong to the
    /// database, as every other opening does. commit() and the like fail.
    bool read_only = false;
    /// The file system of the database, as a seam; null: the system's. It outlives the store.
    rocksdb::Env* env = nullptr;
};

}  // namespace fastsync::storage
