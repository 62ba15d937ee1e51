#include <catch2/catch.hpp>

#include "bad_peer.hpp"
#include "daemon_run.hpp"
#include "honest_peer.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::test;
using namespace std::chrono_literals;

namespace {

constexpr Byte kHonestKey = 0x31;

/// Both folders hold the same whole state.
void check_equal(const World& world, const TempDir& one, const TempDir& two) {
    const StoreReport first = examine(one.path(), world.state().root);
    const StoreReport second = examine(two.path(), world.state().root);
    CHECK(first.is_whole(world.state()));
    CHECK(second.is_whole(world.state()));
    CHECK(first.verified.xor_of_hashes == second.verified.xor_of_hashes);
    CHECK(first.verified.bytes == second.verified.bytes);
    CHECK(second.counters.items_committed() == world.state().size());
}

}  // namespace

TEST_CASE("sockets: a daemon that is complete serves the next one", "[sockets]") {
    const World world;
    const TempDir folder_a;
    const TempDir folder_b;
    std::optional<HonestPeer> honest{std::in_place, world, kHonestKey};
    DaemonRun a{run_config(world, folder_a.path(), {honest->enode()})};
    REQUIRE(a.await_complete());
    honest.reset();
    DaemonRun b{run_config(world, folder_b.path(), {a.enode()})};
    CHECK(b.await_complete());
    CHECK(b.status()->pivot->number == World::kPivot);
    CHECK(b.stop() < 5s);
    CHECK(a.stop() < 5s);
    check_equal(world, folder_a, folder_b);
}

TEST_CASE("sockets: a daemon that was connected before the other was complete gets all from it",
          "[sockets]") {
    const World world;
    const TempDir folder_a;
    const TempDir folder_b;
    DaemonRun a{run_config(world, folder_a.path())};
    DaemonRun b{run_config(world, folder_b.path(), {a.enode()})};
    // B has A's Status, which told the genesis as head.
    REQUIRE(b.await_waiting_for("1 peers connected, none tells its head header"));
    const HonestPeer honest{world, kHonestKey, {a.enode()}};
    CHECK(a.await_complete());
    CHECK(b.await_complete());
    CHECK(b.status()->peers.connected == 1);
    CHECK(b.stop() < 5s);
    CHECK(a.stop() < 5s);
    check_equal(world, folder_a, folder_b);
}

TEST_CASE("sockets: a daemon restarted complete serves from the start", "[sockets]") {
    const World world;
    const TempDir folder_a;
    const TempDir folder_b;
    {
        const HonestPeer honest{world, kHonestKey};
        DaemonRun first{run_config(world, folder_a.path(), {honest.enode()})};
        REQUIRE(first.await_complete());
        (void)first.stop();
    }
    DaemonRun a{run_config(world, folder_a.path())};
    DaemonRun b{run_config(world, folder_b.path(), {a.enode()})};
    CHECK(b.await_complete());
    (void)b.stop();
    (void)a.stop();
    check_equal(world, folder_a, folder_b);
}

TEST_CASE("sockets: a daemon whose chain went on while it synced still leads others to its pivot",
          "[sockets]") {
    const World world;
    const TempDir folder_a;
    const TempDir folder_b;
    {
        const BadPeer half{world, Manner::kStopsHalfway, 0x21};
        DaemonRun first{run_config(world, folder_a.path(), {half.enode()})};
        REQUIRE(await([&] { return half.record().shown > 0; }));
        (void)first.stop();
    }
    // 30 more blocks, most of them over a state that A will not have; the pivot is not stale yet.
    std::optional<HonestPeer> honest{std::in_place, world, kHonestKey};
    honest->show_headers(World::kUsualHeaders + 30);
    DaemonRun a{run_config(world, folder_a.path(), {honest->enode()})};
    REQUIRE(a.await_complete());
    CHECK(a.status()->pivot->number == World::kPivot);
    CHECK(a.status()->head->number == World::kUsualHeaders + 29);
    honest.reset();
    DaemonRun b{run_config(world, folder_b.path(), {a.enode()})};
    CHECK(b.await_complete());
    CHECK(b.status()->pivot->number == World::kPivot);
    (void)b.stop();
    (void)a.stop();
    check_equal(world, folder_a, folder_b);
}

TEST_CASE("sockets: peers and bootnodes are reached by their names", "[sockets]") {
    const World world;
    const TempDir folder_a;
    const TempDir folder_b;
    const HonestPeer honest{world, kHonestKey};
    Enode named = honest.enode();
    named.host = "localhost";
    DaemonRun a{run_config(world, folder_a.path(), {named})};
    CHECK(a.await_complete());
    daemon::RunConfig config = run_config(world, folder_b.path());
    config.discovery = daemon::RunConfig::Discovery::kOn;
    config.bootnodes = {a.enode(), a.enode()};
    config.bootnodes[0].host = "localhost";
    config.bootnodes[1].id = honest.enode().id;
    config.bootnodes[1].host = "node.invalid";
    DaemonRun b{std::move(config)};
    CHECK(b.await_complete());
    const auto status = b.status();
    REQUIRE(status);
    REQUIRE(status->discovery);
    CHECK(status->discovery->unresolved.contains("node.invalid"));
    CHECK(b.stop() < 5s);
    CHECK(a.stop() < 5s);
    check_equal(world, folder_a, folder_b);
}

TEST_CASE("sockets: a static peer whose name leads nowhere is told of", "[sockets]") {
    const World world;
    const TempDir folder;
    const HonestPeer honest{world, kHonestKey};
    Enode named = honest.enode();
    named.host = "node.invalid";
    DaemonRun a{run_config(world, folder.path(), {named})};
    CHECK(a.await_waiting_for("cannot resolve node.invalid"));
    CHECK(a.stop() < 5s);
}
