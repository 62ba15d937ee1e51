#pragma once

#include <filesystem>

#include <devnet/item_store.hpp>

namespace fastsync::devnet {

/// Adds the items of a file to `items`: records of a Keccak-256 hash (32 bytes), a length (4 bytes,
/// big-endian, at most kMaxItemSize) and as many bytes.
/// @return kConfig naming the file and the byte: it cannot be read, ends within a record, a length
/// is too large, a hash is not that of its bytes
[[nodiscard]] Result<void> load_records(const std::filesystem::path& path, ItemStore& items);

}  // namespace fastsync::devnet
