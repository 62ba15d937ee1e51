#include <cmath>

#include <nlohmann/json.hpp>

#include <status/json.hpp>

namespace fastsync::status {
namespace {

using nlohmann::ordered_json;

std::string dump(const ordered_json& json) {
    // A peer chooses its client name: bytes that are not UTF-8 must not throw here.
    return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

double finite(double value) noexcept {
    return std::isfinite(value) ? value : 0.0;
}

ordered_json progress_json(const ProgressStatus& p) {
    ordered_json out;
    out["fraction"] = finite(p.fraction);
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
    out["items_per_s"] = finite(p.items_per_s);
    out["bytes_per_s"] = finite(p.bytes_per_s);
    return out;
}

ordered_json peer_json(const PeerRow& row) {
    return {
        {"enode", row.enode},
        {"client", row.client},
        {"eth_version", row.eth_version},
        {"direction", row.direction == Direction::kInbound ? "inbound" : "outbound"},
        {"rtt_ms", finite(row.rtt_ms)},
        {"items_per_s", finite(row.items_per_s)},
        {"in_flight", row.in_flight},
        {"delivered", row.delivered},
        {"empty", row.empty},
        {"bad", row.bad},
        {"connected_s", row.connected_s},
    };
}

/// Reads members of one object and remembers the first that is missing or of the wrong type, so
/// that a whole object can be read before asking.
class Reader {
  public:
    Reader(const ordered_json& object, std::string where)
        : object_(object), where_(std::move(where)) {}

    [[nodiscard]] std::string text(std::string_view key) {
        const ordered_json* value = find(key, &ordered_json::is_string, "a text");
        return value != nullptr ? value->get<std::string>() : std::string{};
    }
    [[nodiscard]] std::string optional_text(std::string_view key) {
        return object_.contains(key) ? text(key) : std::string{};
    }
    [[nodiscard]] std::uint64_t count(std::string_view key) {
        const ordered_json* value =
            find(key, &ordered_json::is_number_unsigned, "an integer of 0 or more");
        return value != nullptr ? value->get<std::uint64_t>() : 0;
    }
    [[nodiscard]] std::optional<std::uint64_t> optional_count(std::string_view key) {
        return object_.contains(key) ? std::optional{count(key)} : std::nullopt;
    }
    [[nodiscard]] double number(std::string_view key) {
        const ordered_json* value = find(key, &ordered_json::is_number, "a number");
        return value != nullptr ? value->get<double>() : 0.0;
    }
    [[nodiscard]] Hash256 hash(std::string_view key) {
        const auto hash = fixed_from_hex<Hash256>(text(key));
        if (!hash) fail(key, "must be a hash");
        return hash ? *hash : Hash256{};
    }
    [[nodiscard]] std::optional<Hash256> optional_hash(std::string_view key) {
        return object_.contains(key) ? std::optional{hash(key)} : std::nullopt;
    }
    /// An empty object after a failure, so that reading goes on harmlessly.
    [[nodiscard]] const ordered_json& object(std::string_view key) {
        static const ordered_json kNone = ordered_json::object();
        const ordered_json* value = find(key, &ordered_json::is_object, "an object");
        return value != nullptr ? *value : kNone;
    }
    /// Null when there is none.
    [[nodiscard]] const ordered_json* optional_object(std::string_view key) {
        return object_.contains(key) ? &object(key) : nullptr;
    }

    void fail(std::string_view key, std::string_view what) {
        if (failure_.empty()) failure_.append(where_).append(key).append(" ").append(what);
    }
    [[nodiscard]] Result<void> outcome() const {
        if (!failure_.empty()) return Error{Errc::kMalformed, failure_};
        return {};
    }

  private:
    using Check = bool (ordered_json::*)() const noexcept;

    const ordered_json* find(std::string_view key, Check check, std::string_view type) {
        const auto at = object_.find(key);
        if (at == object_.end()) {
            fail(key, "is missing");
            return nullptr;
        }
        if (!((*at).*check)()) {
            fail(key, std::string{"must be "}.append(type));
            return nullptr;
        }
        return &*at;
    }

    const ordered_json& object_;
    std::string where_;
    std::string failure_;
};

Result<ordered_json> parse_object(std::string_view text) {
    ordered_json json = ordered_json::parse(text, nullptr, false);
    if (json.is_discarded()) return Error{Errc::kMalformed, "not JSON"};
    if (!json.is_object()) return Error{Errc::kMalformed, "not a JSON object"};
    return json;
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

Result<ProgressStatus> read_progress(const ordered_json& json) {
    Reader in{json, "progress."};
    ProgressStatus out;
    out.fraction = in.number("fraction");
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
    out.items_per_s = in.number("items_per_s");
    out.bytes_per_s = in.number("bytes_per_s");
    FASTSYNC_CHECK(in.outcome());
    return out;
}

Result<PeerRow> read_peer(const ordered_json& json, std::size_t index) {
    const std::string where = "peers[" + std::to_string(index) + "]";
    if (!json.is_object()) return Error{Errc::kMalformed, where + " must be an object"};
    Reader in{json, where + "."};
    PeerRow row;
    row.enode = in.text("enode");
    row.client = in.text("client");
    row.eth_version = static_cast<std::uint32_t>(in.count("eth_version"));
    const std::string direction = in.text("direction");
    if (direction != "inbound" && direction != "outbound") in.fail("direction", "is unknown");
    row.direction = direction == "inbound" ? Direction::kInbound : Direction::kOutbound;
    row.rtt_ms = in.number("rtt_ms");
    row.items_per_s = in.number("items_per_s");
    row.in_flight = in.count("in_flight");
    row.delivered = in.count("delivered");
    row.empty = in.count("empty");
    row.bad = in.count("bad");
    row.connected_s = in.count("connected_s");
    FASTSYNC_CHECK(in.outcome());
    return row;
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
    out["progress"] = progress_json(s.progress);
    out["peers"] = {{"connected", s.peers.connected}, {"serving", s.peers.serving}};
    return dump(out);
}

std::string peers_to_json(std::span<const PeerRow> peers) {
    ordered_json rows = ordered_json::array();
    for (const PeerRow& row : peers)
        rows.push_back(peer_json(row));
    ordered_json out;
    out["peers"] = std::move(rows);
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
    FASTSYNC_CHECK(in.outcome());

    const auto known = parse_phase(phase);
    if (!known) return Error{Errc::kMalformed, "phase is unknown"};
    out.phase = *known;
    FASTSYNC_TRY(out.phase_since, parse_rfc3339(since));
    FASTSYNC_TRY(out.network, read_network(network));
    FASTSYNC_TRY(out.progress, read_progress(progress));
    out.peers = {peers.count("connected"), peers.count("serving")};
    FASTSYNC_CHECK(peers.outcome());
    if (head != nullptr) {
        FASTSYNC_TRY(out.head, read_head(*head));
    }
    if (pivot != nullptr) {
        FASTSYNC_TRY(out.pivot, read_pivot(*pivot));
    }
    return out;
}

Result<std::vector<PeerRow>> peers_from_json(std::string_view text) {
    FASTSYNC_TRY(const ordered_json json, parse_object(text));
    const auto peers = json.find("peers");
    if (peers == json.end() || !peers->is_array()) {
        return Error{Errc::kMalformed, "peers must be an array"};
    }
    std::vector<PeerRow> rows;
    for (const ordered_json& row : *peers) {
        FASTSYNC_TRY(PeerRow read, read_peer(row, rows.size()));
        rows.push_back(std::move(read));
    }
    return rows;
}

}  // namespace fastsync::status
