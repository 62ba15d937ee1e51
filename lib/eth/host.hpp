#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <async/task.hpp>
#include <async/task_scope.hpp>
#include <crypto/entropy.hpp>
#include <enode/enode.hpp>
#include <eth/backend.hpp>
#include <eth/dial_book.hpp>
#include <eth/handshake_streams.hpp>
#include <eth/inbound_gate.hpp>
#include <eth/node_source.hpp>
#include <eth/peer_policy.hpp>
#include <eth/peer_set.hpp>
#include <eth/redial.hpp>
#include <eth/reputation.hpp>
#include <eth/required_block.hpp>
#include <eth/session.hpp>
#include <net/byte_stream.hpp>
#include <rlpx/connection.hpp>

namespace fastsync::eth {

/// Told by a host, on its executor.
class HostObserver {
  public:
    virtual ~HostObserver() = default;
    /// A session stands; it is run by the host. The moment to observe() it.
    virtual void on_joined(const Peer& peer) = 0;
    /// It has ended, `why` says how. Nobody observes it any more.
    virtual void on_left(const Peer& peer, const Error& why) = 0;
};

struct HostOptions {
    std::vector<Enode> static_peers;    ///< kept connected: dialed again, with back-off, for ever
    std::vector<NodeId> trusted_peers;  ///< not dialed for that, but always find a place
    std::size_t max_peers = 25;         ///< connected ones; static and trusted peers come on top
    NodeSource* source = nullptr;       ///< whom to dial besides; null: nobody
    /// What every peer is asked for before it counts as one.
    std::vector<RequiredBlock> required_blocks{};
    /// What we say in Hello; empty: capability_offers().
    Offers offers{};
};

/// Nodes remembered to be reached over versions without node data and the satellite only.
inline constexpr std::size_t kMaxWithoutNodeData = 1024;

/// Nodes of forks that we do not know, remembered to be counted.
inline constexpr std::size_t kMaxOutdated = 1024;

/// Dials to found nodes that go on at the same time.
inline constexpr std::size_t kMaxDialing = 16;
/// How long the source of nodes is waited for before we look again at what is needed.
inline constexpr Duration kSourcePatience = std::chrono::seconds{10};
/// Pause between two rounds of dials, and between two looks at whether there is room for one.
inline constexpr Duration kDialRoundPause = std::chrono::milliseconds{500};
/// A peer that gave nothing in so long makes room for others when there is none; one at a time.
inline constexpr Duration kProbation = std::chrono::seconds{60};
inline constexpr Duration kEvictionPause = std::chrono::seconds{10};
/// How long a dial may take until the TCP connection stands.
inline constexpr Duration kDialTimeout = std::chrono::seconds{15};

/// A peer that is kept connected, as long as it is named.
struct StaticPeer {
    StaticPeer(const async::Executor& executor, Enode node)
        : enode(std::move(node)), dial(enode.host), given_up(executor) {}

    const Enode enode;
    DialState dial;
    async::Gate given_up;  ///< open: it is not dialed again
};
using StaticPeers = std::vector<std::shared_ptr<StaticPeer>>;

/// What became of connections so far.
struct HostStats {
    std::uint64_t dials = 0;     ///< begun, to static and found peers
    std::uint64_t inbound = 0;   ///< incoming connections that were heard
    std::uint64_t unheard = 0;   ///< incoming connections that were closed at once
    std::uint64_t sessions = 0;  ///< that stood, in either direction
    /// Why dials, handshakes and sessions ended, and how often; at most kMaxReasons of them.
    std::map<std::string, std::uint64_t> ends;

    static constexpr std::size_t kMaxReasons = 64;
};

/// Keeps sessions with peers: dials the static ones and found ones as long as there is room,
/// accepts others, one session for each node. Peers are blamed here, and let go as the policy says.
/// Lives on one executor.
class Host {
  public:
    /// @param local     key, name, listen port for Hello; its offers are set from the options
    /// @param listener  null: no incoming connections
    /// @param observer  null: nobody wants to know
    Host(async::Executor executor, async::Clock& clock, crypto::EntropySource& entropy,
         rlpx::LocalNode local, Backend& backend, std::unique_ptr<net::Dialer> dialer,
         std::unique_ptr<net::Listener> listener, HostOptions options, HostObserver* observer);

