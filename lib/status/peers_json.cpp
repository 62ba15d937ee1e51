#include <status/json.hpp>
#include <status/json_reader.hpp>

namespace fastsync::status {
namespace {

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
        {"penalty", finite(row.penalty)},
    };
}

ordered_json static_peer_json(const StaticPeerRow& row) {
    ordered_json out;
    out["enode"] = row.enode;
    out["connected"] = row.connected;
    out["dials"] = row.dials;
    out["failures"] = row.failures;
    if (!row.last_error.empty()) out["last_error"] = row.last_error;
    return out;
}

ordered_json ban_json(const BanRow& row) {
    return {{"node", row.node}, {"reason", row.reason}, {"left_s", row.left_s}};
}

template <class Row>
ordered_json rows_json(const std::vector<Row>& rows, ordered_json (*to_json)(const Row&)) {
    ordered_json out = ordered_json::array();
    for (const Row& row : rows)
        out.push_back(to_json(row));
    return out;
}

PeerRow read_peer(Reader& in) {
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
    row.penalty = in.number("penalty");
    return row;
}

StaticPeerRow read_static_peer(Reader& in) {
    return {in.text("enode"), in.truth("connected"), in.count("dials"), in.count("failures"),
            in.optional_text("last_error")};
}

BanRow read_ban(Reader& in) {
    return {in.text("node"), in.text("reason"), in.count("left_s")};
}

template <class Row>
Result<std::vector<Row>> read_rows(const ordered_json& document, const std::string& key,
                                   Row (*read)(Reader&)) {
    const auto array = document.find(key);
    if (array == document.end() || !array->is_array())
        return Error{Errc::kMalformed, key + " must be an array"};
    std::vector<Row> rows;
    for (const ordered_json& json : *array) {
        const std::string where = key + "[" + std::to_string(rows.size()) + "]";
        if (!json.is_object()) return Error{Errc::kMalformed, where + " must be an object"};
        Reader in{json, where + "."};
        Row row = read(in);
        FASTSYNC_CHECK(in.outcome());
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

std::string peers_to_json(const PeersReport& report) {
    ordered_json out;
    out["peers"] = rows_json(report.peers, peer_json);
    out["static_peers"] = rows_json(report.static_peers, static_peer_json);
    out["bans"] = rows_json(report.bans, ban_json);
    return dump(out);
}

Result<PeersReport> peers_from_json(std::string_view text) {
    FASTSYNC_TRY(const ordered_json json, parse_object(text));
    PeersReport report;
    FASTSYNC_TRY(report.peers, read_rows(json, "peers", read_peer));
    FASTSYNC_TRY(report.static_peers, read_rows(json, "static_peers", read_static_peer));
    FASTSYNC_TRY(report.bans, read_rows(json, "bans", read_ban));
    return report;
}

}  // namespace fastsync::status
