#pragma once

#include <filesystem>
#include <string_view>

#include <crypto/entropy.hpp>
#include <crypto/secp256k1.hpp>

namespace fastsync::daemon {

/// Its name in the data folder, and that of one being written: neighbours of the database there.
inline constexpr std::string_view kNodeKeyFile = "node.key";
inline constexpr std::string_view kNodeKeyDraft = "node.key.new";

/// Reads the node's secret key: 64 hex digits, the form other clients use too. When the file is not
/// there, draws a key and writes it, readable by the owner alone; missing folders are made.
/// @return kConfig naming the file: unreadable, not a key, cannot be written
[[nodiscard]] Result<crypto::SecretKey> load_or_create_node_key(const std::filesystem::path& file,
                                                                crypto::EntropySource& entropy);

}  // namespace fastsync::daemon
