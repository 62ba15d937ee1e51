#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <common/bytes.hpp>

namespace fastsync::status {

/// What the daemon is doing. Exactly one at a time.
enum class Phase : std::uint8_t {
    kStarting,
    kFindingPeers,
    kChoosingPivot,
    kSyncing,
    kCompacting,
    kComplete,
    kStopping,
    kFailed,
};

/// "starting", "finding_peers", "choosing_pivot", "syncing", "compacting", "complete",
/// "stopping", "failed".
[[nodiscard]] std::string_view to_string(Phase phase) noexcept;
/// Nothing for any other text.
[[nodiscard]] std::optional<Phase> parse_phase(std::string_view text) noexcept;

/// Wall-clock time with a resolution of one second.
using WallTime = std::chrono::sys_seconds;

struct NetworkStatus {
    std::string name;
    std::uint64_t network_id = 0;
    Hash256 genesis_hash;

    friend bool operator==(const NetworkStatus&, const NetworkStatus&) = default;
};

struct HeadStatus {
    std::uint64_t number = 0;
    Hash256 hash;

    friend bool operator==(const HeadStatus&, const HeadStatus&) = default;
};

struct PivotStatus {
    std::optional<std::uint64_t> number;  ///< nothing when the operator pinned a bare state root
    std::optional<Hash256> hash;          ///< likewise
    Hash256 state_root;
    std::uint64_t moves = 0;  ///< how often the pivot was replaced since the sync began

    friend bool operator==(const PivotStatus&, const PivotStatus&) = default;
};

/// A state that is whole in the database: it can be asked, and is served to peers.
struct CompletedStatus {
    std::optional<std::uint64_t> number;  ///< nothing when the operator pinned a bare state root
    std::optional<Hash256> hash;          ///< likewise
    Hash256 state_root;

    friend bool operator==(const CompletedStatus&, const CompletedStatus&) = default;
};

/// How sure the progress is: most of the time the truth lies between these.
struct EstimateStatus {
    std::uint64_t items = 0;  ///< of the whole state, expected
    double fraction_low = 0;
    double fraction_high = 1;
    std::optional<std::uint64_t> eta_low_s;  ///< both or none
    std::optional<std::uint64_t> eta_high_s;

    friend bool operator==(const EstimateStatus&, const EstimateStatus&) = default;
};

/// Counters are those of the whole sync, restarts included; rates are recent averages.
struct ProgressStatus {
    double fraction = 0;  ///< of the state's items, 0..1: exactly 1 when it is complete
    std::uint64_t corrections =
        0;  ///< how often the fraction fell: the state is larger than thought
    std::optional<EstimateStatus> estimate;  ///< nothing while too little was seen
    std::optional<std::uint64_t> eta_s;      ///< seconds left; nothing while it cannot be told
    std::uint64_t items_committed = 0;
    std::uint64_t nodes_committed = 0;
    std::uint64_t codes_committed = 0;
    std::uint64_t bytes_committed = 0;  ///< payload: blobs alone
    std::uint64_t pending = 0;          ///< items known and not yet committed
    std::uint64_t in_flight = 0;        ///< items requested and not yet answered
    std::uint64_t retries = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t unexpected = 0;
    std::uint64_t lost_tasks = 0;  ///< items the scheduler forgot: 0, or a bug of ours
    double items_per_s = 0;
    double bytes_per_s = 0;

    friend bool operator==(const ProgressStatus&, const ProgressStatus&) = default;
};

struct PeerCounts {
    std::uint64_t connected = 0;
    std::uint64_t serving = 0;  ///< of these, the ones that deliver the state of the pivot
    std::uint64_t banned = 0;   ///< nodes we want nothing to do with for a while

    friend bool operator==(const PeerCounts&, const PeerCounts&) = default;
};

enum class Direction : std::uint8_t { kInbound, kOutbound };

/// One connected peer. `client` is the peer's own text: any bytes.
struct PeerRow {
    std::string enode;
    std::string client;
    std::uint32_t eth_version = 0;
    Direction direction = Direction::kOutbound;
    double rtt_ms = 0;
    double items_per_s = 0;
    std::uint64_t in_flight = 0;  ///< items requested and not yet answered
    std::uint64_t delivered = 0;  ///< useful items
    std::uint64_t empty = 0;      ///< answers without a useful item
    std::uint64_t bad = 0;        ///< malformed, unexpected and timed-out answers
    std::uint64_t connected_s = 0;
    double penalty = 0;  ///< for what it did; halves in ten minutes, a ban follows at 100

