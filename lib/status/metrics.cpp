#include <array>

#include <status/exposition.hpp>
#include <status/metrics.hpp>

namespace fastsync::status {
namespace {

constexpr MetricType kCounter = MetricType::kCounter;
constexpr MetricType kGauge = MetricType::kGauge;

constexpr std::array<Phase, 8> kPhases{
    Phase::kStarting,   Phase::kFindingPeers, Phase::kChoosingPivot, Phase::kSyncing,
    Phase::kCompacting, Phase::kComplete,     Phase::kStopping,      Phase::kFailed};

void write_daemon(Exposition& out, const StatusSnapshot& s) {
    out.family("fastsyncd_build_info", kGauge, "Always 1; the version is a label.")
        .sample(std::uint64_t{1}, {{"version", s.version}});
    out.family("fastsyncd_network_info", kGauge, "Always 1; the chain is in the labels.")
        .sample(std::uint64_t{1}, {{"name", s.network.name},
                                   {"network_id", std::to_string(s.network.network_id)},
                                   {"genesis_hash", to_hex0x(s.network.genesis_hash)}});
    out.family("fastsyncd_uptime_seconds", kGauge, "Time since the daemon started.")
        .sample(s.uptime_s);
    out.family("fastsyncd_phase", kGauge, "1 for the phase the daemon is in, 0 for the others.");
    for (const Phase phase : kPhases)
        out.sample(std::uint64_t{s.phase == phase ? 1U : 0U}, {{"phase", to_string(phase)}});
    out.family("fastsyncd_phase_start_time_seconds", kGauge,
               "When the phase began, in seconds since 1970.")
        .sample(static_cast<double>(s.phase_since.time_since_epoch().count()));
    out.family("fastsyncd_waiting", kGauge,
               "1 while something keeps the phase from moving on; /status says what.")
        .sample(std::uint64_t{s.waiting_for.empty() ? 0U : 1U});
}

void write_chain(Exposition& out, const StatusSnapshot& s) {
    out.family("fastsyncd_head_block", kGauge, "Number of the newest block that is known.");
    if (s.head) out.sample(s.head->number);
    out.family("fastsyncd_pivot_block", kGauge, "Number of the block whose state is synced.");
    if (s.pivot && s.pivot->number) out.sample(*s.pivot->number);
    out.family("fastsyncd_completed_block", kGauge,
               "Number of the block whose state is whole; no sample before there is one.");
    if (s.completed && s.completed->number) out.sample(*s.completed->number);
    out.family("fastsyncd_ready", kGauge, "1 once a state is whole and can be asked.")
        .sample(std::uint64_t{s.completed ? 1U : 0U});
    out.family("fastsyncd_pivot_moves_total", kCounter,
               "How often the pivot was replaced since the sync began.")
        .sample(s.pivot ? s.pivot->moves : std::uint64_t{0});
}

void write_progress(Exposition& out, const ProgressStatus& p) {
    out.family("fastsyncd_progress_ratio", kGauge,
               "Share of the state's items that is there, 0 to 1; 1 when it is complete.")
        .sample(p.fraction);
    out.family("fastsyncd_progress_low_ratio", kGauge,
               "That share if the state is as large as it may be; no sample while it is unknown.");
    if (p.estimate) out.sample(p.estimate->fraction_low);
    out.family("fastsyncd_progress_high_ratio", kGauge,
               "That share if the state is as small as it may be; no sample while it is unknown.");
    if (p.estimate) out.sample(p.estimate->fraction_high);
    out.family("fastsyncd_progress_corrections_total", kCounter,
               "How often the share fell because the state is larger than thought.")
        .sample(p.corrections);
    out.family("fastsyncd_estimated_items", kGauge,
               "Items that the whole state probably has; no sample while it is unknown.");
    if (p.estimate) out.sample(p.estimate->items);
    out.family("fastsyncd_time_left_seconds", kGauge,
               "Estimated time to the complete state; no sample while it cannot be told.");
    if (p.eta_s) out.sample(*p.eta_s);
    out.family("fastsyncd_committed_items_total", kCounter,
               "Trie nodes and codes committed, those of earlier runs of the sync included.")
        .sample(p.nodes_committed, {{"kind", "node"}})
        .sample(p.codes_committed, {{"kind", "code"}});
    out.family("fastsyncd_committed_bytes_total", kCounter,
               "Bytes of the items committed, without keys.")
        .sample(p.bytes_committed);
    out.family("fastsyncd_pending_items", kGauge, "Items known and not yet committed.")
        .sample(p.pending);
    out.family("fastsyncd_in_flight_items", kGauge, "Items requested and not yet answered.")
        .sample(p.in_flight);
    out.family("fastsyncd_retries_total", kCounter, "Items that had to be asked for again.")
        .sample(p.retries);
    out.family("fastsyncd_duplicate_items_total", kCounter, "Items that came once more.")
        .sample(p.duplicates);
    out.family("fastsyncd_unexpected_items_total", kCounter, "Items that nobody had asked for.")
        .sample(p.unexpected);
    out.family("fastsyncd_lost_tasks", kGauge,
               "Items that the scheduler forgot: 0, or a defect of fastsyncd.")
        .sample(p.lost_tasks);
}

void write_peers(Exposition& out, const StatusSnapshot& s) {
    out.family("fastsyncd_peers", kGauge, "Peers connected.").sample(s.peers.connected);
    out.family("fastsyncd_serving_peers", kGauge, "Peers connected that have delivered state.")
        .sample(s.peers.serving);
    out.family("fastsyncd_banned_nodes", kGauge, "Nodes neither dialed nor let in for a while.")
        .sample(s.peers.banned);
    out.family("fastsyncd_dials_total", kCounter, "Connections begun by us.").sample(s.dials.begun);
    out.family("fastsyncd_inbound_connections_total", kCounter,
               "Connections that came to us: heard, or closed at once for being too many.")
        .sample(s.dials.inbound, {{"heard", "true"}})
        .sample(s.dials.unheard, {{"heard", "false"}});
    out.family("fastsyncd_sessions_total", kCounter, "Sessions that stood, either way.")
        .sample(s.dials.sessions);
    out.family("fastsyncd_connection_ends_total", kCounter,
               "Dials, handshakes and sessions that ended, by reason.");
    for (const auto& [reason, count] : s.dials.ends)
        out.sample(count, {{"reason", reason}});
}

void write_discovery(Exposition& out, const DiscoveryStatus& d) {
    out.family("fastsyncd_discovery_nodes", kGauge, "Nodes in the table.").sample(d.known);
    out.family("fastsyncd_discovery_found_nodes_total", kCounter, "Live nodes given to the dialer.")
        .sample(d.found);
    out.family("fastsyncd_discovery_lookups_total", kCounter, "Rounds of questions.")
        .sample(d.lookups);
    out.family("fastsyncd_discovery_packets_total", kCounter,
               "Datagrams sent, received, and refused of those received.")
        .sample(d.sent, {{"what", "sent"}})
        .sample(d.received, {{"what", "received"}})
        .sample(d.refused, {{"what", "refused"}});
    out.family("fastsyncd_discovery_dns_records_total", kCounter, "Nodes taken from DNS lists.")
        .sample(d.dns_records);
    out.family("fastsyncd_discovery_dns_failures_total", kCounter,
               "DNS lists that could not be read.")
        .sample(d.dns_failures);
}

void write_process(Exposition& out, const ProcessStatus& p) {
    out.family("fastsyncd_disk_free_bytes", kGauge, "Free space where the database lies.")
        .sample(p.disk_free_bytes);
    // Names that every Prometheus client library uses.
    out.family("process_cpu_seconds_total", kCounter, "Processor time used, user and system.")
        .sample(p.cpu_s);
    out.family("process_resident_memory_bytes", kGauge, "Resident memory.")
        .sample(p.resident_bytes);
    out.family("process_open_fds", kGauge, "Open file descriptors.").sample(p.open_files);
}

}  // namespace

std::string to_metrics(const StatusSnapshot& s) {
    Exposition out;
    write_daemon(out, s);
    write_chain(out, s);
    write_progress(out, s.progress);
    write_peers(out, s);
    if (s.discovery) write_discovery(out, *s.discovery);
    if (s.process) write_process(out, *s.process);
    return out.take();
}

}  // namespace fastsync::status
