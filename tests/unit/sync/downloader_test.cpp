#include "downloader_world.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using namespace std::chrono_literals;
using async::Task;
using test::FakePeer;
using test::PeerManners;
using Kind = PeerManners::Kind;
using World = test::DownloaderWorld;

TEST_CASE("Downloader: syncs the state 64 below the head and records it", "[sync]") {
    World world;
    const auto d = world.downloader();
    d->peer_joined(world.peer(1));
    world.complete(*d);
    CHECK(missing_from(world.store, world.state_at(200)) == "");
    const auto record = load_completed(world.store);
    REQUIRE(record);
    REQUIRE(record->has_value());
    CHECK((*record)->state_root == world.state_at(200).root);
    CHECK((*record)->headers.size() == 65);
    CHECK(d->progress().pivot->number == 200);
    CHECK(d->progress().head->number == 264);
    CHECK(d->progress().counters.items_committed() == world.state_at(200).size());
}

TEST_CASE("Downloader: bad manners of some peers do not keep it from the end", "[sync]") {
    const auto kind =
        GENERATE(Kind::kSilent, Kind::kEmpty, Kind::kJunk, Kind::kPartial, Kind::kPlaceholders,
                 Kind::kDuplicates, Kind::kShuffled, Kind::kLate, Kind::kLeaves);
    CAPTURE(static_cast<int>(kind));
    World world;
    const auto d = world.downloader();
    d->peer_joined(world.peer(1, kind));
    d->peer_joined(world.peer(2));
    world.complete(*d);
    CHECK(missing_from(world.store, world.state_at(200)) == "");
}

TEST_CASE("Downloader: a silent peer alone is reported as stalling; another one finishes",
          "[sync]") {
    World world;
    const auto d = world.downloader();
    const auto silent = world.peer(1, Kind::kSilent);
    d->peer_joined(silent);
    async::TaskScope scope{world.simulation.executor()};
    struct Later {
        static Task<void> run(World& world, Downloader& d) {
            co_await world.simulation.sleep_until(world.simulation.now() + 60s, nullptr);
            d.peer_joined(world.peer(2));
        }
    };
    scope.spawn(Later::run(world, *d));
    world.complete(*d);
    REQUIRE_FALSE(silent->reports().empty());
    CHECK(silent->reports().front() == Misbehaviour::kStalling);
}

TEST_CASE("Downloader: stop returns soon, and the next run goes on where it stopped", "[sync]") {
    World world;
    std::size_t asked_before = 0;
    {
        const auto peer = world.peer(1);
        peer->behave({Kind::kPartial, 200ms});
        const auto d = world.downloader();
        d->peer_joined(peer);
        struct Main {
            static Task<void> run(World& world, Downloader& d) {
                async::TaskScope scope{world.simulation.executor()};
                scope.spawn(stop_later(world, d));
                const auto outcome = co_await d.run();
                REQUIRE(outcome);
                co_await scope.join();
            }
            static Task<void> stop_later(World& world, Downloader& d) {
                co_await world.simulation.sleep_until(world.simulation.now() + 10s, nullptr);
                d.stop();
            }
        };
        const TimePoint begin = world.simulation.now();
        world.simulation.run(Main::run(world, *d));
        CHECK(world.simulation.now() - begin < 11s);
        CHECK_FALSE(d->complete());
        asked_before = d->progress().counters.items_committed();
        CHECK(asked_before > 0);
        CHECK(world.store.unflushed_items() == 0);
    }
    const auto d = world.downloader();
    d->peer_joined(world.peer(2));
    world.complete(*d);
    CHECK(d->progress().counters.items_committed() == world.state_at(200).size());
    CHECK(world.store.repeated() == 0);
}

TEST_CASE("Downloader: stop works at every stage without peers or answers", "[sync]") {
    World world;
    const auto d = world.downloader();
    if (GENERATE(false, true)) d->peer_joined(world.peer(1, Kind::kSilent));
    struct Main {
        static Task<void> run(World& world, Downloader& d) {
            async::TaskScope scope{world.simulation.executor()};
            scope.spawn(stop_later(world, d));
            const auto outcome = co_await d.run();
            REQUIRE(outcome);
            co_await scope.join();
        }
        static Task<void> stop_later(World& world, Downloader& d) {
            co_await world.simulation.sleep_until(world.simulation.now() + 1s, nullptr);
            d.stop();
        }
    };
    const TimePoint begin = world.simulation.now();
    world.simulation.run(Main::run(world, *d));
    CHECK(world.simulation.now() - begin < 2s);
}

