#pragma once

#include <filesystem>

#include <devnet/dev_chain.hpp>

namespace fastsync::devnet {

/// Longest file of headers, and of facts, that we read, bytes.
inline constexpr std::size_t kMaxHeadersFile = 1024U * 1024 * 1024;
inline constexpr std::size_t kMaxMetaFile = 1024 * 1024;

/// Reads a chain and items of its states from a folder:
/// - headers.rlp: headers from block 0 on, one RLP item after another;
/// - nodes.bin, codes.bin: records of a Keccak-256 hash (32 bytes), a length (4 bytes, big-endian)
///   and as many bytes;
/// - meta.json: an object with "network_id" and, if it likes, "genesis_hash";
/// - genesis.json, if it is there: the forks of the chain are those of its config.
///
/// @return kConfig naming the file and the byte: it cannot be read, does not have this form, an
/// item's hash is not that of its bytes, a header does not link to the one before it
[[nodiscard]] Result<DevChain> load_state_files(const std::filesystem::path& folder);

}  // namespace fastsync::devnet
