#include <daemon/status_report.hpp>

#include "support/fake_session.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::daemon;
using namespace std::chrono_literals;
using sync::SyncPhase;

namespace {

struct Rig {
    test::Simulation sim;
    eth::PeerSet peers{NodeId{{0x01}}, 10};
    eth::Reputation reputation;
    sync::SyncProgress progress;
    StatusContext context{{"xdc", 50, {{0x4a}}}, status::WallTime{1'770'000'000s}, 61, {}};

    Rig() { context.now = sim.now() + 100s; }

    std::uint64_t join(Byte number, eth::Direction direction, Duration ago) {
        const NodeId id{{0xa0, number}};
        eth::PeerStatus said;
        said.eth_version = 63;
        REQUIRE_FALSE(peers.reserve(id, direction, eth::PeerSet::Rank::kOrdinary));
        return peers
            .add({0,
                  {id, "127.0.0.1", static_cast<std::uint16_t>(30300 + number), 0},
                  direction,
                  context.now - ago,
                  std::make_shared<test::FakeSession>(sim.executor(), id, said)})
            .number;
    }
    eth::StaticPeers static_peers;

    [[nodiscard]] status::StatusSnapshot snapshot() const {
        return make_snapshot(progress, {peers, static_peers, reputation, {}, 0, {}}, context);
    }
};

std::string words(const Summary& summary) {
    return fmt::vformat(summary.format, summary.values);
}

}  // namespace

TEST_CASE("status report: each phase of the sync has one of the status", "[daemon]") {
    CHECK(to_phase(SyncPhase::kFindingPeers) == status::Phase::kFindingPeers);
    CHECK(to_phase(SyncPhase::kChoosingPivot) == status::Phase::kChoosingPivot);
    CHECK(to_phase(SyncPhase::kSyncing) == status::Phase::kSyncing);
    CHECK(to_phase(SyncPhase::kCompacting) == status::Phase::kCompacting);
    CHECK(to_phase(SyncPhase::kComplete) == status::Phase::kComplete);
    CHECK(to_phase(SyncPhase::kStopping) == status::Phase::kStopping);
    CHECK(to_phase(SyncPhase::kFailed) == status::Phase::kFailed);
}

TEST_CASE("status report: the first document tells discovery that is on from one that is off",
          "[daemon]") {
    const Rig rig;
    const status::WallTime now{1'770'000'000s};
    const auto on = starting_snapshot(rig.context.network, now, LooksForNodes::kYes);
    REQUIRE(on.discovery);
    CHECK(*on.discovery == status::DiscoveryStatus{});
    CHECK_FALSE(starting_snapshot(rig.context.network, now, LooksForNodes::kNo).discovery);
}

TEST_CASE("status report: at the start nothing is made up", "[daemon]") {
    Rig rig;
    rig.progress.waiting_for = "no peer is connected";
    const auto s = rig.snapshot();
    CHECK_FALSE(s.version.empty());
    CHECK(s.network == status::NetworkStatus{"xdc", 50, {{0x4a}}});
    CHECK(s.phase == status::Phase::kFindingPeers);
    CHECK(s.waiting_for == "no peer is connected: no static peer is named and discovery is off");
    CHECK(s.phase_since == rig.context.phase_since);
    CHECK(s.uptime_s == 61);
    CHECK_FALSE(s.head);
    CHECK_FALSE(s.pivot);
    CHECK(s.progress == status::ProgressStatus{});
    CHECK(s.peers == status::PeerCounts{});
    CHECK(s.report == status::PeersReport{});
    CHECK_FALSE(s.discovery);
}

TEST_CASE("status report: progress, pivot and head are taken over", "[daemon]") {
    Rig rig;
    auto& p = rig.progress;
    p.phase = SyncPhase::kSyncing;
    p.head = {264, Hash256{{2}}};
    p.pivot = {200, Hash256{{3}}};
    p.state_root = Hash256{{4}};
    p.pivot_moves = 2;
    p.fraction = 0.25;
    p.corrections = 1;
    p.work = {1000, 0.2, 0.3};
    p.time_left = {89.6, 70.2, 120.7};
    p.counters = {10, 11, 12, 13, 14, 15};
    p.pending = 16;
    p.in_flight = 17;
    p.items_per_s = 18.5;
    p.bytes_per_s = 19.5;
    const auto s = rig.snapshot();
    CHECK(s.head == status::HeadStatus{264, Hash256{{2}}});
    CHECK(s.pivot == status::PivotStatus{200, Hash256{{3}}, Hash256{{4}}, 2});
    const status::EstimateStatus estimate{1000, 0.2, 0.3, 70, 121};
    const status::ProgressStatus expected{0.25, 1,  estimate, 90, 21, 10, 11,   12,
                                          16,   17, 13,       14, 15, 0,  18.5, 19.5};
    CHECK(s.progress == expected);
}

TEST_CASE("status report: a bare state root is a pivot without number and hash", "[daemon]") {
    Rig rig;
    rig.progress.state_root = Hash256{{4}};
    const auto s = rig.snapshot();
    REQUIRE(s.pivot);
    CHECK_FALSE(s.pivot->number);
    CHECK_FALSE(s.pivot->hash);
    CHECK(s.pivot->state_root == Hash256{{4}});
}

TEST_CASE("status report: complete is exactly 1, without time left", "[daemon]") {
    Rig rig;
    rig.progress.phase = SyncPhase::kComplete;
    // After a restart of a complete sync nothing was walked.
    rig.progress.fraction = 0;
    CHECK(rig.snapshot().progress.fraction == 1.0);
    CHECK_FALSE(rig.snapshot().progress.eta_s);
}

TEST_CASE("status report: a rate next to nothing promises no end", "[daemon]") {
    Rig rig;
    rig.progress.time_left = {1e9, 1e9, 1e9};
    CHECK_FALSE(rig.snapshot().progress.eta_s);
    rig.progress.time_left = {std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::infinity()};
    CHECK_FALSE(rig.snapshot().progress.eta_s);
    rig.progress.time_left = {std::numeric_limits<double>::quiet_NaN(),
                              std::numeric_limits<double>::quiet_NaN(),
                              std::numeric_limits<double>::quiet_NaN()};
    CHECK_FALSE(rig.snapshot().progress.eta_s);
    rig.progress.time_left = {3600.0, 3600.0, 3600.0};
    CHECK(rig.snapshot().progress.eta_s == 3600U);
}

TEST_CASE("status report: the log's line says what matters, and only what is known", "[daemon]") {
    Rig rig;
    rig.progress.phase = SyncPhase::kSyncing;
    rig.progress.fraction = 0.12345;
    rig.progress.counters = {10, 11, 12, 0, 0, 0};
    rig.progress.pending = 5;
    rig.progress.in_flight = 4;
    rig.progress.items_per_s = 1234.5678;
    (void)rig.join(1, eth::Direction::kOutbound, 1s);
    CHECK(words(summary_of(rig.snapshot())) ==
          "progress phase=syncing percent=12.34 items=21 bytes=12 items_per_s=1235 pending=5 "
          "in_flight=4 "
          "peers=1");
    rig.progress.time_left = {60.0, 60.0, 60.0};
    rig.progress.state_root = Hash256{};
    rig.progress.pivot = {200, Hash256{}};
    rig.progress.waiting_for = "no peer is connected";
    const std::string line = words(summary_of(rig.snapshot()));
    CHECK(line.ends_with(" left_s=60 pivot=200 waiting_for=\"no peer is connected\""));
}

TEST_CASE("status report: the words for the service manager", "[daemon]") {
    status::StatusSnapshot s;
    s.phase = status::Phase::kSyncing;
    s.progress.fraction = 0.421799;
    s.peers.connected = 1;
    CHECK(status_words(s) == "syncing 42.17 %, time left unknown, 1 peer");
    s.progress.eta_s = 65;
    s.peers.connected = 2;
    CHECK(status_words(s) == "syncing 42.17 %, 1m05s left, 2 peers");
    s.phase = status::Phase::kFindingPeers;
    s.peers.connected = 0;
    s.waiting_for = "no peer is connected";
    CHECK(status_words(s) == "finding_peers, 0 peers, waiting: no peer is connected");
}
