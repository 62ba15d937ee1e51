#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <common/result.hpp>

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace fastsync::storage {

/// The first read or opening that failed in an environment of make_watched_env(). Any thread.
class ReadFailure {
  public:
    void note(const std::string& what);
    /// kStorage: a read failed, which one and why.
    [[nodiscard]] Result<void> check() const;

  private:
    mutable std::mutex mutex_;
    std::optional<std::string> what_;
};

/// The file system of `base`, which outlives it; reads that fail are noted.
///
/// RocksDB hides some: a table whose properties cannot be read opens without them, a log that
/// cannot be read counts as empty. Whoever removes what seems damaged must know better.
[[nodiscard]] std::unique_ptr<rocksdb::Env> make_watched_env(rocksdb::Env* base,
                                                             std::shared_ptr<ReadFailure> failure);

}  // namespace fastsync::storage
