#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include <daemon/status_report.hpp>
#include <daemon/version.hpp>
#include <status/text.hpp>

namespace fastsync::daemon {
namespace {

/// Longest time left that is told, seconds: a rate next to nothing says nothing.
constexpr double kLongestEta = 10.0 * 365 * 24 * 3600;

std::uint64_t to_count(double items) {
    constexpr double kMost = 1e18;
    return items > 0 ? static_cast<std::uint64_t>(std::min(items, kMost)) : 0;
}

/// Not-a-number is no time either.
std::optional<std::uint64_t> to_eta(double seconds) {
    if (!(seconds >= 0 && seconds < kLongestEta)) return std::nullopt;
    return static_cast<std::uint64_t>(std::llround(seconds));
}

status::ProgressStatus progress_of(const sync::SyncProgress& progress) {
    status::ProgressStatus out;
    const bool complete = progress.phase == sync::SyncPhase::kComplete;
    // Exactly 1 is a complete state, and nothing else is.
    out.fraction = complete ? 1.0 : progress.fraction;
    out.corrections = progress.corrections;
    if (const auto& left = progress.time_left) out.eta_s = to_eta(left->expected);
    if (progress.work && !complete) {
        out.estimate = status::EstimateStatus{
            to_count(progress.work->items), progress.work->least, progress.work->most, {}, {}};
        if (const auto& left = progress.time_left; left && to_eta(left->most)) {
            out.estimate->eta_low_s = to_eta(left->least);
            out.estimate->eta_high_s = to_eta(left->most);
        }
    }
    out.items_committed = progress.counters.items_committed();
    out.nodes_committed = progress.counters.nodes_committed;
    out.codes_committed = progress.counters.codes_committed;
    out.bytes_committed = progress.counters.bytes_committed;
    out.pending = progress.pending;
    out.in_flight = progress.in_flight;
    out.retries = progress.counters.retries;
    out.duplicates = progress.counters.duplicates;
    out.unexpected = progress.counters.unexpected;
    out.lost_tasks = progress.lost_tasks;
    out.items_per_s = progress.items_per_s;
    out.bytes_per_s = progress.bytes_per_s;
    return out;
}

std::optional<status::PivotStatus> pivot_of(const sync::SyncProgress& progress) {
    if (!progress.state_root) return std::nullopt;
    status::PivotStatus out;
    out.state_root = *progress.state_root;
    out.moves = progress.pivot_moves;
    if (progress.pivot) {
        out.number = progress.pivot->number;
        out.hash = progress.pivot->hash;
    }
    return out;
}

}  // namespace

status::Phase to_phase(sync::SyncPhase phase) noexcept {
    switch (phase) {
        case sync::SyncPhase::kFindingPeers:
            return status::Phase::kFindingPeers;
        case sync::SyncPhase::kChoosingPivot:
            return status::Phase::kChoosingPivot;
        case sync::SyncPhase::kSyncing:
            return status::Phase::kSyncing;
        case sync::SyncPhase::kCompacting:
            return status::Phase::kCompacting;
        case sync::SyncPhase::kComplete:
            return status::Phase::kComplete;
        case sync::SyncPhase::kStopping:
            return status::Phase::kStopping;
        case sync::SyncPhase::kFailed:
            break;
    }
    return status::Phase::kFailed;
}

status::StatusSnapshot starting_snapshot(const Network& network, status::WallTime now,
                                         LooksForNodes looks) {
    status::StatusSnapshot out;
    out.version = version();
    out.network = {network.name, network.network_id, network.genesis_hash};
    out.phase = status::Phase::kStarting;
    out.phase_since = now;
    if (looks == LooksForNodes::kYes) out.discovery.emplace();
    return out;
}

status::StatusSnapshot make_snapshot(const sync::SyncProgress& progress, const PeerFigures& peers,
                                     const StatusContext& context) {
    status::StatusSnapshot out;
    out.version = version();
    out.network = {context.network.name, context.network.network_id, context.network.genesis_hash};
    out.phase = to_phase(progress.phase);
    out.waiting_for = progress.waiting_for;
    if (!out.waiting_for.empty() && peers.peers.size() == 0)
        out.waiting_for += ": " + why_no_peers(peers, context.now);
    out.phase_since = context.phase_since;
    out.uptime_s = context.uptime_s;
    if (progress.head) out.head = {progress.head->number, progress.head->hash};
    out.pivot = pivot_of(progress);
    if (progress.completed_root) {
        out.completed = status::CompletedStatus{{}, {}, *progress.completed_root};
        if (progress.completed) {
            out.completed->number = progress.completed->number;
            out.completed->hash = progress.completed->hash;
        }
    }
    out.progress = progress_of(progress);
    if (progress.key_space)
        out.key_space.assign(progress.key_space->begin(), progress.key_space->end());
    out.report = peers_report(progress, peers, context.now);
    out.peers = count_peers(out.report);
    out.dials = dials_of(peers.stats);
    out.discovery = discovery_of(peers);
    out.process = context.process;
    return out;
}

Summary summary_of(const status::StatusSnapshot& snapshot) {
    const auto& p = snapshot.progress;
    Summary out;
    const auto add = [&out](std::string_view field, const auto& value) {
        out.format.append(" ").append(field);
        out.values.push_back(value);
    };
    // Rounded down: 100 % is a complete state only.
    const double percent = std::floor(10000 * p.fraction) / 100;
    add("phase={}", std::string{to_string(snapshot.phase)});
    add("percent={:.2f}", percent);
    add("items={}", p.items_committed);
    add("bytes={}", p.bytes_committed);
    add("items_per_s={:.0f}", p.items_per_s);
    add("pending={}", p.pending);
    add("in_flight={}", p.in_flight);
    add("peers={}", snapshot.peers.connected);
    if (p.eta_s) add("left_s={}", *p.eta_s);
    if (snapshot.pivot && snapshot.pivot->number) add("pivot={}", *snapshot.pivot->number);
    if (!snapshot.waiting_for.empty()) add("waiting_for=\"{}\"", snapshot.waiting_for);
    return out;
}

std::string status_words(const status::StatusSnapshot& snapshot) {
    const auto& p = snapshot.progress;
    std::string words = std::string{to_string(snapshot.phase)};
    if (snapshot.phase == status::Phase::kSyncing) {
        words += fmt::format(" {:.2f} %", std::floor(10000 * p.fraction) / 100);
        words += p.eta_s ? ", " + status::show_seconds(*p.eta_s) + " left" : ", time left unknown";
    }
    words += fmt::format(", {} {}", snapshot.peers.connected,
                         snapshot.peers.connected == 1 ? "peer" : "peers");
    if (!snapshot.waiting_for.empty()) words += ", waiting: " + snapshot.waiting_for;
    return words;
}

}  // namespace fastsync::daemon
