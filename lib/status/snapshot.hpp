#pragma once

#include <chrono>
#include <cstdint>
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
    kComplete,
    kStopping,
    kFailed,
};

/// "starting", "finding_peers", "choosing_pivot", "syncing", "complete", "stopping", "failed".
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

/// Counters are those of the whole sync, restarts included; rates are recent averages.
struct ProgressStatus {
    double fraction = 0;  ///< of the key space, 0..1: exactly 1 when the state is complete
    std::optional<std::uint64_t> eta_s;  ///< seconds left; nothing while it cannot be told
    std::uint64_t items_committed = 0;
    std::uint64_t nodes_committed = 0;
    std::uint64_t codes_committed = 0;
    std::uint64_t bytes_committed = 0;  ///< payload: blobs alone
    std::uint64_t pending = 0;          ///< items known and not yet committed
    std::uint64_t in_flight = 0;        ///< items requested and not yet answered
    std::uint64_t retries = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t unexpected = 0;
    double items_per_s = 0;
    double bytes_per_s = 0;

    friend bool operator==(const ProgressStatus&, const ProgressStatus&) = default;
};

struct PeerCounts {
    std::uint64_t connected = 0;
    std::uint64_t serving = 0;  ///< of these, the ones that deliver the state of the pivot

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

    friend bool operator==(const PeerRow&, const PeerRow&) = default;
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
    ProgressStatus progress;
    PeerCounts peers;
    std::vector<PeerRow> peer_rows;  ///< told by /peers, not by /status

    friend bool operator==(const StatusSnapshot&, const StatusSnapshot&) = default;
};

/// RFC 3339 in UTC: "2026-02-03T04:05:06Z".
[[nodiscard]] std::string to_rfc3339(WallTime time);
/// Accepts the form that to_rfc3339() writes; kMalformed otherwise.
[[nodiscard]] Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace fastsync::status
