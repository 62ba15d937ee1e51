#pragma once

#include <cstdint>
#include <filesystem>

#include <common/result.hpp>

namespace rocksdb {
struct Options;
}  // namespace rocksdb

namespace fastsync::storage {

/// What could be read of a damaged table.
struct Salvaged {
    std::uint64_t entries = 0;
    std::uint64_t gaps = 0;  ///< runs of keys that were not readable
};

/// Copies every entry of the table `from` that can be read into a new table, durably. An
/// unreadable block costs the keys in it; what follows it is found by bisecting the key space. With
/// no entry at all there is no new table.
///
/// Only bytes that were read and are wrong count as unreadable; a failure to read is an error.
///
/// @return kStorage: the table cannot be read, for another reason than damage; the new one cannot
///         be written
[[nodiscard]] Result<Salvaged> salvage_table(const rocksdb::Options& options,
                                             const std::filesystem::path& from,
                                             const std::filesystem::path& to);

}  // namespace fastsync::storage
