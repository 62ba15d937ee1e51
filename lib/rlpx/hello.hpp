#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <common/bytes.hpp>
#include <enode/enode.hpp>

namespace fastsync::rlpx {

/// devp2p base protocol version from which messages are snappy-compressed.
inline constexpr std::uint64_t kSnappyVersion = 5;

/// A protocol spoken over the connection: "eth", 63, and how many message codes it uses.
struct Capability {
    std::string name;
    std::uint32_t version = 0;

    friend auto operator<=>(const Capability&, const Capability&) = default;
};

/// The first message both ways (devp2p rlpx.md "Hello (0x00)"). Further fields are ignored.
struct Hello {
    std::uint64_t p2p_version = kSnappyVersion;
    std::string client_name;
    std::vector<Capability> capabilities;
    std::uint16_t listen_port = 0;
    NodeId id;
};

/// Largest Hello message, and what it may hold: capabilities, bytes of a capability's name and of
/// the client's.
inline constexpr std::size_t kMaxHelloSize = 2048;
inline constexpr std::size_t kMaxCapabilities = 128;
inline constexpr std::size_t kMaxCapabilityName = 32;
inline constexpr std::size_t kMaxClientName = 512;

[[nodiscard]] Bytes encode_hello(const Hello& hello);
/// kMalformed, kTooLarge. In the names everything but printable ASCII comes out as '?': they go to
/// logs and status pages. A port or version that fits no field of ours becomes 0.
[[nodiscard]] Result<Hello> decode_hello(ByteView payload);

/// devp2p rlpx.md "Disconnect (0x01)".
enum class DisconnectReason : std::uint8_t {
    kRequested = 0x00,
    kTcpError = 0x01,
    kBreachOfProtocol = 0x02,
    kUselessPeer = 0x03,
    kTooManyPeers = 0x04,
    kAlreadyConnected = 0x05,
    kIncompatibleVersion = 0x06,
    kNullIdentity = 0x07,
    kClientQuitting = 0x08,
    kUnexpectedIdentity = 0x09,
    kSelf = 0x0a,
    kReadTimeout = 0x0b,
    kSubprotocolError = 0x10,
};

[[nodiscard]] std::string_view to_string(DisconnectReason reason) noexcept;
[[nodiscard]] Bytes encode_disconnect(DisconnectReason reason);
/// Accepts a list of one integer or a bare integer, snappy-compressed or plain whatever was agreed:
/// peers send all four. Nothing and an empty list mean kRequested. A number we have no name for is
/// kept.
[[nodiscard]] Result<DisconnectReason> decode_disconnect(ByteView payload);

}  // namespace fastsync::rlpx
