#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include <crypto/entropy.hpp>
#include <discovery/contacts.hpp>
#include <discovery/explorer.hpp>
#include <discovery/found_queue.hpp>
#include <discovery/identity.hpp>
#include <discovery/node_table.hpp>
#include <discovery/outbox.hpp>
#include <discovery/own_record.hpp>
#include <discovery/rate_limiter.hpp>

namespace fastsync::discovery {

/// Pause between liveness checks of nodes in the table: random, up to this.
inline constexpr Duration kCheckInterval = std::chrono::seconds{10};
/// Nodes somebody else knows of, waiting to be tried; and of these under way at the same time.
inline constexpr std::size_t kMaxSuggested = 1024;
inline constexpr std::size_t kSuggestedAtOnce = 16;

/// What an engine is to be.
struct EngineOptions {
    enum class Records : std::uint8_t { kAsk, kLeave };

    std::vector<Node> bootnodes;
    std::optional<IpAddress> announced_address;  ///< nothing: learned from what others see
    std::uint16_t udp_port = 0;                  ///< announced
    std::uint16_t tcp_port = 0;                  ///< announced; 0: we accept no connections
    RecordEntries record_entries;                ///< of our record, besides the endpoint
    std::uint64_t record_sequence = 1;           ///< see OwnRecord::make()
    Records records = Records::kAsk;             ///< whether nodes are asked for theirs
    Duration round_interval = kRoundInterval;
    bool uses_v4 = true;  ///< we can send to IPv4 addresses
    bool uses_v6 = true;  ///< we can send to IPv6 addresses
};

/// What happened so far.
struct EngineStats {
    std::uint64_t received = 0;   ///< datagrams
    std::uint64_t limited = 0;    ///< of these dropped unread
    std::uint64_t malformed = 0;  ///< ... that could not be read, expired ones included
    std::uint64_t expired = 0;    ///< ... of the malformed: those whose time was over, by our clock
    std::uint64_t early = 0;      ///< ... that were meant for a time far ahead, by our clock
    std::uint64_t unexpected = 0;  ///< ... that answer nothing we asked
    std::uint64_t unproven = 0;    ///< ... that ask without an endpoint proof
    std::uint64_t sent = 0;
    std::uint64_t rounds = 0;
    std::uint64_t found = 0;  ///< nodes given to the stream
    std::size_t known = 0;    ///< nodes in the table
    std::size_t waiting = 0;  ///< nodes that wait for a place in it
    std::size_t proofs = 0;
};

/// Node discovery v4 (devp2p discv4.md, EIP-868) without sockets, clock or thread: told what
/// arrives and what time it is, it says what to send, when it wants to be called, and whom it
/// found.
class Engine {
  public:
    /// @return kTooLarge when our record does not fit its limit
    [[nodiscard]] static Result<std::unique_ptr<Engine>> make(const Identity& identity,
                                                              crypto::EntropySource& entropy,
                                                              EngineOptions options,
                                                              const Moment& start);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// A datagram came.
    void receive(const IpEndpoint& from, ByteView datagram, const Moment& moment);
    /// Does what is due. Call at next_event(), and once at the start.
    void advance(const Moment& moment);
    [[nodiscard]] TimePoint next_event() const;
    [[nodiscard]] std::vector<Outgoing> take_outgoing() { return outbox_.take(); }

    /// Whether somebody waits for nodes; call advance() after it changed.
    void set_appetite(Explorer::Appetite appetite) { explorer_.set_appetite(appetite); }
    [[nodiscard]] std::vector<FoundNode> take_found(std::size_t max) { return found_.take(max); }
    [[nodiscard]] std::size_t found() const noexcept { return found_.size(); }
    /// Nodes known from elsewhere (a database, DNS): tried as time permits, kMaxSuggested at most.
    void suggest(const std::vector<Node>& nodes);
    /// The nodes to start from, from now on; with nobody in the table they are asked at once. Call
    /// advance() after it.
    void set_bootnodes(std::vector<Node> bootnodes);
    /// Changes our record: see OwnRecord::update().
    [[nodiscard]] Result<void> update_record(const RecordEntries& changes);

    [[nodiscard]] const NodeRecord& record() const noexcept { return own_.record(); }
    [[nodiscard]] const NodeTable& table() const noexcept { return table_; }
    [[nodiscard]] EngineStats stats() const;

  private:
    Engine(const Identity& identity, crypto::EntropySource& entropy, EngineOptions options,
           OwnRecord own, const Moment& start);

    // Packets (engine_packets.cpp).
    void handle(const SignedPacket& packet, const Ping& ping, const IpEndpoint& from,
                const Moment& moment);
    void handle(const SignedPacket& packet, const Pong& pong, const IpEndpoint& from,
                const Moment& moment);
    void handle(const SignedPacket& packet, const FindNode& find, const IpEndpoint& from,
                const Moment& moment);
    void handle(const SignedPacket& packet, const Neighbours& neighbours, const IpEndpoint& from,
                const Moment& moment);
    void handle(const SignedPacket& packet, const RecordRequest& request, const IpEndpoint& from,
                const Moment& moment);
    void handle(const SignedPacket& packet, const RecordResponse& response, const IpEndpoint& from,
                const Moment& moment);
    [[nodiscard]] bool is_served(const SignedPacket& packet, const IpEndpoint& from,
                                 const Moment& moment);
    [[nodiscard]] Packet make_ping(const Node& to, const Moment& moment) const;

    // What is done of our own accord (engine.cpp).
    void pump(const Moment& moment);
    void digest_events(const Moment& moment);
    void on_proven(const ContactEvent& event, const Moment& moment);
    void on_unreachable(const ContactEvent& event);
    void on_neighbours(const ContactEvent& event);
    void on_record(const ContactEvent& event, const Moment& moment);
    void drive_lookup(const Moment& moment);
    void start_lookups(const Moment& moment);
    void try_suggested(const Moment& moment);
    void check_a_node(const Moment& moment);
    void hand_out(const Node& node, const NodeRecord* record, const Moment& moment);
    [[nodiscard]] bool is_usable(const Node& node) const;
    [[nodiscard]] std::uint64_t random();

    const Identity& identity_;
    crypto::EntropySource& entropy_;
    EngineOptions options_;
    Outbox outbox_;
    OwnRecord own_;
    EndpointVotes votes_;
    RateLimiter limiter_;
    Contacts contacts_;
    NodeTable table_;
    Explorer explorer_;
    FoundQueue found_;
    std::deque<Node> suggested_;
    TimePoint next_check_;
    EngineStats stats_;
};

}  // namespace fastsync::discovery
