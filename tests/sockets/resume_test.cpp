#include <catch2/catch.hpp>

#include "bad_peer.hpp"
#include "daemon_run.hpp"
#include "honest_peer.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::test;
using namespace std::chrono_literals;

TEST_CASE("sockets: a sync stopped halfway goes on where it was and repeats only the spine",
          "[sockets]") {
    const World world;
    const std::size_t whole = world.state().size();
    const TempDir folder;
    std::size_t given = 0;
    {
        const BadPeer half{world, Manner::kStopsHalfway, 0x21};
        DaemonRun daemon{run_config(world, folder.path(), {half.enode()})};
        REQUIRE(await([&] { return half.record().shown > 0; }));
        CHECK(daemon.stop() < 5s);
        given = half.record().served;
    }
    const StoreReport stopped = examine(folder.path(), world.state().root);
    const std::size_t committed = stopped.counters.items_committed();
    CAPTURE(whole, given, committed);
    CHECK_FALSE(stopped.verified.complete);
    CHECK(committed > 0);
    CHECK(committed <= given);
    CHECK(given < whole);
    CHECK(stopped.counters.bytes_committed > 0);

    const HonestPeer honest{world, 0x31};
    DaemonRun daemon{run_config(world, folder.path(), {honest.enode()})};
    REQUIRE(daemon.await_complete());
    const auto status = daemon.status();
    CHECK(status->progress.items_committed == whole);
    CHECK(status->progress.fraction == 1.0);
    CHECK(daemon.stop() < 5s);
    // What was committed is never asked for again, and all else once.
    CHECK(honest.asked() == whole - committed);
    const StoreReport finished = examine(folder.path(), world.state().root);
    CHECK(finished.is_whole(world.state()));
    CHECK(finished.counters.bytes_committed == finished.verified.bytes);
}

TEST_CASE("sockets: a restart shows at once what was there before", "[sockets]") {
    const World world;
    const TempDir folder;
    const BadPeer half{world, Manner::kStopsHalfway, 0x21};
    {
        DaemonRun daemon{run_config(world, folder.path(), {half.enode()})};
        REQUIRE(await([&] { return half.record().shown > 0; }));
        (void)daemon.stop();
    }
    const StoreReport stopped = examine(folder.path(), world.state().root);
    const std::size_t committed = stopped.counters.items_committed();
    // The same peer goes on being silent.
    const std::size_t shown = half.record().shown;
    DaemonRun daemon{run_config(world, folder.path(), {half.enode()})};
    REQUIRE(await([&] { return half.record().shown > shown; }));
    const auto syncing = [&] {
        const auto now = daemon.status();
        return now && now->phase == status::Phase::kSyncing;
    };
    REQUIRE(await(syncing));
    CHECK(daemon.status()->progress.items_committed == committed);
    CHECK(daemon.stop() < 5s);
    CHECK(examine(folder.path(), world.state().root).counters.items_committed() == committed);
}
