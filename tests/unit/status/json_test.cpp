#include <limits>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <status/board.hpp>
#include <status/json.hpp>

#include "sample.hpp"

using namespace fastsync;
using namespace fastsync::status;
using fastsync::test::full_snapshot;
using nlohmann::json;

TEST_CASE("status JSON: a snapshot survives the round trip", "[status]") {
    StatusSnapshot sent = full_snapshot();
    const auto got = status_from_json(to_json(sent));
    REQUIRE(got);
    sent.report = {};  // told by /peers
    CHECK(*got == sent);
}

TEST_CASE("status JSON: the document has the promised keys and forms", "[status]") {
    json doc = json::parse(to_json(full_snapshot()));
    CHECK(doc["key_space"].size() == 256);
    CHECK(doc["key_space"][254] == 42);
    CHECK(doc["key_space"][255] == 100);
    doc.erase("key_space");
    const json expected = json::parse(R"({
        "version": "1.2.3",
        "network": {"name": "xdc", "network_id": 50,
            "genesis_hash": "0x1111111111111111111111111111111111111111111111111111111111111111"},
        "phase": "syncing",
        "waiting_for": "a peer that serves the state",
        "phase_since": "2026-02-03T04:05:06Z",
        "uptime_s": 7,
        "head": {"number": 264,
            "hash": "0x2222222222222222222222222222222222222222222222222222222222222222"},
        "pivot": {"number": 200,
            "hash": "0x3333333333333333333333333333333333333333333333333333333333333333",
            "state_root": "0x4444444444444444444444444444444444444444444444444444444444444444",
            "moves": 2},
        "completed": {"number": 100,
            "hash": "0x5555555555555555555555555555555555555555555555555555555555555555",
            "state_root": "0x6666666666666666666666666666666666666666666666666666666666666666"},
        "progress": {"fraction": 0.25, "corrections": 2, "estimate": {"items": 42,
                "fraction_low": 0.125, "fraction_high": 0.5, "eta_low_s": 5, "eta_high_s": 11},
            "eta_s": 8, "items_committed": 9, "nodes_committed": 10,
            "codes_committed": 11, "bytes_committed": 12, "pending": 13, "in_flight": 14,
            "retries": 15, "duplicates": 16, "unexpected": 17, "lost_tasks": 3, "items_per_s": 18.5,
            "bytes_per_s": 19.5},
        "peers": {"connected": 20, "serving": 21, "banned": 22},
        "dials": {"begun": 23, "inbound": 24, "unheard": 25, "sessions": 26,
            "ends": {"timeout": 27, "too many peers": 28}},
        "discovery": {"known": 29, "found": 30, "remembered": 31, "lookups": 32, "sent": 33,
            "received": 34, "refused": 35, "dns_records": 36, "dns_failures": 37, "unresolved": {"node.example.org": "cannot resolve it"}},
        "process": {"cpu_s": 38.5, "resident_bytes": 39, "open_files": 40, "disk_free_bytes": 41}
    })");
    CHECK(doc == expected);
}

TEST_CASE("status JSON: what is unknown is absent, never null", "[status]") {
    const StatusSnapshot fresh;
    const std::string text = to_json(fresh);
    const json doc = json::parse(text);
    CHECK_FALSE(doc.contains("head"));
    CHECK_FALSE(doc.contains("pivot"));
    CHECK_FALSE(doc.contains("waiting_for"));
    CHECK_FALSE(doc.contains("completed"));
    CHECK_FALSE(doc.contains("discovery"));
    CHECK_FALSE(doc.contains("process"));
    CHECK_FALSE(doc["progress"].contains("eta_s"));
    CHECK_FALSE(doc["progress"].contains("estimate"));
    CHECK(text.find("null") == std::string::npos);
    const auto got = status_from_json(text);
    REQUIRE(got);
    CHECK(*got == fresh);
}