TEST_CASE("Downloader: a store that fails ends the run with its error", "[sync]") {
    World world;
    const auto d = world.downloader();
    d->peer_joined(world.peer(1));
    struct Main {
        static Task<void> run(World& world, Downloader& d, Result<void>& out) {
            async::TaskScope scope{world.simulation.executor()};
            scope.spawn(fail_later(world));
            out = co_await d.run();
            co_await scope.join();
        }
        static Task<void> fail_later(World& world) {
            co_await world.simulation.sleep_until(world.simulation.now() + 500ms, nullptr);
            world.store.fail_with(Error{Errc::kStorage, "no space left on device"});
        }
    };
    Result<void> outcome;
    world.simulation.run(Main::run(world, *d, outcome));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == Errc::kStorage);
    CHECK(d->progress().phase == SyncPhase::kFailed);
    CHECK(d->progress().waiting_for.find("no space left") != std::string::npos);
}

TEST_CASE("Downloader: a store that cannot be merged is complete all the same", "[sync]") {
    World world;
    world.store.settle_with([] { return Error{Errc::kStorage, "the disk is too full"}; });
    const auto d = world.downloader();
    d->peer_joined(world.peer(1));
    world.complete(*d);
    CHECK(missing_from(world.store, world.state_at(200)) == "");
}

TEST_CASE("Downloader: damage found by merging is a failure", "[sync]") {
    World world;
    world.store.settle_with([] { return Error{Errc::kCorrupt, "block checksum mismatch"}; });
    const auto d = world.downloader();
    d->peer_joined(world.peer(1));
    Result<void> outcome;
    struct Main {
        static Task<void> run(Downloader& d, Result<void>& out) { out = co_await d.run(); }
    };
    world.simulation.run(Main::run(*d, outcome));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == Errc::kCorrupt);
}

TEST_CASE("Downloader: a disk that fills while merging ends the merging alone", "[sync]") {
    World world;
    const auto d = world.downloader();
    world.store.settle_with([&] {
        d->fail(Error{Errc::kStorage, "the disk is full"});
        CHECK(world.store.interruptions() == 1);
        return Error{Errc::kClosed, "interrupted"};
    });
    d->peer_joined(world.peer(1));
    world.complete(*d);
}

TEST_CASE("Downloader: a peer that takes no requests is asked again, but not in a spin", "[sync]") {
    World world;
    const auto full = world.peer(1, Kind::kFull);
    const auto d = world.downloader();
    d->peer_joined(full);
    async::TaskScope scope{world.simulation.executor()};
    struct Later {
        static Task<void> run(World& world, FakePeer& full, std::size_t& requests) {
            co_await world.simulation.sleep_until(world.simulation.now() + 20s, nullptr);
            requests = full.requests();
            full.behave({});
        }
    };
    std::size_t requests = 0;
    scope.spawn(Later::run(world, *full, requests));
    world.complete(*d);
    CHECK(requests > 10);
    CHECK(requests * Downloader::kTick <= 20s);
    CHECK(full->reports().empty());
    CHECK(missing_from(world.store, world.state_at(200)) == "");
}

TEST_CASE("Downloader: windows give a distant peer several requests at once", "[sync]") {
    World world;
    const auto peer = world.peer(1);
    peer->behave({Kind::kHonest, 300ms});
    const auto d = world.downloader();
    d->peer_joined(peer);
    world.complete(*d);
    CHECK(peer->most_in_flight() >= 2);
}

TEST_CASE("Downloader: a restart after a crash has every flushed item", "[sync]") {
    const auto seed = GENERATE(range(1U, 6U));
    CAPTURE(seed);
    World world{seed};
    for (int round = 0; round < 3; ++round) {
        const auto peer = world.peer(static_cast<std::uint64_t>(round) + 1);
        peer->behave({Kind::kPartial, 100ms});
        const auto d = world.downloader();
        d->peer_joined(peer);
        struct Main {
            static Task<void> run(World& world, Downloader& d) {
                async::TaskScope scope{world.simulation.executor()};
                scope.spawn(crash_later(world, d));
                (void)co_await d.run();
                co_await scope.join();
            }
            static Task<void> crash_later(World& world, Downloader& d) {
                const auto ms = std::chrono::milliseconds{world.generator.below(6000)};
                co_await world.simulation.sleep_until(world.simulation.now() + ms, nullptr);
                world.store.crash();  // what was not flushed is gone
                world.store.fail_with(Error{Errc::kStorage, "killed"});
                d.stop();
            }
        };
        world.simulation.run(Main::run(world, *d));
        world.store.fail_with(std::nullopt);
    }
    const auto d = world.downloader();
    d->peer_joined(world.peer(9));
    world.complete(*d);
    CHECK(missing_from(world.store, world.state_at(200)) == "");
}
