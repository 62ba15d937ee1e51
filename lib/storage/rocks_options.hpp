#pragma once

#include <string>

#include <storage/store_options.hpp>

namespace rocksdb {
struct ColumnFamilyOptions;
struct DBOptions;
struct IngestExternalFileOptions;
struct Options;
}  // namespace rocksdb

namespace fastsync::storage {

[[nodiscard]] rocksdb::DBOptions database_options(const StoreOptions& options);
/// For items: written as whole table files, read at random.
[[nodiscard]] rocksdb::ColumnFamilyOptions item_family_options(const StoreOptions& options);
/// `options` of a database, for writing a run: a table that is one of up to merge_trigger, all of
/// which are asked for every key. Its filter and its index are in one piece each, which RocksDB
/// keeps in memory (kRunMetadataOfTenItems) and asks without a look into its caches.
[[nodiscard]] rocksdb::Options run_options(rocksdb::Options options);
/// For the few small records.
[[nodiscard]] rocksdb::ColumnFamilyOptions meta_family_options();
/// How a finished table file enters the database.
[[nodiscard]] rocksdb::IngestExternalFileOptions ingest_options();

}  // namespace fastsync::storage