    /// Dials and accepts until stop(); when it returns, no session is left. Once.
    [[nodiscard]] async::Task<void> run();
    /// Tells every peer of our new head: those there are, and those whose session begins later with
    /// a Status that is out of date.
    void announce(const BlockAnnouncement& block);
    /// A node did that: it is noted, and the peer is let go if the policy says so. A node that is
    /// banned finds no place any more; a static or trusted one does.
    void blame(const NodeId& id, Fault fault);
    /// Takes others for the static and the trusted peers. New static ones are dialed at once; ones
    /// that are no longer named are not dialed again. Sessions stay: with a node that is named no
    /// more it is an ordinary one from now on, and ends if the node is banned.
    void set_named_peers(std::vector<Enode> static_peers, std::vector<NodeId> trusted_peers);
    /// Ends dialing and listening; sessions stay. Idempotent.
    void stop_growing();
    /// stop_growing(), and says goodbye to every peer (at most 2 s). Idempotent, returns at once.
    void stop();

    [[nodiscard]] const PeerSet& peers() const noexcept { return peers_; }
    /// Each of those that are kept connected, and what became of the dials to it.
    [[nodiscard]] const StaticPeers& static_peers() const noexcept { return static_peers_; }
    [[nodiscard]] const Reputation& reputation() const noexcept { return reputation_; }
    [[nodiscard]] HostStats stats() const;
    /// Nodes that were refused for a fork that we do not know (kOutdated), kMaxOutdated at most.
    [[nodiscard]] const std::set<NodeId>& outdated() const noexcept { return outdated_; }

  private:
    /// What became of a connection.
    struct Ended {
        Error why;
        std::optional<Duration> stood;  ///< how long there was a session, if there was one
    };

    [[nodiscard]] async::Task<void> accept_all();
    [[nodiscard]] async::Task<void> welcome(std::unique_ptr<net::ByteStream> stream,
                                            IpAddress from);
    [[nodiscard]] async::Task<void> keep_dialed(std::shared_ptr<StaticPeer> peer);
    [[nodiscard]] async::Task<void> dial_found();
    [[nodiscard]] async::Task<void> try_found(Enode enode);
    [[nodiscard]] async::Task<Ended> dial_once(Enode enode);
    [[nodiscard]] async::Task<Ended> dial_and_serve(Enode enode);
    [[nodiscard]] std::size_t room_for_dials() const;
    [[nodiscard]] bool worth_dialing(const Enode& enode) const;
    void make_room();
    void keep_static(Enode enode);
    void note_end(const Error& why);
    [[nodiscard]] bool is_banned(const NodeId& id) const;
    [[nodiscard]] bool was_short_visit(const Peer& peer, const Error& why) const;
    void tell_source(const Peer& peer, std::uint64_t items);
    [[nodiscard]] async::Task<Ended> serve(std::unique_ptr<rlpx::Connection> connection,
                                           net::ByteStream& stream, Enode enode,
                                           Direction direction);
    [[nodiscard]] async::Task<Ended> turn_away(std::unique_ptr<rlpx::Connection> connection,
                                               rlpx::DisconnectReason reason);
    [[nodiscard]] async::Task<void> admit(Peer peer, std::optional<Error>& refused);
    [[nodiscard]] async::Task<Ended> settle(std::shared_ptr<Session> session, Enode enode,
                                            Direction direction);
    [[nodiscard]] async::Task<void> await_departure(NodeId id, Direction direction);
    void blame_for_leaving(const NodeId& id);
    [[nodiscard]] async::Task<Ended> run_session(Peer peer);
    [[nodiscard]] rlpx::LocalNode local_for(const NodeId& id) const;
    [[nodiscard]] bool has_satellite_alone(const rlpx::Connection& connection);
    [[nodiscard]] PeerSet::Rank rank_of(const NodeId& id) const;
    void note_joined(const Peer& peer);
    void tell_announced(const Peer& peer);
    [[nodiscard]] double chance();

    async::Executor executor_;
    async::Clock& clock_;
    crypto::EntropySource& entropy_;
    rlpx::LocalNode local_;
    Backend& backend_;
    std::unique_ptr<net::Dialer> dialer_;
    std::unique_ptr<net::Listener> listener_;
    HostOptions options_;
    HostObserver* observer_;

    PeerSet peers_;
    StaticPeers static_peers_;
    HandshakeStreams handshakes_;
    InboundGate gate_;
    Reputation reputation_;
    DialBook book_;
    std::set<NodeId> found_;  ///< found nodes that are dialed, or connected since
    TimePoint next_eviction_ = TimePoint::min();
    HostStats stats_;
    std::optional<BlockAnnouncement> announced_;
    std::set<NodeId> outdated_;
    std::set<NodeId> without_node_data_;  ///< nodes that need capability_offers_without_node_data()
    async::Gate closing_;                 ///< no new connections
    async::Gate departed_;                ///< a session was taken out
    bool running_ = false;
    bool stopped_ = false;
    async::TaskScope scope_;
};

}  // namespace fastsync::eth
