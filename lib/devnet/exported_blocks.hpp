#pragma once

#include <filesystem>

#include <devnet/header_chain.hpp>

namespace fastsync::devnet {

/// Longest file of blocks that we read, bytes.
inline constexpr std::size_t kMaxExportFile = 1024U * 1024 * 1024;

/// Appends the headers of blocks as `geth export` writes them: one RLP list [header, transactions,
/// uncles] after another. Block 0, where the file has it, must be the chain's own.
///
/// @param until  number of the last block taken; what follows is not looked at
/// @return kConfig naming the file and the byte: it cannot be read, does not have this form, a
/// block does not link to the one before it
[[nodiscard]] Result<void> append_exported(const std::filesystem::path& file,
                                           chain::BlockNumber until, HeaderChain& headers);

}  // namespace fastsync::devnet
