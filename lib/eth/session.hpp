#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <async/clock.hpp>
#include <async/task.hpp>
#include <chain/header.hpp>
#include <eth/backend.hpp>
#include <eth/messages.hpp>
#include <rlpx/connection.hpp>

namespace fastsync::eth {

/// Requests of one kind (node data, headers) open at one peer; more is kOverloaded.
inline constexpr std::size_t kMaxOpenRequests = 32;
/// Answers nobody asked for that a peer may send beyond two for each request of ours.
inline constexpr std::uint64_t kMaxUnaskedAnswers = 64;

/// What a peer said about its chain; head and difficulty move with its announcements.
struct PeerStatus {
    std::uint32_t eth_version = 0;
    std::uint64_t network_id = 0;
    Hash256 genesis_hash;
    Hash256 head_hash;
    std::optional<chain::BlockNumber> head_number;  ///< unknown until the first announcement
    U256 total_difficulty = 0;
    std::optional<chain::ForkId> fork_id{};  ///< from eth/64 on

    friend bool operator==(const PeerStatus&, const PeerStatus&) = default;
};

/// What passed between us and one peer, counted from the handshake on.
struct SessionStats {
    std::uint64_t requests_sent = 0;
    std::uint64_t answered = 0;   ///< in time, empty ones included
    std::uint64_t empty = 0;      ///< of the answered: those that held nothing
    std::uint64_t timed_out = 0;  ///< not answered by their deadline
    std::uint64_t late = 0;       ///< answers after the deadline
    std::uint64_t stray = 0;      ///< answers to nothing we know of
    std::uint64_t items = 0;      ///< nodes and codes in answers to us
    std::uint64_t served = 0;     ///< requests of the peer that we answered
    std::uint64_t bytes_in = 0;   ///< payloads of eth messages, decompressed
    std::uint64_t bytes_out = 0;

    friend bool operator==(const SessionStats&, const SessionStats&) = default;
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
    /// Exchanges Status (both ways, within 5 s) and checks version, network id, genesis and, where
    /// we know the forks, the fork id.
    /// A session that was opened must be run(), even if only to end it after disconnect().
    /// @return kTimeout, kClosed, kMalformed, kIncompatible naming what differs, kProtocol (another
    ///         message came first), kDisconnected (the peer's own goodbye). On error the peer was
    ///         sent Disconnect 0x10, or 0x0b for its silence, and the connection is gone.
    [[nodiscard]] static async::Task<Result<std::shared_ptr<Session>>> open(
        std::unique_ptr<rlpx::Connection> connection, Backend& backend, async::Clock& clock);

    virtual ~Session() = default;

    [[nodiscard]] virtual const rlpx::Connection& connection() const noexcept = 0;
    [[nodiscard]] virtual const PeerStatus& status() const noexcept = 0;
    [[nodiscard]] virtual SessionStats stats() const noexcept = 0;
    /// Null: nobody listens any more.
    virtual void observe(SessionObserver* observer) noexcept = 0;

    /// Reads and answers until the connection ends; returns why. Pending requests end with kClosed.
    /// Once.
    [[nodiscard]] virtual async::Task<Error> run() = 0;
    /// One GetNodeData of at most kMaxNodeDataAsked hashes. Several may be open at once; answers
    /// are matched by request id, before eth/66 by content and order. It goes over nodedata/1 where
    /// the version of eth has no node data. A peer that has none of them
    /// gives a NodeData without blobs, not an error; a request without hashes is not sent at all.
    /// @return kTimeout, kClosed, kOverloaded, kTooLarge (too many hashes)
    [[nodiscard]] virtual async::Task<Result<NodeData>> get_node_data(std::vector<Hash256> hashes,
                                                                      TimePoint deadline) = 0;
    /// @return headers as answered (may be fewer, or none); kMalformed (not the query's steps),
    ///         kTimeout, kClosed, kOverloaded, kTooLarge (an amount over kMaxHeadersAccepted)
    [[nodiscard]] virtual async::Task<Result<std::vector<chain::BlockHeader>>> get_headers(
        HeaderQuery query, TimePoint deadline) = 0;
    /// Tells the peer of a new block of ours (NewBlockHashes), unless that is the head it heard of
    /// last, in Status or from here. kClosed, kOverloaded
    [[nodiscard]] virtual Result<void> announce_block(const BlockAnnouncement& block) = 0;
    virtual void disconnect(rlpx::DisconnectReason reason) = 0;
};

}  // namespace fastsync::eth
