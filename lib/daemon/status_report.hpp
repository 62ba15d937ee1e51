#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <daemon/networks.hpp>
#include <daemon/peers_report.hpp>
#include <status/snapshot.hpp>
#include <sync/sync_progress.hpp>

namespace fastsync::daemon {

/// What a snapshot is made of besides the progress: all of one moment.
struct StatusContext {
    Network network;
    status::WallTime phase_since{};
    std::uint64_t uptime_s = 0;
    TimePoint now{};
    std::optional<status::ProcessStatus> process{};
};

[[nodiscard]] status::Phase to_phase(sync::SyncPhase phase) noexcept;

/// The daemon before it runs.
[[nodiscard]] status::StatusSnapshot starting_snapshot(const Network& network,
                                                       status::WallTime now);
/// The daemon as its status page tells it.
[[nodiscard]] status::StatusSnapshot make_snapshot(const sync::SyncProgress& progress,
                                                   const PeerFigures& peers,
                                                   const StatusContext& context);

/// "phase=syncing fraction=12.3% items_per_s=…": the line that the log gets every few seconds.
[[nodiscard]] std::string summary_line(const status::StatusSnapshot& snapshot);

/// "syncing 42.17 %, 1m05s left, 2 peers": for a person who asks the service manager.
[[nodiscard]] std::string status_words(const status::StatusSnapshot& snapshot);

}  // namespace fastsync::daemon
