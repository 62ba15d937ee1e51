#pragma once

#include <array>
#include <span>

#include <common/bytes.hpp>

/// How Keccak256 and keccak256_batch() do their work; open to their tests and measurements only.
namespace fastsync::crypto::detail {

/// Whether this CPU and this build can run keccak256_batch_x4().
[[nodiscard]] bool can_hash_x4() noexcept;
/// Four messages at a time in the 64-bit lanes of AVX2 registers. Our bug unless can_hash_x4().
void keccak256_batch_x4(std::span<const ByteView> messages, std::span<Hash256> out);

/// Whether this CPU and this build can run the functions of AVX-512.
[[nodiscard]] bool can_hash_avx512() noexcept;
/// Eight messages at a time. Our bug unless can_hash_avx512().
void keccak256_batch_x8(std::span<const ByteView> messages, std::span<Hash256> out);
/// Absorbs whole blocks of 136 bytes into one sponge. Our bug unless can_hash_avx512().
/// @param blocks  136 * `count` bytes
void absorb_avx512(std::span<std::uint64_t, 25> words, const Byte* blocks, std::size_t count);

/// One message after the other, by Crypto++.
void keccak256_batch_scalar(std::span<const ByteView> messages, std::span<Hash256> out);

/// An open Keccak-256 sponge by absorb_avx512(). Our bug unless can_hash_avx512().
class VectorSponge {
  public:
    void update(ByteView bytes);
    /// Of all that was taken; more may follow.
    [[nodiscard]] Hash256 digest() const;

  private:
    std::array<std::uint64_t, 25> words_{};
    std::array<Byte, 136> block_;  ///< the first fill_ bytes wait for the rest of their block
    std::size_t fill_ = 0;
};

}  // namespace fastsync::crypto::detail
