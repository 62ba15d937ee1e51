#include <status/json.hpp>
#include <status/json_reader.hpp>

namespace fastsync::status {
namespace {

ordered_json estimate_json(const EstimateStatus& e) {
    ordered_json out;
    out["items"] = e.items;
    out["fraction_low"] = finite(e.fraction_low);
    out["fraction_high"] = finite(e.fraction_high);
    if (e.eta_low_s) out["eta_low_s"] = *e.eta_low_s;
    if (e.eta_high_s) out["eta_high_s"] = *e.eta_high_s;
    return out;
}

ordered_json progress_json(const ProgressStatus& p) {
    ordered_json out;
    out["fraction"] = finite(p.fraction);
    out["corrections"] = p.corrections;
    if (p.estimate) out["estimate"] = estimate_json(*p.estimate);
    if (p.eta_s) out["eta_s"] = *p.eta_s;
    out["items_committed"] = p.items_committed;
    out["nodes_committed"] = p.nodes_committed;
    out["codes_committed"] = p.codes_committed;
    out["bytes_committed"] = p.bytes_committed;
    out["pending"] = p.pending;
    out["in_flight"] = p.in_flight;
    out["retries"] = p.retries;
    out["duplicates"] = p.duplicates;
    out["unexpected"] = p.unexpected;
    out["lost_tasks"] = p.lost_tasks;
    out["items_per_s"] = finite(p.items_per_s);
    out["bytes_per_s"] = finite(p.bytes_per_s);
    return out;
}

ordered_json dials_json(const DialStatus& d) {
    ordered_json out;
    out["begun"] = d.begun;
    out["inbound"] = d.inbound;
    out["unheard"] = d.unheard;
    out["sessions"] = d.sessions;
    out["ends"] = ordered_json::object();
    for (const auto& [reason, count] : d.ends)
        out["ends"][reason] = count;
    return out;
}

ordered_json discovery_json(const DiscoveryStatus& d) {
    return {{"known", d.known},
            {"found", d.found},
            {"remembered", d.remembered},
            {"lookups", d.lookups},
            {"sent", d.sent},
            {"received", d.received},
            {"refused", d.refused},
            {"dns_records", d.dns_records},
            {"dns_failures", d.dns_failures},
            {"unresolved", d.unresolved}};
}

ordered_json process_json(const ProcessStatus& p) {
    return {{"cpu_s", finite(p.cpu_s)},
            {"resident_bytes", p.resident_bytes},
            {"open_files", p.open_files},
            {"disk_free_bytes", p.disk_free_bytes}};
}

Result<ProcessStatus> read_process(const ordered_json& json) {
    Reader in{json, "process."};
    const ProcessStatus out{in.number("cpu_s"), in.count("resident_bytes"), in.count("open_files"),
                            in.count("disk_free_bytes")};
    FASTSYNC_CHECK(in.outcome());
    return out;
}

Result<NetworkStatus> read_network(const ordered_json& json) {
    Reader in{json, "network."};
    NetworkStatus out{in.text("name"), in.count("network_id"), in.hash("genesis_hash")};
    FASTSYNC_CHECK(in.outcome());
    return out;
}

Result<HeadStatus> read_head(const ordered_json& json) {
    Reader in{json, "head."};
    const HeadStatus out{in.count("number"), in.hash("hash")};
    FASTSYNC_CHECK(in.outcome());
    return out;
}

Result<PivotStatus> read_pivot(const ordered_json& json) {
    Reader in{json, "pivot."};
    const PivotStatus out{in.optional_count("number"), in.optional_hash("hash"),
                          in.hash("state_root"), in.count("moves")};
    FASTSYNC_CHECK(in.outcome());
    return out;
}

Result<CompletedStatus> read_completed(const ordered_json& json) {
    Reader in{json, "completed."};
    const CompletedStatus out{in.optional_count("number"), in.optional_hash("hash"),
                              in.hash("state_root")};
    FASTSYNC_CHECK(in.outcome());
    return out;
}

Result<std::vector<std::uint8_t>> read_key_space(const ordered_json& document) {
    std::vector<std::uint8_t> out;
    const auto cells = document.find("key_space");
    if (cells == document.end()) return out;
    const Error wrong{Errc::kMalformed, "key_space must be an array of 256 percents"};
    if (!cells->is_array() || cells->size() != 256) return wrong;
    for (const ordered_json& cell : *cells) {
        if (!cell.is_number_unsigned() || cell.get<std::uint64_t>() > 100) return wrong;
        out.push_back(cell.get<std::uint8_t>());
    }
    return out;
}

Result<ProgressStatus> read_progress(const ordered_json& json) {
    Reader in{json, "progress."};
    ProgressStatus out;
    out.fraction = in.number("fraction");
    out.corrections = in.optional_count("corrections").value_or(0);
    if (json.contains("estimate")) {
        Reader estimate{in.object("estimate"), "progress.estimate."};
        out.estimate =
            EstimateStatus{estimate.count("items"), estimate.number("fraction_low"),
                           estimate.number("fraction_high"), estimate.optional_count("eta_low_s"),
                           estimate.optional_count("eta_high_s")};
        FASTSYNC_CHECK(in.outcome());
        FASTSYNC_CHECK(estimate.outcome());
    }
    out.eta_s = in.optional_count("eta_s");
    out.items_committed = in.count("items_committed");
    out.nodes_committed = in.count("nodes_committed");
    out.codes_committed = in.count("codes_committed");
    out.bytes_committed = in.count("bytes_committed");
    out.pending = in.count("pending");
    out.in_flight = in.count("in_flight");
    out.retries = in.count("retries");
    out.duplicates = in.count("duplicates");
    out.unexpected = in.count("unexpected");
    out.lost_tasks = in.optional_count("lost_tasks").value_or(0);
    out.items_per_s = in.number("items_per_s");
    out.bytes_per_s = in.number("bytes_per_s");
    FASTSYNC_CHECK(in.outcome());
    return out;
}

Result<DialStatus> read_dials(const ordered_json& json) {
    Reader in{json, "dials."};
    DialStatus out{
        in.count("begun"), in.count("inbound"), in.count("unheard"), in.count("sessions"), {}};
    const ordered_json& ends = in.object("ends");
    FASTSYNC_CHECK(in.outcome());
    Reader counts{ends, "dials.ends."};
    for (const auto& [reason, count] : ends.items())
        out.ends[reason] = counts.count(reason);
    FASTSYNC_CHECK(counts.outcome());
    return out;
}

Result<DiscoveryStatus> read_discovery(const ordered_json& json) {
    Reader in{json, "discovery."};
    DiscoveryStatus out{in.count("known"),   in.count("found"),       in.count("remembered"),
                        in.count("lookups"), in.count("sent"),        in.count("received"),
                        in.count("refused"), in.count("dns_records"), in.count("dns_failures")};
    const ordered_json* unresolved = in.optional_object("unresolved");
    FASTSYNC_CHECK(in.outcome());
    if (unresolved != nullptr) {
        Reader names{*unresolved, "discovery.unresolved."};
        for (const auto& [name, reason] : unresolved->items())
            out.unresolved[name] = names.text(name);
        FASTSYNC_CHECK(names.outcome());
    }
    return out;
}

}  // namespace

std::string to_json(const StatusSnapshot& s) {
    ordered_json out;
    out["version"] = s.version;
    out["network"] = {{"name", s.network.name},
                      {"network_id", s.network.network_id},
                      {"genesis_hash", to_hex0x(s.network.genesis_hash)}};
    out["phase"] = to_string(s.phase);
    if (!s.waiting_for.empty()) out["waiting_for"] = s.waiting_for;
    out["phase_since"] = to_rfc3339(s.phase_since);
    out["uptime_s"] = s.uptime_s;
    if (s.head) out["head"] = {{"number", s.head->number}, {"hash", to_hex0x(s.head->hash)}};
    if (s.pivot) {
        ordered_json pivot;
        if (s.pivot->number) pivot["number"] = *s.pivot->number;
        if (s.pivot->hash) pivot["hash"] = to_hex0x(*s.pivot->hash);
        pivot["state_root"] = to_hex0x(s.pivot->state_root);
        pivot["moves"] = s.pivot->moves;
        out["pivot"] = std::move(pivot);
    }
    if (s.completed) {
        ordered_json completed;
        if (s.completed->number) completed["number"] = *s.completed->number;
        if (s.completed->hash) completed["hash"] = to_hex0x(*s.completed->hash);
        completed["state_root"] = to_hex0x(s.completed->state_root);
        out["completed"] = std::move(completed);
    }
    out["progress"] = progress_json(s.progress);
    if (!s.key_space.empty()) out["key_space"] = s.key_space;
    out["peers"] = {
        {"connected", s.peers.connected}, {"serving", s.peers.serving}, {"banned", s.peers.banned}};
    out["dials"] = dials_json(s.dials);
    if (s.discovery) out["discovery"] = discovery_json(*s.discovery);
    if (s.process) out["process"] = process_json(*s.process);
    return dump(out);
}

std::string error_to_json(std::string_view sentence) {
    ordered_json out;
    out["error"] = sentence;
    return dump(out);
}

Result<StatusSnapshot> status_from_json(std::string_view text) {
    FASTSYNC_TRY(const ordered_json json, parse_object(text));
    Reader in{json, ""};
    StatusSnapshot out;
    out.version = in.text("version");
    const std::string phase = in.text("phase");
    out.waiting_for = in.optional_text("waiting_for");
    const std::string since = in.text("phase_since");
    out.uptime_s = in.count("uptime_s");
    const ordered_json& network = in.object("network");
    const ordered_json& progress = in.object("progress");
    Reader peers{in.object("peers"), "peers."};
    const ordered_json* head = in.optional_object("head");
    const ordered_json* pivot = in.optional_object("pivot");
    const ordered_json* completed = in.optional_object("completed");
    const ordered_json* dials = in.optional_object("dials");
    const ordered_json* discovery = in.optional_object("discovery");
    const ordered_json* process = in.optional_object("process");
    FASTSYNC_CHECK(in.outcome());

    const auto known = parse_phase(phase);
    if (!known) return Error{Errc::kMalformed, "phase is unknown"};
    out.phase = *known;
    FASTSYNC_TRY(out.phase_since, parse_rfc3339(since));
    FASTSYNC_TRY(out.network, read_network(network));
    FASTSYNC_TRY(out.progress, read_progress(progress));
    FASTSYNC_TRY(out.key_space, read_key_space(json));
    out.peers = {peers.count("connected"), peers.count("serving"),
                 peers.optional_count("banned").value_or(0)};
    FASTSYNC_CHECK(peers.outcome());
    if (dials != nullptr) {
        FASTSYNC_TRY(out.dials, read_dials(*dials));
    }
    if (discovery != nullptr) {
        FASTSYNC_TRY(out.discovery, read_discovery(*discovery));
    }
    if (process != nullptr) {
        FASTSYNC_TRY(out.process, read_process(*process));
    }
    if (head != nullptr) {
        FASTSYNC_TRY(out.head, read_head(*head));
    }
    if (pivot != nullptr) {
        FASTSYNC_TRY(out.pivot, read_pivot(*pivot));
    }
    if (completed != nullptr) {
        FASTSYNC_TRY(out.completed, read_completed(*completed));
    }
    return out;
}

}  // namespace fastsync::status
