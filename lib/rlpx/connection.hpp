#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <async/clock.hpp>
#include <async/task.hpp>
#include <common/bytes.hpp>
#include <common/time.hpp>
#include <crypto/entropy.hpp>
#include <crypto/secp256k1.hpp>
#include <net/byte_stream.hpp>
#include <rlpx/buffer_pool.hpp>
#include <rlpx/hello.hpp>
#include <rlpx/limits.hpp>
#include <rlpx/protocols.hpp>

namespace fastsync::rlpx {

/// Who we are and what we speak. `capabilities` with the number of message codes each version uses.
struct LocalNode {
    crypto::SecretKey key;
    std::string client_name;
    std::uint16_t listen_port = 0;
    using Offer = rlpx::Offer;
    std::vector<Offer> offers;
    BufferPool* buffers = nullptr;  ///< shared by all connections; null: no limit
};

/// A subprotocol message: the capability's own code (0-based) and its decompressed RLP payload.
struct Message {
    std::string_view protocol;  ///< name of the capability; lives as long as the connection
    std::uint32_t code = 0;
    Bytes payload;
    TimePoint arrived;  ///< when its last byte was read
};

/// One authenticated, encrypted devp2p connection after Hello. Base messages (Ping, Pong,
/// Disconnect) are handled inside. Lives on the executor of its stream.
class Connection {
  public:
    /// Runs the RLPx handshake and Hello exchange as initiator (remote key known) or as recipient,
    /// and matches capabilities: the highest common version of each name, offsets in alphabetical
    /// order from 0x10.
    /// @return kTimeout, kClosed, kMalformed, kUnauthenticated, kIncompatible (nothing in common),
    ///         or kDisconnected with the reason when the peer answered with Disconnect
    [[nodiscard]] static async::Task<Result<std::unique_ptr<Connection>>> initiate(
        std::unique_ptr<net::ByteStream> stream, const LocalNode& local, NodeId remote,
        async::Clock& clock, crypto::EntropySource& entropy);
    [[nodiscard]] static async::Task<Result<std::unique_ptr<Connection>>> accept(
        std::unique_ptr<net::ByteStream> stream, const LocalNode& local, async::Clock& clock,
        crypto::EntropySource& entropy);

    virtual ~Connection() = default;

    [[nodiscard]] virtual const NodeId& remote_id() const noexcept = 0;
    [[nodiscard]] virtual const Hello& remote_hello() const noexcept = 0;
    [[nodiscard]] virtual std::string remote_address() const = 0;
    /// The negotiated version of `protocol`; nothing when it is not in common.
    [[nodiscard]] virtual std::optional<std::uint32_t> version_of(
        std::string_view protocol) const = 0;

    /// Moves bytes until the connection ends: writes what send() queued, pings, watches for
    /// silence. Run it once, in a scope, beside receive(). Returns why it ended.
    [[nodiscard]] virtual async::Task<Error> run() = 0;
    /// The next subprotocol message; one call at a time. Pings are answered while it reads, so call
    /// it again at once. After an error the connection is dead: kClosed, kTimeout
    /// (silence), kMalformed, kTooLarge, kUnauthenticated, kProtocol, kOverloaded (more messages
    /// than anyone needs), or kDisconnected with the peer's reason.
    [[nodiscard]] virtual async::Task<Result<Message>> receive() = 0;
    /// Queues one message (compressed and framed at once). kOverloaded, kClosed, kTooLarge,
    /// kIncompatible (not negotiated).
    [[nodiscard]] virtual Result<void> send(std::string_view protocol, std::uint32_t code,
                                            ByteView payload) = 0;
    /// Sends Disconnect, then closes, in at most 2 s (kDisconnectTimeout). Idempotent, returns at
    /// once; run() does the work, and a pending receive() ends with it.
    virtual void disconnect(DisconnectReason reason) = 0;
    /// Closes without a word.
    virtual void close() noexcept = 0;
    /// The reason the peer gave, if it sent Disconnect.
    [[nodiscard]] virtual std::optional<DisconnectReason> peer_reason() const noexcept = 0;
    /// disconnect() was called while it stood: the end is ours.
    [[nodiscard]] virtual bool was_left() const noexcept = 0;
};

}  // namespace fastsync::rlpx