TEST_CASE("status JSON: a bare state root is a pivot without number and hash", "[status]") {
    StatusSnapshot sent = full_snapshot();
    sent.report = {};
    sent.pivot->number.reset();
    sent.pivot->hash.reset();
    const json pivot = json::parse(to_json(sent))["pivot"];
    CHECK(pivot.size() == 2);
    CHECK(pivot.contains("state_root"));
    CHECK(pivot.contains("moves"));
    const auto got = status_from_json(to_json(sent));
    REQUIRE(got);
    CHECK(*got == sent);
}

TEST_CASE("status JSON: every phase has a name that is read back", "[status]") {
    const auto [phase, name] = GENERATE(table<Phase, std::string>({
        {Phase::kStarting, "starting"},
        {Phase::kFindingPeers, "finding_peers"},
        {Phase::kChoosingPivot, "choosing_pivot"},
        {Phase::kSyncing, "syncing"},
        {Phase::kCompacting, "compacting"},
        {Phase::kComplete, "complete"},
        {Phase::kStopping, "stopping"},
        {Phase::kFailed, "failed"},
    }));
    CHECK(to_string(phase) == name);
    CHECK(parse_phase(name) == phase);
    CHECK_FALSE(parse_phase(name + " "));
}

TEST_CASE("status JSON: rates that are no numbers become 0", "[status]") {
    StatusSnapshot s = full_snapshot();
    s.progress.fraction = std::numeric_limits<double>::quiet_NaN();
    s.progress.items_per_s = std::numeric_limits<double>::infinity();
    s.report.peers[0].rtt_ms = -std::numeric_limits<double>::infinity();
    const json doc = json::parse(to_json(s));
    CHECK(doc["progress"]["fraction"] == 0.0);
    CHECK(doc["progress"]["items_per_s"] == 0.0);
    CHECK(json::parse(peers_to_json(s.report))["peers"][0]["rtt_ms"] == 0.0);
}

TEST_CASE("peers JSON: rows survive the round trip", "[status]") {
    const PeersReport report = full_snapshot().report;
    const auto got = peers_from_json(peers_to_json(report));
    REQUIRE(got);
    CHECK(*got == report);
    const json doc = json::parse(peers_to_json(report));
    const json first = doc["peers"][0];
    CHECK(first["direction"] == "outbound");
    for (const char* key : {"enode", "client", "eth_version", "rtt_ms", "items_per_s", "in_flight",
                            "delivered", "empty", "bad", "connected_s", "penalty"}) {
        CAPTURE(key);
        CHECK(first.contains(key));
    }
    CHECK(doc["static_peers"] == json::parse(R"([
        {"enode": "enode://aa@127.0.0.1:30303", "connected": true, "dials": 2, "failures": 0},
        {"enode": "enode://cc@127.0.0.1:30305", "connected": false, "dials": 9, "failures": 8,
            "last_error": "connect: refused"}])"));
    CHECK(doc["bans"] ==
          json::parse(R"([{"node": "dd", "reason": "is on another chain", "left_s": 1800}])"));
    CHECK(peers_to_json({}) == R"({"peers":[],"static_peers":[],"bans":[]})");
}

TEST_CASE("peers JSON: a client name of arbitrary bytes stays valid JSON", "[status]") {
    PeersReport report = full_snapshot().report;
    report.peers[0].client = std::string{"\xff\xfe\"\\\x01\0x", 7};
    const std::string text = peers_to_json(report);
    const auto got = peers_from_json(text);
    REQUIRE(got);
    CHECK(got->peers.size() == 2);
    CHECK(text.find('\xff') == std::string::npos);
}