    friend bool operator==(const PeerRow&, const PeerRow&) = default;
};

/// A peer that the operator named, connected or not.
struct StaticPeerRow {
    std::string enode;
    bool connected = false;
    std::uint64_t dials = 0;
    std::uint64_t failures = 0;  ///< dials without a session since the last one with
    std::string last_error;  ///< how the last dial or session ended; empty: not yet, or it stands

    friend bool operator==(const StaticPeerRow&, const StaticPeerRow&) = default;
};

/// A node that is neither dialed nor let in for a while.
struct BanRow {
    std::string node;  ///< its id, 128 hex digits
    std::string reason;
    std::uint64_t left_s = 0;

    friend bool operator==(const BanRow&, const BanRow&) = default;
};

/// Who is a peer, who should be, who must not. What /peers tells.
struct PeersReport {
    std::vector<PeerRow> peers;
    std::vector<StaticPeerRow> static_peers;
    std::vector<BanRow> bans;

    friend bool operator==(const PeersReport&, const PeersReport&) = default;
};

/// What became of connections since the start.
struct DialStatus {
    std::uint64_t begun = 0;     ///< to static and found peers
    std::uint64_t inbound = 0;   ///< incoming connections that were heard
    std::uint64_t unheard = 0;   ///< ... that were closed at once: too many, or too often
    std::uint64_t sessions = 0;  ///< that stood, in either direction
    /// Why dials, handshakes and sessions ended, and how often; a bounded number of reasons.
    std::map<std::string, std::uint64_t> ends;

    friend bool operator==(const DialStatus&, const DialStatus&) = default;
};

/// The search for nodes since the start; packets are UDP datagrams.
struct DiscoveryStatus {
    std::uint64_t known = 0;       ///< nodes in the table
    std::uint64_t found = 0;       ///< live nodes given to the dialer
    std::uint64_t remembered = 0;  ///< nodes that the next start tries first
    std::uint64_t lookups = 0;     ///< rounds of questions
    std::uint64_t sent = 0;        ///< packets
    std::uint64_t received = 0;
    std::uint64_t refused = 0;  ///< of those received: unreadable, unasked, unproven or too many
    std::uint64_t dns_records = 0;   ///< taken from lists in the Domain Name System
    std::uint64_t dns_failures = 0;  ///< lists that could not be read
    /// Names of bootnodes whose addresses cannot be told, and why.
    std::map<std::string, std::string> unresolved{};

    friend bool operator==(const DiscoveryStatus&, const DiscoveryStatus&) = default;
};

/// What the process takes of the machine.
struct ProcessStatus {
    double cpu_s = 0;  ///< processor time since the start, user and system
    std::uint64_t resident_bytes = 0;
    std::uint64_t open_files = 0;
    std::uint64_t disk_free_bytes = 0;  ///< where the database lies

    friend bool operator==(const ProcessStatus&, const ProcessStatus&) = default;
};

/// All the daemon tells about itself at one moment. Made whole by its owner, then never changed.
struct StatusSnapshot {
    std::string version;
    NetworkStatus network;
    Phase phase = Phase::kStarting;
    std::string waiting_for;  ///< what keeps the phase from moving on, for a person; empty: nothing
    WallTime phase_since{};
    std::uint64_t uptime_s = 0;
    std::optional<HeadStatus> head;
    std::optional<PivotStatus> pivot;
    /// Percent finished of each 256th of the key space, in the order of keys; empty: not known.
    std::vector<std::uint8_t> key_space;
    std::optional<CompletedStatus> completed;  ///< of this run or an earlier one
    ProgressStatus progress;
    PeerCounts peers;
    DialStatus dials;
    std::optional<DiscoveryStatus> discovery;  ///< nothing when it is off
    std::optional<ProcessStatus> process;      ///< nothing where it is not known
    PeersReport report;                        ///< told by /peers, not by /status

    friend bool operator==(const StatusSnapshot&, const StatusSnapshot&) = default;
};

/// RFC 3339 in UTC: "2026-02-03T04:05:06Z".
[[nodiscard]] std::string to_rfc3339(WallTime time);
/// Accepts the form that to_rfc3339() writes; kMalformed otherwise.
[[nodiscard]] Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace fastsync::status
