#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <common/result.hpp>
#include <storage/schema.hpp>
#include <storage/store_options.hpp>

namespace fastsync::storage {

class DataFolder;

/// A table file that could not be read as a whole, and what became of it.
struct DamagedTable {
    std::string name;           ///< "000012.sst"
    std::string damage;         ///< what RocksDB says
    std::uint64_t entries = 0;  ///< kept, in a new table of the same name; 0: nothing was readable
    std::uint64_t gaps = 0;     ///< runs of keys that were not readable; their number is unknown
};

/// What a look at all files of a database found and did.
struct FilesReport {
    std::uint64_t tables = 0;
    std::uint64_t bytes = 0;  ///< of the tables
    std::vector<DamagedTable> damaged;
    /// Why the list of tables was made anew from those that are there; empty: it was sound.
    std::string rebuilt;
};

/// Reads every block of every table and compares checksums. A damaged table gives way to a new one
/// with all entries that can be read. When a table was damaged, or the files around the tables are
/// (MANIFEST, CURRENT), or a table is missing or unknown, all tables that are there are put
/// together to a database again (rocksdb::RepairDB). Nothing is kept of what is damaged.
///
/// Begins a repair of the folder right before the first change; that stays open. When nothing is to
/// be changed, or reading ends with an error, the folder is as it was. May be killed and
/// called again at any moment. Items may have lost what they refer to, and removed ones may be
/// back: whoever calls this judges every item next.
///
/// @return kStorage: no room for a new table, named with bytes, or the disk fails; kIncompatible:
///         another schema version, or an identity that is not the one given; kCorrupt: beyond
///         repair
[[nodiscard]] Result<void> repair_files(const DataFolder& folder, const StoreOptions& options,
                                        const std::optional<ChainIdentity>& identity,
                                        FilesReport& report);

}  // namespace fastsync::storage
