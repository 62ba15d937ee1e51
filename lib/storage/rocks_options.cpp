#include <limits>

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <common/assert.hpp>
#include <storage/rocks_options.hpp>

namespace fastsync::storage {
namespace {

// Keys and values are hashes and what contains them: nothing to compress.
constexpr double kFilterBitsPerKey = 10;
constexpr std::size_t kBlockSize = std::size_t{16} << 10U;
constexpr std::size_t kMetadataBlockSize = std::size_t{4} << 10U;
constexpr std::size_t kMetaBufferSize = std::size_t{1} << 20U;
constexpr std::size_t kTableFileSize = std::size_t{256} << 20U;
constexpr std::size_t kLogFileSize = std::size_t{1} << 20U;
constexpr int kNever = std::numeric_limits<int>::max();
// What a run holds of an item besides its blob: the key, lengths, its share of index and filter.
constexpr std::size_t kRunBytesOfItem = 40;

/// For merged tables, of any number and size.
rocksdb::BlockBasedTableOptions merged_table_options(const StoreOptions& options) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
    table.block_size = kBlockSize;
    // Indexes and filters are 2 bytes per item: in parts, and in the cache, they cannot outgrow it.
    table.cache_index_and_filter_blocks = true;
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = true;
    table.metadata_block_size = kMetadataBlockSize;
    table.metadata_cache_options.top_level_index_pinning = rocksdb::PinningTier::kAll;
    // Those of runs, which are whole: see run_options().
    table.metadata_cache_options.unpartitioned_pinning = rocksdb::PinningTier::kFlushedAndSimilar;
    return table;
}

}  // namespace

rocksdb::DBOptions database_options(const StoreOptions& options) {
    rocksdb::DBOptions db;
    // We create in a folder of our own and rename: a database that lost a file must never be taken
    // for a new one.
    db.create_if_missing = false;
    db.create_missing_column_families = false;
    db.paranoid_checks = true;
    db.max_open_files = options.max_open_files;
    // By default open files are kept in 64 parts, each for its share of max_open_files. Runs are
    // few: with three places to a part some parts hold more files than that, which would be closed
    // and opened again for every key that is looked for.
    db.table_cache_numshardbits = 1;
    db.max_background_jobs = options.background_threads;
    db.keep_log_file_num = 3;
    db.max_log_file_size = kLogFileSize;
    db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
    db.stats_dump_period_sec = 0;
    db.stats_persist_period_sec = 0;
    db.skip_stats_update_on_db_open = true;
    db.avoid_unnecessary_blocking_io = true;
    return db;
}

rocksdb::ColumnFamilyOptions item_family_options(const StoreOptions& options) {
    rocksdb::ColumnFamilyOptions family;
    family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(merged_table_options(options)));
    family.compression = rocksdb::kNoCompression;
    family.compaction_style = rocksdb::kCompactionStyleUniversal;
    family.level0_file_num_compaction_trigger = options.merge_trigger;
    // Items are written once: no merge ever makes anything smaller, so none is worth starting
    // because of "space amplification".
    family.compaction_options_universal.max_size_amplification_percent =
        std::numeric_limits<unsigned int>::max();
    // Files that wait to be merged must not slow the records of the other family down.
    family.level0_slowdown_writes_trigger = kNever;
    family.level0_stop_writes_trigger = kNever;
    family.soft_pending_compaction_bytes_limit = 0;
    family.hard_pending_compaction_bytes_limit = 0;
    family.target_file_size_base = kTableFileSize;
    // Nothing is in it but what a repair removes. RocksDB takes a table for a run, whose filter it
    // pins, when it is not larger than one and a half times this.
    family.write_buffer_size =
        options.write_buffer_bytes + options.write_buffer_items * kRunBytesOfItem;
    family.ttl = 0;
    family.periodic_compaction_seconds = 0;
    return family;
}

rocksdb::Options run_options(rocksdb::Options options) {
    const auto* merged = options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
    FASTSYNC_ASSERT(merged != nullptr);
    rocksdb::BlockBasedTableOptions table = *merged;
    table.index_type = rocksdb::BlockBasedTableOptions::kBinarySearch;
    table.partition_filters = false;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
}

rocksdb::ColumnFamilyOptions meta_family_options() {
    rocksdb::ColumnFamilyOptions family;
    family.compression = rocksdb::kNoCompression;
    family.write_buffer_size = kMetaBufferSize;
    return family;
}

rocksdb::IngestExternalFileOptions ingest_options() {
    rocksdb::IngestExternalFileOptions ingest;
    ingest.move_files = true;
    // Nothing is in the memtable; if it ever were, waiting for it would hide the mistake.
    ingest.allow_blocking_flush = false;
    // Nobody takes snapshots that would have to be kept apart from the file.
    ingest.snapshot_consistency = false;
    ingest.write_global_seqno = false;
    return ingest;
}

}  // namespace fastsync::storage
