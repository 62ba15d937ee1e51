// Each way in which a sync can stop moving is named within 30 s.
#include <sync/watchdog.hpp>

#include "downloader_world.hpp"
#include "log_capture.hpp"
#include "state_sync_rig.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using namespace fastsync::test;
using namespace std::chrono_literals;
using async::Task;
using Kind = PeerManners::Kind;

namespace {

constexpr Duration kNamedWithin = 30s;

struct Run {
    DownloaderWorld world;
    std::unique_ptr<Downloader> downloader;
    std::vector<std::shared_ptr<FakePeer>> peers;
    SyncProgress seen;  ///< after kNamedWithin
};

Task<void> run_downloader(Downloader& d) {
    const auto ended = co_await d.run();
    CHECK(ended);
}

Task<void> look_after(Run& run) {
    async::TaskScope scope{run.world.simulation.executor()};
    scope.spawn(run_downloader(*run.downloader));
    for (const auto& peer : run.peers)
        run.downloader->peer_joined(peer);
    (void)co_await run.world.simulation.sleep_until(run.world.simulation.now() + kNamedWithin,
                                                    nullptr);
    run.seen = run.downloader->progress();
    run.downloader->stop();
    co_await scope.join();
}

/// What is awaited after 30 s with such peers. The daemon's log repeats it every 10 s.
std::string awaited_with(const std::vector<Kind>& kinds, PivotPolicy policy = {}) {
    Run run;
    run.downloader = run.world.downloader(std::move(policy));
    std::uint64_t id = 1;
    for (const Kind kind : kinds)
        run.peers.push_back(run.world.peer(id++, kind));
    run.world.simulation.run(look_after(run));
    return run.seen.waiting_for;
}

bool has(const std::string& text, const std::string& part) {
    UNSCOPED_INFO(text);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("stalls: no peer at all", "[sync]") {
    CHECK(awaited_with({}) == "no peer is connected");
}

TEST_CASE("stalls: peers that do not even tell their heads", "[sync]") {
    CHECK(has(awaited_with({Kind::kMute, Kind::kMute}), "2 peers connected, none tells its head"));
}

TEST_CASE("stalls: peers without the root, whether the pivot moves or is pinned", "[sync]") {
    CHECK(has(awaited_with({Kind::kEmpty, Kind::kEmpty}), "2 peers connected, none serves root"));
    CHECK(has(awaited_with({Kind::kEmpty}, {PinnedNumber{100}}), "none serves root"));
    CHECK(has(awaited_with({Kind::kEmpty}, {PinnedRoot{Hash256{{1}}}}), "none serves root"));
}

TEST_CASE("stalls: a pinned block that nobody has", "[sync]") {
    CHECK(has(awaited_with({Kind::kHonest}, {PinnedNumber{9999}}), "has block 9999"));
}

TEST_CASE("stalls: peers that take requests and answer nothing, or take none", "[sync]") {
    const Kind kind = GENERATE(Kind::kSilent, Kind::kFull);
    const std::string words = awaited_with({kind});
    CHECK(has(words, "nothing useful came for "));
    CHECK(has(words, "items are asked of 1 peers"));
}

TEST_CASE("stalls: the log says that nothing comes, once, and that it moves again", "[sync]") {
    Run run;
    run.downloader = run.world.downloader();
    run.peers.push_back(run.world.peer(1, Kind::kSilent));
    const LogCapture log;
    async::TaskScope scope{run.world.simulation.executor()};
    struct Mend {
        static Task<void> run(Simulation& sim, FakePeer& peer, const LogCapture& log) {
            (void)co_await sim.sleep_until(sim.now() + kNamedWithin, nullptr);
            CHECK(log.lines_with("stalled: nothing useful came for ") == 1);
            CHECK(log.lines_with("moves again") == 0);
            (void)co_await sim.sleep_until(sim.now() + 2 * kNamedWithin, nullptr);
            peer.behave({});
        }
    };
    scope.spawn(Mend::run(run.world.simulation, *run.peers[0], log));
    run.downloader->peer_joined(run.peers[0]);
    run.world.complete(*run.downloader);
    CHECK(log.lines_with("stalled: nothing useful came for ") == 1);
    CHECK(log.lines_with("moves again") == 1);
}

TEST_CASE("stalls: once something comes again, nothing is awaited", "[sync]") {
    Run run;
    run.downloader = run.world.downloader();
    run.peers.push_back(run.world.peer(1, Kind::kSilent));
    run.world.simulation.run(look_after(run));
    REQUIRE(has(run.seen.waiting_for, "nothing useful"));
    run.downloader = run.world.downloader();
    run.downloader->peer_joined(run.world.peer(2));
    run.world.complete(*run.downloader);
    CHECK(run.downloader->progress().waiting_for.empty());
    CHECK(run.downloader->progress().lost_tasks == 0);
}

TEST_CASE("Watchdog: tasks that the scheduler forgot are counted, said, and stay counted",
          "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    const OpenRequest request = rig.grow(4);
    const std::size_t count = request.tasks.size();
    // As in release builds.
    Watchdog watchdog{Watchdog::Breach::kIsCounted};
    const LogCapture log;
    watchdog.look(*rig.state_sync, rig.ledger, rig.now);
    CHECK(watchdog.lost_tasks() == 0);
    CHECK(log.lines_with("lost") == 0);
    // What no code of ours does: the request is off the books and its tasks are not put back.
    REQUIRE(rig.ledger.close(request.id));
    CHECK(rig.state_sync->lost_tasks() == count);
    rig.now += Watchdog::kCheckInterval;
    watchdog.look(*rig.state_sync, rig.ledger, rig.now);
    CHECK(watchdog.lost_tasks() == count);
    const std::string line = "lost tasks=" + std::to_string(count) + " pending=";
    CHECK(log.lines_with(line) == 1);
    rig.now += Watchdog::kCheckInterval;
    watchdog.look(*rig.state_sync, rig.ledger, rig.now);
    CHECK(log.lines_with(line) == 1);  // said once
    watchdog.gave_up(rig.state_sync->lost_tasks());
    CHECK(watchdog.lost_tasks() == count);
    rig.now += Watchdog::kCheckInterval;
    watchdog.look(*rig.state_sync, rig.ledger, rig.now);
    CHECK(watchdog.lost_tasks() == 2 * count);
}

TEST_CASE("Watchdog: patience is counted from the last useful answer", "[sync]") {
    Watchdog watchdog;
    PeerLedger ledger;
    TimePoint now{1h};
    CHECK(watchdog.stalled(ledger, now).empty());
    watchdog.moved(now);
    now += Watchdog::kPatience - 1ms;
    CHECK(watchdog.stalled(ledger, now).empty());
    now += 1ms;
    CHECK(watchdog.stalled(ledger, now) ==
          "nothing useful came for 15 s, and nothing is asked for");
    watchdog.moved(now);
    CHECK(watchdog.stalled(ledger, now).empty());
}

namespace {

Task<void> fail_soon(Run& run, Result<void>& outcome) {
    struct Main {
        static Task<void> run(Downloader& d, Result<void>& out) { out = co_await d.run(); }
    };
    async::TaskScope scope{run.world.simulation.executor()};
    scope.spawn(Main::run(*run.downloader, outcome));
    for (const auto& peer : run.peers)
        run.downloader->peer_joined(peer);
    (void)co_await run.world.simulation.sleep_until(
        run.world.simulation.now() + std::chrono::milliseconds{230}, nullptr);
    run.downloader->fail({Errc::kStorage, "no room"});
    co_await scope.join();
}

}  // namespace

TEST_CASE("Downloader: told that it must fail it does, in whatever phase, and keeps what it has",
          "[sync]") {
    const bool with_peer = GENERATE(false, true);
    Run run;
    run.downloader = run.world.downloader();
    if (with_peer) run.peers.push_back(run.world.peer(1));
    Result<void> outcome;
    run.world.simulation.run(fail_soon(run, outcome));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error() == Error{Errc::kStorage, "no room"});
    CHECK(run.downloader->progress().phase == SyncPhase::kFailed);
    CHECK(has(run.downloader->progress().waiting_for, "no room"));
    CHECK(run.world.store.unflushed_items() == 0);
}
