#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <async/clock.hpp>
#include <async/task.hpp>
#include <chain/header.hpp>
#include <eth/backend.hpp>
#include <rlpx/connection.hpp>

namespace fastsync::eth {

/// An answer to GetNodeData: the message's bytes and a view of each blob in them. Moving it keeps
/// the views.
struct NodeData {
    Bytes message;
    std::vector<ByteView> blobs;
    TimePoint arrived;
};

/// What a peer said about its chain; head and difficulty move with its announcements.
struct PeerStatus {
    std::uint32_t eth_version = 0;
    std::uint64_t network_id = 0;
    Hash256 genesis_hash;
    Hash256 head_hash;
    U256 total_difficulty = 0;
};

/// Told by a session, on the net thread.
class SessionObserver {
  public:
    virtual ~SessionObserver() = default;
    /// NewBlock or NewBlockHashes: `number` is the announced block's.
    virtual void on_head(Hash256 hash, chain::BlockNumber number) = 0;
    /// Node data that answers no open request: late, or never asked for.
    virtual void on_stray_node_data(NodeData data) = 0;
};

/// One peer after a successful eth handshake. Lives on the net thread.
class Session {
  public:
    /// Exchanges Status (both ways, within 5 s) and checks network id and genesis.
    /// @return kTimeout, kClosed, kMalformed, kIncompatible naming what differs. On error the peer
    /// was sent
    ///         Disconnect 0x10.
    [[nodiscard]] static async::Task<Result<std::shared_ptr<Session>>> open(
        std::unique_ptr<rlpx::Connection> connection, Backend& backend, async::Clock& clock);

    virtual ~Session() = default;

    [[nodiscard]] virtual const rlpx::Connection& connection() const noexcept = 0;
    [[nodiscard]] virtual const PeerStatus& status() const noexcept = 0;
    virtual void observe(SessionObserver* observer) noexcept = 0;

    /// Reads and answers until the connection ends; returns why. Pending requests end with kClosed.
    [[nodiscard]] virtual async::Task<Error> run() = 0;
    /// One GetNodeData. Several may be open at once; answers are matched by content and order
    /// (eth/63 has no request ids). An answer that holds none of the hashes is an empty NodeData,
    /// not an error.
    /// @return kTimeout, kClosed, kOverloaded
    [[nodiscard]] virtual async::Task<Result<NodeData>> get_node_data(std::vector<Hash256> hashes,
                                                                      TimePoint deadline) = 0;
    /// @return headers as answered (may be fewer, or none); kMalformed, kTimeout, kClosed
    [[nodiscard]] virtual async::Task<Result<std::vector<chain::BlockHeader>>> get_headers(
        HeaderQuery query, TimePoint deadline) = 0;
    virtual void disconnect(rlpx::DisconnectReason reason) = 0;
};

}  // namespace fastsync::eth
