#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include <daemon/peers_report.hpp>

namespace fastsync::daemon {
namespace {

std::uint64_t whole_seconds(Duration duration) {
    return static_cast<std::uint64_t>(std::max(0.0, to_seconds(duration)));
}

status::PeerRow row_of(const eth::Peer& peer, TimePoint now) {
    status::PeerRow row;
    row.enode = to_string(peer.enode);
    row.client = peer.session->connection().remote_hello().client_name;
    row.eth_version = peer.session->status().eth_version;
    row.direction = peer.direction == eth::Direction::kInbound ? status::Direction::kInbound
                                                               : status::Direction::kOutbound;
    row.connected_s = whole_seconds(now - peer.since);
    return row;
}

void add_scheduler_view(status::PeerRow& row, const sync::PeerView& view) {
    row.rtt_ms = 1000 * to_seconds(view.round_trip);
    row.items_per_s = view.items_per_s;
    row.in_flight = view.in_flight;
    row.delivered = view.delivered;
    row.empty = view.empty;
    row.bad = view.timeouts + view.unexpected;
}

/// The first static peer that fails, and how many more do; empty when none does.
std::string failing_static_peers(const PeerFigures& peers) {
    std::string words;
    std::size_t more = 0;
    for (const auto& peer : peers.static_peers) {
        const eth::DialState& dial = peer->dial;
        if (dial.failures() == 0 || dial.last_error().empty()) continue;
        if (!words.empty()) {
            ++more;
            continue;
        }
        const Enode& enode = peer->enode;
        words = fmt::format("static peer {} at {}:{}: {} failed dial{}, the last with \"{}\"",
                            short_id(enode.id), enode.host, enode.tcp_port, dial.failures(),
                            dial.failures() == 1 ? "" : "s", dial.last_error());
    }
    if (more > 0) words += fmt::format(" (and {} more)", more);
    return words;
}

bool is_connected(const eth::PeerSet& peers, const NodeId& id) {
    const auto& all = peers.all();
    return std::any_of(all.begin(), all.end(),
                       [&id](const auto& entry) { return entry.second.enode.id == id; });
}

/// Banned nodes, and what the ban that lasts longest is for.
std::string bans_in_words(const eth::Reputation& reputation, TimePoint now) {
    const auto bans = reputation.bans(now);
    if (bans.empty()) return {};
    const auto last = std::max_element(
        bans.begin(), bans.end(), [](const auto& a, const auto& b) { return a.until < b.until; });
    return fmt::format("{} nodes are banned, one of them because it \"{}\", for {} s more",
                       bans.size(), eth::reaction_to(last->reason).words,
                       whole_seconds(last->until - now));
}

/// Discovery works among clocks that agree within seconds.
std::string clock_in_words(const discovery::EngineStats& engine) {
    constexpr std::uint64_t kEnough = 8;
    const auto tell = [&engine](std::uint64_t odd, const char* what) {
        if (odd < kEnough || 2 * odd < engine.received) return std::string{};
        return fmt::format("the clock of this machine may be wrong: {} of {} discovery packets {}",
                           odd, engine.received, what);
    };
    const std::string late = tell(engine.expired, "had expired when they came");
    return late.empty() ? tell(engine.early, "come from the future") : late;
}

void add_words(std::string& words, const std::string& more) {
    if (more.empty()) return;
    if (!words.empty()) words += "; ";
    words += more;
}

/// The end that most connections came to.
std::string commonest_end(const eth::HostStats& stats) {
    const auto most =
        std::max_element(stats.ends.begin(), stats.ends.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == stats.ends.end()) return {};
    return fmt::format(", most end with \"{}\" ({} times)", most->first, most->second);
}

/// The first bootnode whose name leads nowhere, and how many more there are.
std::string unresolved_bootnodes(const std::map<std::string, std::string>& unresolved) {
    if (unresolved.empty()) return {};
    std::string words = "; bootnode: " + unresolved.begin()->second;
    if (unresolved.size() > 1) words += fmt::format(" (and {} more)", unresolved.size() - 1);
    return words;
}

}  // namespace

PeerFigures figures_of(const eth::Host& host, std::optional<FinderFigures> finder) {
    return {host.peers(), host.static_peers(),    host.reputation(),
            host.stats(), host.outdated().size(), std::move(finder)};
}

status::PeersReport peers_report(const sync::SyncProgress& progress, const PeerFigures& peers,
                                 TimePoint now) {
    status::PeersReport out;
    for (const auto& [number, peer] : peers.peers.all()) {
        status::PeerRow row = row_of(peer, now);
        row.penalty = peers.reputation.penalty(peer.enode.id, now);
        const sync::PeerId id{number};
        const auto view = std::find_if(progress.peers.begin(), progress.peers.end(),
                                       [&id](const auto& p) { return p.id == id; });
        if (view != progress.peers.end()) add_scheduler_view(row, *view);
        out.peers.push_back(std::move(row));
    }
    for (const auto& peer : peers.static_peers) {
        const Enode& enode = peer->enode;
        const eth::DialState& dial = peer->dial;
        out.static_peers.push_back({to_string(enode), is_connected(peers.peers, enode.id),
                                    dial.attempts(), dial.failures(), dial.last_error()});
    }
    for (const eth::Ban& ban : peers.reputation.bans(now)) {
        out.bans.push_back({to_hex(ban.id), std::string{eth::reaction_to(ban.reason).words},
                            whole_seconds(ban.until - now)});
    }
    return out;
}

status::PeerCounts count_peers(const status::PeersReport& report) {
    const auto serving = std::count_if(report.peers.begin(), report.peers.end(),
                                       [](const auto& row) { return row.delivered > 0; });
    return {report.peers.size(), static_cast<std::uint64_t>(serving), report.bans.size()};
}

status::DialStatus dials_of(const eth::HostStats& stats) {
    return {stats.dials, stats.inbound, stats.unheard, stats.sessions, stats.ends};
}

std::optional<status::DiscoveryStatus> discovery_of(const PeerFigures& peers) {
    if (!peers.finder) return std::nullopt;
    const discovery::EngineStats& engine = peers.finder->engine;
    return status::DiscoveryStatus{
        engine.known,
        engine.found,
        peers.finder->remembered,
        engine.rounds,
        engine.sent,
        engine.received,
        engine.limited + engine.malformed + engine.unexpected + engine.unproven,
        peers.finder->dns.records,
        peers.finder->dns.failures,
        peers.finder->unresolved};
}

std::string why_no_peers(const PeerFigures& peers, TimePoint now) {
    std::string words;
    if (peers.outdated > 0) {
        words = fmt::format("{} peer{} passed a fork this version does not know", peers.outdated,
                            peers.outdated == 1 ? "" : "s");
    }
    add_words(words, failing_static_peers(peers));
    if (words.empty() && !peers.static_peers.empty()) words = "static peers are being dialed";
    const std::string ends = commonest_end(peers.stats);
    if (peers.finder) {
        add_words(words, fmt::format("discovery knows {} nodes, {} dials so far{}",
                                     peers.finder->engine.known, peers.stats.dials, ends));
        if (peers.finder->elsewhere > 0) {
            words +=
                fmt::format(", {} found are of other chains or of forks this version does not know",
                            peers.finder->elsewhere);
        }
        words += unresolved_bootnodes(peers.finder->unresolved);
        add_words(words, clock_in_words(peers.finder->engine));
    } else if (words.empty()) {
        words = "no static peer is named and discovery is off";
        if (peers.stats.inbound > 0)
            words += fmt::format("; {} came to us{}", peers.stats.inbound, ends);
    }
    add_words(words, bans_in_words(peers.reputation, now));
    return words;
}

}  // namespace fastsync::daemon
