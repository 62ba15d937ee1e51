#pragma once

#include <filesystem>

#include <crypto/entropy.hpp>
#include <crypto/secp256k1.hpp>

namespace fastsync::daemon {

/// Reads the node's secret key: 64 hex digits, the form other clients use too. When the file is not
/// there, draws a key and writes it, readable by the owner alone; missing folders are made.
/// @return kConfig naming the file: unreadable, not a key, cannot be written
[[nodiscard]] Result<crypto::SecretKey> load_or_create_node_key(const std::filesystem::path& file,
                                                                crypto::EntropySource& entropy);

}  // namespace fastsync::daemon