TEST_CASE("status JSON: a wrong document is refused naming the key", "[status]") {
    const auto broken = [](auto change) {
        json doc = json::parse(to_json(full_snapshot()));
        change(doc);
        const auto got = status_from_json(doc.dump());
        REQUIRE_FALSE(got);
        CHECK(got.error().code == Errc::kMalformed);
        return got.error().detail;
    };
    CHECK(broken([](json& d) { d.erase("version"); }) == "version is missing");
    CHECK(broken([](json& d) { d["phase"] = 3; }) == "phase must be a text");
    CHECK(broken([](json& d) { d["phase"] = "sleeping"; }) == "phase is unknown");
    CHECK(broken([](json& d) { d["uptime_s"] = -1; }) ==
          "uptime_s must be an integer of 0 or more");
    CHECK(broken([](json& d) { d["peers"] = json::array(); }) == "peers must be an object");
    CHECK(broken([](json& d) { d["peers"].erase("serving"); }) == "peers.serving is missing");
    CHECK(broken([](json& d) { d["network"]["genesis_hash"] = "0x12"; }) ==
          "network.genesis_hash must be a hash");
    CHECK(broken([](json& d) { d["pivot"]["moves"] = "2"; }) ==
          "pivot.moves must be an integer of 0 or more");
    CHECK(broken([](json& d) { d["dials"]["ends"]["timeout"] = "often"; }) ==
          "dials.ends.timeout must be an integer of 0 or more");
    CHECK(broken([](json& d) { d["discovery"].erase("found"); }) == "discovery.found is missing");
    CHECK(broken([](json& d) { d["head"] = nullptr; }) == "head must be an object");
    CHECK(broken([](json& d) { d["progress"]["fraction"] = "0.5"; }) ==
          "progress.fraction must be a number");
    CHECK_FALSE(status_from_json("{").has_value());
    CHECK_FALSE(status_from_json("[]").has_value());
    CHECK(peers_from_json(R"({"peers":[3]})").error().detail == "peers[0] must be an object");
    CHECK(peers_from_json(R"({})").error().detail == "peers must be an array");
    CHECK(peers_from_json(R"({"peers":[],"static_peers":[{"enode":"x","connected":1}]})")
              .error()
              .detail == "static_peers[0].connected must be true or false");
    CHECK(peers_from_json(R"({"peers":[],"static_peers":[]})").error().detail ==
          "bans must be an array");
}

TEST_CASE("status time: RFC 3339 in UTC, both ways", "[status]") {
    CHECK(to_rfc3339(WallTime{}) == "1970-01-01T00:00:00Z");
    const WallTime leap{std::chrono::seconds{1709251199}};
    CHECK(to_rfc3339(leap) == "2024-02-29T23:59:59Z");
    CHECK(*parse_rfc3339("2024-02-29T23:59:59Z") == leap);
    for (const char* wrong :
         {"", "2024-02-29 23:59:59Z", "2023-02-29T23:59:59Z", "2024-02-29T24:00:00Z",
          "2024-02-29T23:60:00Z", "2024-02-29T23:59:60Z", "2024-13-01T00:00:00Z",
          "2024-02-29T23:59:59+00:00", "2O24-02-29T23:59:59Z"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_rfc3339(wrong));
    }
}

TEST_CASE("StatusBoard: shows the last published snapshot, none before the first", "[status]") {
    StatusBoard board;
    CHECK(board.read() == nullptr);
    board.publish(std::make_shared<StatusSnapshot>(full_snapshot()));
    const auto first = board.read();
    board.publish(std::make_shared<StatusSnapshot>());
    CHECK(first->version == "1.2.3");
    CHECK(board.read()->version.empty());
}

TEST_CASE("status JSON: a key space is 256 percents or an error", "[status]") {
    json doc = json::parse(to_json(full_snapshot()));
    for (const json& wrong :
         {json(1), json::array(), json(std::vector<int>(255, 1)), json(std::vector<int>(256, 101)),
          json(std::vector<int>(256, -1)), json(std::vector<std::string>(256, "1"))}) {
        doc["key_space"] = wrong;
        CHECK(status_from_json(doc.dump()).error().code == Errc::kMalformed);
    }
    doc.erase("key_space");
    CHECK(status_from_json(doc.dump())->key_space.empty());
}
