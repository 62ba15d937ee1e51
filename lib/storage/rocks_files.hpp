#pragma once

#include <memory>

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace fastsync::storage {

/// The file system that RocksDB is given, over that of `base` (null: the system's). It deletes no
/// table once a write to the manifest has failed.
///
/// RocksDB (7.8) deletes a table whose entry into the manifest failed. But the entry may be there
/// all the same, when what failed was to make it durable; a database whose manifest names a file
/// that is gone does not open any more. What is kept for nothing is removed at the next start.
[[nodiscard]] std::unique_ptr<rocksdb::Env> make_careful_env(rocksdb::Env* base);

}  // namespace fastsync::storage
