#include <daemon/peers_report.hpp>

#include "support/fake_session.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::daemon;
using namespace std::chrono_literals;

namespace {

NodeId node(Byte number) {
    return {{0xa0, number}};
}

struct Rig {
    test::Simulation sim;
    TimePoint now = sim.now() + 100s;
    eth::PeerSet peers{NodeId{{0x01}}, 10};
    eth::Reputation reputation;
    eth::StaticPeers static_peers;
    eth::HostStats stats;
    std::size_t outdated = 0;
    std::optional<FinderFigures> finder;
    sync::SyncProgress progress;

    std::uint64_t join(Byte number, eth::Direction direction, Duration ago) {
        eth::PeerStatus said;
        said.eth_version = 63;
        REQUIRE_FALSE(peers.reserve(node(number), direction, eth::PeerSet::Rank::kOrdinary));
        const auto port = static_cast<std::uint16_t>(30300 + number);
        auto session = std::make_shared<test::FakeSession>(sim.executor(), node(number), said);
        return peers
            .add(
                {0, {node(number), "127.0.0.1", port, 0}, direction, now - ago, std::move(session)})
            .number;
    }
    eth::DialState& name_static(Byte number) {
        const Enode enode{node(number), "10.0.0.1", 30303, 0};
        static_peers.push_back(std::make_shared<eth::StaticPeer>(sim.executor(), enode));
        return static_peers.back()->dial;
    }
    [[nodiscard]] PeerFigures figures() const {
        return {peers, static_peers, reputation, stats, outdated, finder};
    }
    [[nodiscard]] status::PeersReport report() const {
        return peers_report(progress, figures(), now);
    }
};

}  // namespace

TEST_CASE("peers report: a row for each session, with what the scheduler knows of it", "[daemon]") {
    Rig rig;
    const std::uint64_t serving = rig.join(1, eth::Direction::kOutbound, 75s);
    const std::uint64_t lacking = rig.join(2, eth::Direction::kInbound, 1500ms);
    (void)rig.join(3, eth::Direction::kInbound, -1s);  // joined after `now` was read
    rig.progress.peers = {{sync::PeerId{serving}, 250.5, 40ms, 7, 100, 1, 2, 3},
                          {sync::PeerId{lacking}, 0, 0ms, 0, 0, 9, 0, 0},
                          {sync::PeerId{999}, 1, 1ms, 1, 1, 1, 1, 1}};  // gone meanwhile
    rig.reputation.note(node(2), eth::Fault::kStalling, rig.now);
    const auto report = rig.report();
    CHECK(count_peers(report) == status::PeerCounts{3, 1, 0});
    REQUIRE(report.peers.size() == 3);
    status::PeerRow expected;
    expected.enode = to_string(Enode{node(1), "127.0.0.1", 30301, 0});
    expected.client = "fake/1.0";
    expected.eth_version = 63;
    expected.direction = status::Direction::kOutbound;
    expected.rtt_ms = 40;
    expected.items_per_s = 250.5;
    expected.in_flight = 7;
    expected.delivered = 100;
    expected.empty = 1;
    expected.bad = 5;
    expected.connected_s = 75;
    CHECK(report.peers[0] == expected);
    CHECK(report.peers[1].direction == status::Direction::kInbound);
    CHECK(report.peers[1].connected_s == 1);
    CHECK(report.peers[1].empty == 9);
    CHECK(report.peers[1].penalty == eth::reaction_to(eth::Fault::kStalling).penalty);
    CHECK(report.peers[2].connected_s == 0);
    CHECK(report.peers[2].delivered == 0);
}

TEST_CASE("peers report: static peers are told of, connected or not", "[daemon]") {
    Rig rig;
    rig.name_static(1).started();
    eth::DialState& failing = rig.name_static(2);
    failing.started();
    (void)failing.ended({Errc::kConnect, "refused"}, std::nullopt, 0);
    (void)rig.join(1, eth::Direction::kOutbound, 1s);
    const auto report = rig.report();
    const std::vector<status::StaticPeerRow> expected{
        {to_string(rig.static_peers[0]->enode), true, 1, 0, ""},
        {to_string(rig.static_peers[1]->enode), false, 1, 1,
         Error{Errc::kConnect, "refused"}.message()}};
    CHECK(report.static_peers == expected);
}

TEST_CASE("peers report: a ban is told with its reason and what is left of it", "[daemon]") {
    Rig rig;
    rig.reputation.note(node(7), eth::Fault::kWrongChain, rig.now);
    rig.now += 60s;
    const auto report = rig.report();
    const auto left = static_cast<std::uint64_t>(to_seconds(eth::kFirstBan)) - 60;
    const std::vector<status::BanRow> expected{{to_hex(node(7)), "is on another chain", left}};
    CHECK(report.bans == expected);
    CHECK(count_peers(report).banned == 1);
    rig.now += eth::kFirstBan;
    CHECK(rig.report().bans.empty());
}

