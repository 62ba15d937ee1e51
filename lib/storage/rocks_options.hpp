#pragma once

#include <string>

#include <storage/store_options.hpp>

namespace rocksdb {
struct ColumnFamilyOptions;
struct DBOptions;
struct IngestExternalFileOptions;
}  // namespace rocksdb

namespace fastsync::storage {

[[nodiscard]] rocksdb::DBOptions database_options(const StoreOptions& options);
/// For items: written as whole table files, read at random.
[[nodiscard]] rocksdb::ColumnFamilyOptions item_family_options(const StoreOptions& options);
/// For the few small records.
[[nodiscard]] rocksdb::ColumnFamilyOptions meta_family_options();
/// How a finished table file enters the database.
[[nodiscard]] rocksdb::IngestExternalFileOptions ingest_options();

}  // namespace fastsync::storage
