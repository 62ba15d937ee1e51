#pragma once

#include <cstddef>

#include <common/time.hpp>

namespace fastsync::rlpx {

/// Encryption handshake and Hello together (devp2p: 5 s).
inline constexpr Duration kHandshakeTimeout = std::chrono::seconds{5};
/// We ping a peer that often; one silent for longer than kSilenceTimeout is closed.
inline constexpr Duration kPingInterval = std::chrono::seconds{15};
inline constexpr Duration kSilenceTimeout = std::chrono::seconds{30};
/// A write of kWriteSlice bytes or less that does not finish in this time closes the connection.
inline constexpr Duration kWriteTimeout = std::chrono::seconds{20};
inline constexpr std::size_t kWriteSlice = 256U * 1024;
/// How long the other side has to take our Disconnect and close.
inline constexpr Duration kDisconnectTimeout = std::chrono::seconds{2};
/// Largest frame body and largest decompressed message we accept or send, bytes.
inline constexpr std::size_t kMaxFrameSize = (1U << 24U) - 1;
inline constexpr std::size_t kMaxMessageSize = 10U * 1024 * 1024;
/// Encoded frames waiting to be written, bytes; more is kOverloaded.
inline constexpr std::size_t kMaxSendQueue = 32U * 1024 * 1024;
/// A message counts as a sign of life when it is whole, and so does every piece of this size of a
/// long one: a slow line is not silence, a trickle is.
inline constexpr std::size_t kSignOfLife = 64U * 1024;

}  // namespace fastsync::rlpx