TEST_CASE("peers report: dials and discovery are taken over", "[daemon]") {
    Rig rig;
    rig.stats = {1, 2, 3, 4, {{"timeout", 5}}};
    CHECK(dials_of(rig.stats) == status::DialStatus{1, 2, 3, 4, {{"timeout", 5}}});
    CHECK_FALSE(discovery_of(rig.figures()));
    rig.finder = FinderFigures{{}, {1, 2, 3}, 9, {{"node.example.org", "no address"}}};
    auto& engine = rig.finder->engine;
    engine.received = 100;
    engine.limited = 1;
    engine.malformed = 2;
    engine.unexpected = 3;
    engine.unproven = 4;
    engine.sent = 90;
    engine.rounds = 7;
    engine.found = 6;
    engine.known = 5;
    CHECK(discovery_of(rig.figures()) ==
          status::DiscoveryStatus{
              5, 6, 9, 7, 90, 100, 10, 3, 2, {{"node.example.org", "no address"}}});
}

TEST_CASE("peers report: why nobody is connected is said in words", "[daemon]") {
    Rig rig;
    CHECK(why_no_peers(rig.figures(), rig.now) == "no static peer is named and discovery is off");
    rig.finder = FinderFigures{};
    CHECK(why_no_peers(rig.figures(), rig.now) == "discovery knows 0 nodes, 0 dials so far");
    rig.finder->unresolved = {{"a.example.org", "cannot resolve a.example.org"}};
    CHECK(why_no_peers(rig.figures(), rig.now) ==
          "discovery knows 0 nodes, 0 dials so far; bootnode: cannot resolve a.example.org");
    rig.finder->unresolved["b.example.org"] = "cannot resolve b.example.org";
    CHECK(why_no_peers(rig.figures(), rig.now) ==
          "discovery knows 0 nodes, 0 dials so far; bootnode: cannot resolve a.example.org (and 1 "
          "more)");
    rig.finder->unresolved.clear();
    rig.finder->elsewhere = 7;
    CHECK(why_no_peers(rig.figures(), rig.now) ==
          "discovery knows 0 nodes, 0 dials so far, 7 found are of other chains or of forks this "
          "version does not know");
    rig.finder->elsewhere = 0;
    rig.outdated = 1;
    CHECK(why_no_peers(rig.figures(), rig.now) ==
          "1 peer passed a fork this version does not know; discovery knows 0 nodes, 0 dials so "
          "far");
    rig.outdated = 3;
    CHECK_THAT(why_no_peers(rig.figures(), rig.now),
               Catch::StartsWith("3 peers passed a fork this version does not know; "));
    rig.outdated = 0;
    rig.finder.reset();
    // A reference into the vector would not survive the next name.
    (void)rig.name_static(1);
    (void)rig.name_static(2);
    CHECK(why_no_peers(rig.figures(), rig.now) == "static peers are being dialed");
    (void)rig.static_peers[0]->dial.ended({Errc::kConnect, "refused"}, std::nullopt, 0);
    const std::string first = "static peer " + short_id(node(1)) +
                              " at 10.0.0.1:30303: 1 failed dial, the last with \"" +
                              Error{Errc::kConnect, "refused"}.message() + "\"";
    CHECK(why_no_peers(rig.figures(), rig.now) == first);
    (void)rig.static_peers[1]->dial.ended({Errc::kTimeout, "late"}, std::nullopt, 0);
    CHECK(why_no_peers(rig.figures(), rig.now) == first + " (and 1 more)");
    rig.finder = FinderFigures{};
    rig.finder->engine.known = 12;
    rig.stats.dials = 40;
    rig.stats.ends = {{"timeout", 3}, {"too many peers", 30}};
    CHECK(why_no_peers(rig.figures(), rig.now) ==
          first +
              " (and 1 more); discovery knows 12 nodes, 40 dials so far, most end with "
              "\"too many peers\" (30 times)");
}

TEST_CASE("peers report: that all who came are banned, and for what, is said", "[daemon]") {
    Rig rig;
    rig.stats.inbound = 7;
    rig.stats.ends = {{"incompatible: network id", 7}};
    rig.reputation.note(node(7), eth::Fault::kWrongChain, rig.now);
    rig.reputation.note(node(8), eth::Fault::kForgedHeaders, rig.now + 5s);
    rig.now += 60s;
    CHECK(why_no_peers(rig.figures(), rig.now) ==
          "no static peer is named and discovery is off; 7 came to us, most end with "
          "\"incompatible: network id\" (7 times); 2 nodes are banned, one of them because it "
          "\"sends headers that do not link\", for 1745 s more");
    rig.now += eth::kFirstBan;
    CHECK(why_no_peers(rig.figures(), rig.now).find("banned") == std::string::npos);
}

TEST_CASE("peers report: packets of another time point at our clock", "[daemon]") {
    Rig rig;
    rig.finder = FinderFigures{};
    auto& engine = rig.finder->engine;
    engine.received = 20;
    engine.expired = 7;
    const std::string words = "the clock of this machine may be wrong: ";
    CHECK(why_no_peers(rig.figures(), rig.now).find(words) == std::string::npos);
    engine.expired = 9;  // enough, and less than half
    CHECK(why_no_peers(rig.figures(), rig.now).find(words) == std::string::npos);
    engine.expired = 10;
    CHECK(why_no_peers(rig.figures(), rig.now)
              .ends_with(words + "10 of 20 discovery packets had expired when they came"));
    engine.expired = 0;
    engine.early = 15;
    CHECK(why_no_peers(rig.figures(), rig.now)
              .ends_with(words + "15 of 20 discovery packets come from the future"));
}
