#pragma once

#include <array>
#include <span>

#include <common/bytes.hpp>

/// How Keccak256 and keccak256_batch() do their work; open to their tests and measurements only.
namespace fastsync::crypto::detail {

constexpr std::size_t kWords = 25;
constexpr std::size_t kRate = 136;  // bytes absorbed per permutation at 256 bits of output

/// Whether this CPU and this build can run keccak256_batch_x4().
[[nodiscard]] bool can_hash_x4() noexcept;
/// Four messages at a time in the 64-bit lanes of AVX2 registers. Our bug unless can_hash_x4().
void keccak256_batch_x4(std::span<const ByteView> messages, std::span<Hash256> out);

/// Whether this CPU and this build can run the functions of AVX-512.
[[nodiscard]] bool can_hash_avx512() noexcept;
/// Eight messages at a time. Our bug unless can_hash_avx512().
void keccak256_batch_x8(std::span<const ByteView> messages, std::span<Hash256> out);
/// Absorbs whole blocks into one sponge. Our bug unless can_hash_avx512().
/// @param blocks  kRate * `count` bytes
void absorb_avx512(std::span<std::uint64_t, kWords> words, const Byte* blocks, std::size_t count);

/// One message after the other, by Crypto++.
void keccak256_batch_scalar(std::span<const ByteView> messages, std::span<Hash256> out);

/// An open Keccak-256 sponge by absorb_avx512(). Our bug unless can_hash_avx512().
class VectorSponge {
  public:
    VectorSponge() = default;
    VectorSponge(const VectorSponge&) = default;
    VectorSponge& operator=(const VectorSponge&) = default;
    /// Leaves nothing behind: what it absorbed may have been a key.
    ~VectorSponge();

    void update(ByteView bytes);
    /// Of all that was taken; more may follow.
    [[nodiscard]] Hash256 digest() const;

  private:
    std::array<std::uint64_t, kWords> words_{};
    std::array<Byte, kRate> block_;  ///< the first fill_ bytes wait for the rest of their block
    std::size_t fill_ = 0;
};

}  // namespace fastsync::crypto::detail
