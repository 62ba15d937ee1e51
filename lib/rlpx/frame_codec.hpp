#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include <common/bytes.hpp>
#include <crypto/aes.hpp>
#include <crypto/keccak.hpp>
#include <rlpx/compression.hpp>
#include <rlpx/handshake.hpp>
#include <rlpx/limits.hpp>

/// Frames of devp2p rlpx.md "Framing" and "MAC", without I/O:
/// header (16) || header MAC (16) || body, padded to 16 || body MAC (16), everything but the MACs
/// encrypted. One message per frame, body = RLP(code) || payload.
namespace fastsync::rlpx {

/// The running MAC of one direction.
class FrameMac {
  public:
    using Tag = std::array<Byte, 16>;

    FrameMac(const Hash256& key, crypto::Keccak256 state)
        : cipher_(key), state_(std::move(state)) {}

    /// Both take ciphertext, in the order of the wire.
    [[nodiscard]] Tag header(std::span<const Byte, 16> header);
    [[nodiscard]] Tag body(ByteView body);

  private:
    [[nodiscard]] Tag mix(std::span<const Byte, 16> seed);

    crypto::AesBlock cipher_;
    crypto::Keccak256 state_;
};

/// The sending direction: messages in, frames out, gathered in one buffer until they are taken.
class FrameSealer {
  public:
    explicit FrameSealer(DirectionSecrets secrets);

    /// Appends a frame. kTooLarge over kMaxMessageSize; nothing was appended then.
    [[nodiscard]] Result<void> seal(std::uint32_t code, ByteView payload, Compression compression);
    /// Bytes ready to be written.
    [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }
    /// Hands them out. The memory of `spent` is used for the next ones.
    [[nodiscard]] Bytes take(Bytes spent = {}) noexcept;

  private:
    crypto::AesCtr cipher_;
    FrameMac mac_;
    Bytes out_;
};

/// One frame's content, decrypted; a view that lives until the next call of FrameOpener::space().
struct Frame {
    std::uint64_t code = 0;
    ByteView payload;  ///< possibly compressed
};

/// The receiving direction: put bytes into space(), say filled(), then call next() until it has
/// nothing. After an error the stream is dead: every later next() gives the same error.
class FrameOpener {
  public:
    explicit FrameOpener(DirectionSecrets secrets);

    /// Frames with a longer body are refused; at first kMaxFrameSize.
    void limit_body(std::size_t limit) noexcept { limit_ = limit; }
    /// Where the next bytes of the stream go: at least kMinRead bytes.
    [[nodiscard]] std::span<Byte> space();
    void filled(std::size_t size) noexcept;
    /// Bytes of memory taken for what came and was not taken.
    [[nodiscard]] std::size_t held() const noexcept { return buffer_.size(); }
    /// The next frame; nothing when it needs more bytes. kUnauthenticated (a MAC), kTooLarge,
    /// kMalformed.
    [[nodiscard]] Result<std::optional<Frame>> next();

    static constexpr std::size_t kMinRead = 32U * 1024;

  private:
    [[nodiscard]] Result<void> open_header();
    [[nodiscard]] Result<Frame> open_body();
    [[nodiscard]] Result<std::optional<Frame>> step();

    crypto::AesCtr cipher_;
    FrameMac mac_;
    std::size_t limit_ = kMaxFrameSize;
    Bytes buffer_;
    std::size_t begin_ = 0;  ///< first byte not taken yet
    std::size_t end_ = 0;    ///< one past the last byte filled
    std::optional<std::size_t> body_size_;
    std::optional<Error> dead_;
};

}  // namespace fastsync::rlpx
