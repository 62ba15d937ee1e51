#pragma once

#include <string_view>

#include <common/error.hpp>

namespace rocksdb {
class Status;
}

namespace fastsync::storage {

/// A failure of RocksDB in our terms: kBusy (the lock), kCorrupt (damage), kNotFound, kStorage
/// (everything else; a full disk says so).
///
/// @param doing  what was tried and on what: "cannot read from /data/db"
[[nodiscard]] Error to_error(const rocksdb::Status& status, std::string_view doing);

/// The same for opening, where a missing file means damage too.
[[nodiscard]] Error to_open_error(const rocksdb::Status& status, std::string_view doing);

}  // namespace fastsync::storage
