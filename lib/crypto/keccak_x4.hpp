#pragma once

#include <span>

#include <common/bytes.hpp>

/// How keccak256_batch() does its work; open to its tests and measurements only.
namespace fastsync::crypto::detail {

/// Whether this CPU and this build can run keccak256_batch_x4().
[[nodiscard]] bool can_hash_x4() noexcept;
/// Four messages at a time in the 64-bit lanes of AVX2 registers. Our bug unless can_hash_x4().
void keccak256_batch_x4(std::span<const ByteView> messages, std::span<Hash256> out);
/// One message after the other.
void keccak256_batch_scalar(std::span<const ByteView> messages, std::span<Hash256> out);

}  // namespace fastsync::crypto::detail
