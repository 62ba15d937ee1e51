#pragma once

#include <memory>
#include <span>

#include <common/bytes.hpp>

namespace fastsync::crypto {

/// A running AES-CTR key stream (16- or 32-byte key); used for whole connections, so its position
/// is kept.
class AesCtr {
  public:
    /// `key` 16 or 32 bytes, `iv` 16 bytes: anything else is our bug.
    AesCtr(ByteView key, ByteView iv);
    AesCtr(AesCtr&&) noexcept;
    AesCtr& operator=(AesCtr&&) noexcept;
    ~AesCtr();

    /// Encrypts or decrypts in place.
    void apply(std::span<Byte> data);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// One-block AES-256 encryption without a mode, for the RLPx frame MACs.
class AesBlock {
  public:
    explicit AesBlock(ByteView key);
    AesBlock(AesBlock&&) noexcept;
    AesBlock& operator=(AesBlock&&) noexcept;
    ~AesBlock();

    [[nodiscard]] std::array<Byte, 16> encrypt(std::span<const Byte, 16> block) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace fastsync::crypto
