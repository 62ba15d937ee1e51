#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <fmt/args.h>

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

/// Whether nodes are looked for.
enum class LooksForNodes : std::uint8_t { kNo, kYes };

/// The daemon before it runs. What is switched on is there from the first document on, with
/// figures of 0: an absent part says that it is off.
[[nodiscard]] status::StatusSnapshot starting_snapshot(const Network& network, status::WallTime now,
                                                       LooksForNodes looks);
/// The daemon as its status page tells it.
[[nodiscard]] status::StatusSnapshot make_snapshot(const sync::SyncProgress& progress,
                                                   const PeerFigures& peers,
                                                   const StatusContext& context);

/// The line that the log gets every few seconds, "progress phase=syncing percent=12.34 …": what
/// log::write() wants, for what is in it differs.
struct Summary {
    std::string format = "progress";
    fmt::dynamic_format_arg_store<fmt::format_context> values{};
};
[[nodiscard]] Summary summary_of(const status::StatusSnapshot& snapshot);

/// "syncing 42.17 %, 1m05s left, 2 peers": for a person who asks the service manager.
[[nodiscard]] std::string status_words(const status::StatusSnapshot& snapshot);

}  // namespace fastsync::daemon
