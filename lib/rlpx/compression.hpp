#pragma once

#include <cstdint>

#include <common/bytes.hpp>

namespace fastsync::rlpx {

/// Whether message payloads are snappy-compressed: decided by the other side's version in Hello.
enum class Compression : std::uint8_t { kNone, kSnappy };

/// Most bytes that compressing `size` bytes can give.
[[nodiscard]] std::size_t max_compressed_size(std::size_t size) noexcept;
/// Compresses into `out`, which must hold max_compressed_size(payload.size()); returns how much of
/// it is used.
[[nodiscard]] std::size_t compress(ByteView payload, std::span<Byte> out) noexcept;
/// kTooLarge when it says to be longer than kMaxMessageSize (checked before a byte of it is
/// decompressed), kMalformed.
[[nodiscard]] Result<Bytes> decompress(ByteView compressed);

}  // namespace fastsync::rlpx
