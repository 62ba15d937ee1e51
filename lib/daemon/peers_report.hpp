#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <common/time.hpp>
#include <discovery/dns_source.hpp>
#include <discovery/engine.hpp>
#include <eth/host.hpp>
#include <status/snapshot.hpp>
#include <sync/sync_progress.hpp>

namespace fastsync::daemon {

/// The search for nodes, at one moment.
struct FinderFigures {
    discovery::EngineStats engine;
    discovery::DnsSourceStats dns;
    std::size_t remembered = 0;                       ///< nodes that the next start tries first
    std::map<std::string, std::string> unresolved{};  ///< names of bootnodes, and what is wrong
    std::uint64_t elsewhere = 0;  ///< node records left alone: another chain's, or of unknown forks
};

/// What the net thread knows of peers, at one moment.
struct PeerFigures {
    const eth::PeerSet& peers;
    const eth::StaticPeers& static_peers;
    const eth::Reputation& reputation;
    eth::HostStats stats;
    std::size_t outdated = 0;             ///< nodes refused for a fork that we do not know
    std::optional<FinderFigures> finder;  ///< nothing when discovery is off
};

[[nodiscard]] PeerFigures figures_of(const eth::Host& host, std::optional<FinderFigures> finder);

/// The rows of /peers; what the scheduler knows of a peer is in `progress`.
[[nodiscard]] status::PeersReport peers_report(const sync::SyncProgress& progress,
                                               const PeerFigures& peers, TimePoint now);
[[nodiscard]] status::PeerCounts count_peers(const status::PeersReport& report);
[[nodiscard]] status::DialStatus dials_of(const eth::HostStats& stats);
[[nodiscard]] std::optional<status::DiscoveryStatus> discovery_of(const PeerFigures& peers);

/// For a person who wonders why nobody is connected: what was tried, and how it ended.
[[nodiscard]] std::string why_no_peers(const PeerFigures& peers, TimePoint now);

}  // namespace fastsync::daemon
