#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <discovery/endpoint_proofs.hpp>
#include <discovery/node.hpp>
#include <discovery/outbox.hpp>

namespace fastsync::discovery {

/// How long an answer may take.
inline constexpr Duration kReplyTimeout = std::chrono::milliseconds{500};
/// How long a node that answered our Ping has to send its own, before we ask it without.
inline constexpr Duration kPingBackWait = std::chrono::milliseconds{500};
/// Pings until a node counts as gone, questions until it counts as silent: datagrams get lost.
inline constexpr std::uint32_t kPingAttempts = 3;
inline constexpr std::uint32_t kAskAttempts = 3;
/// Pings and questions under way.
inline constexpr std::size_t kMaxPings = 256;
inline constexpr std::size_t kMaxAsks = 128;
/// Of the pings, those that answer a stranger's: whoever forges source addresses makes us send them
/// to others.
inline constexpr std::size_t kMaxStrangerPings = 64;

enum class Question : std::uint8_t { kNeighbours, kRecord };

/// What came of a contact.
struct ContactEvent {
    enum class Kind : std::uint8_t {
        kProven,       ///< answered our ping
        kUnreachable,  ///< did not answer our pings
        kAnswered,     ///< our question: `told` or `record`
        kSilent,       ///< did not answer our question, or not usably
    };
    Kind kind = Kind::kProven;
    Node node;
    Question question = Question::kNeighbours;
    std::vector<Node> told;
    std::optional<NodeRecord> record;
    std::optional<std::uint64_t> record_sequence;  ///< kProven: as its Pong says
};

/// Talks with single nodes: proves endpoints, asks questions, repeats what gets lost, matches
/// answers. What comes of it is told as events.
class Contacts {
  public:
    enum class Reason : std::uint8_t { kOurs, kStranger };
    /// Makes the Ping to a node; the record sequence and our endpoint change with time.
    using PingMaker = std::function<Packet(const Node& to, const Moment& moment)>;

    Contacts(Outbox& outbox, PingMaker make_ping)
        : outbox_(outbox), make_ping_(std::move(make_ping)) {}

    /// Pings unless a ping is under way. False when too many are.
    bool ping(const Node& node, Reason reason, const Moment& moment);
    /// Asks `node`, proving the endpoint first where that is needed. False when too many questions
    /// are under way: then no event follows.
    bool ask(const Node& node, Question question, const NodeId& target, const Moment& moment);

    /// `node` pinged us, and has been answered. An unproven one is pinged in turn.
    void on_ping(const Node& node, const Moment& moment);
    /// @return whether it was the answer to a question of ours; these too
    bool on_pong(const NodeId& sender, const IpEndpoint& from, const Pong& pong,
                 const Moment& moment);
    bool on_neighbours(const NodeId& sender, const IpEndpoint& from, const Neighbours& neighbours);
    bool on_record(const NodeId& sender, const IpEndpoint& from, const RecordResponse& response);
    /// Repeats and gives up what is due.
    void advance(const Moment& moment);

    [[nodiscard]] std::vector<ContactEvent> take_events() { return std::exchange(events_, {}); }
    /// When advance() has something to do; TimePoint::max() when nothing is under way.
    [[nodiscard]] TimePoint next_deadline() const;
    [[nodiscard]] const EndpointProofs& proofs() const noexcept { return proofs_; }
    [[nodiscard]] std::size_t pings() const noexcept { return pings_.size(); }
    [[nodiscard]] std::size_t asks() const noexcept { return asks_.size(); }
    /// Whether something we sent to that address still waits for an answer.
    [[nodiscard]] bool expects(const IpAddress& address) const;

  private:
    struct PendingPing {
        Node node;
        Reason reason = Reason::kOurs;
        std::vector<Hash256> hashes;  ///< of every attempt: a late answer to the first is fine
        TimePoint deadline;
        std::optional<TimePoint> their_ping;
    };
    enum class Stage : std::uint8_t { kProving, kWaitingForPing, kAsked };
    struct PendingAsk {
        Node node;
        Question question = Question::kNeighbours;
        NodeId target;
        Stage stage = Stage::kProving;
        TimePoint deadline = TimePoint::max();
        std::vector<Hash256> hashes;
        std::size_t counted = 0;  ///< nodes told of, the unusable ones included
        bool heard = false;
        std::vector<Node> told;
    };

    [[nodiscard]] PendingPing* find_ping(const Whereabouts& where);
    void send_ping(PendingPing& ping, const Moment& moment);
    void send_ask(PendingAsk& ask, const Moment& moment);
    void release_asks(const Whereabouts& where, const Moment& moment);
    void fail_asks(const Whereabouts& where);
    void repeat_pings(const Moment& moment);
    void repeat_asks(const Moment& moment);
    [[nodiscard]] bool finish_or_repeat(PendingAsk& ask, const Moment& moment);
    void tell(ContactEvent event) { events_.push_back(std::move(event)); }

    Outbox& outbox_;
    PingMaker make_ping_;
    EndpointProofs proofs_;
    std::vector<PendingPing> pings_;
    std::vector<PendingAsk> asks_;
    std::vector<ContactEvent> events_;
};

}  // namespace fastsync::discovery
