#include <catch2/catch.hpp>

#include <sync/downloader.hpp>

#include "support/fake_peer.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using namespace std::chrono_literals;
using async::Task;
using test::BuiltState;
using test::CheckingStore;
using test::FakeChain;
using test::FakePeer;
using test::PeerManners;
using Kind = PeerManners::Kind;

namespace {

/// Three states in a row and a chain of 265 blocks over them: block n has state `n < 150 ? 0 : n <
/// 230 ? 1 : 2`.
struct World {
    explicit World(std::uint64_t seed = 5) : generator(seed) {
        test::StateModel model = generator.make(60);
        for (auto& state : states) {
            state = build(model);
            generator.mutate(model, 10);
        }
        std::vector<Hash256> roots;
        for (std::uint64_t n = 0; n < 265; ++n)
            roots.push_back(state_at(n).root);
        chain = FakeChain::of(roots);
    }

    [[nodiscard]] const BuiltState& state_at(std::uint64_t n) const {
        return states[n < 150 ? 0 : n < 230 ? 1 : 2];
    }
    std::shared_ptr<FakePeer> peer(std::uint64_t id, Kind kind = Kind::kHonest) {
        return std::make_shared<FakePeer>(
            id, simulation, simulation.executor(), chain,
            std::vector<const BuiltState*>{&states[0], &states[1], &states[2]},
            PeerManners{kind, 50ms});
    }
    std::unique_ptr<Downloader> downloader(PivotPolicy policy = {}) {
        Downloader::Options options;
        options.policy = std::move(policy);
        options.when_complete = Downloader::WhenComplete::kReturn;
        options.unix_time = [] { return std::uint64_t{1'700'000'000}; };
        return std::make_unique<Downloader>(store, simulation, simulation.executor(), options);
    }
    /// Runs until complete; fails the test when that takes more than 20 virtual minutes.
    void complete(Downloader& d) {
        struct Main {
            static Task<void> run(Downloader& d, Result<void>& out) { out = co_await d.run(); }
        };
        Result<void> outcome;
        simulation.run(Main::run(d, outcome), 20min);
        INFO((outcome ? std::string{} : outcome.error().message()));
        REQUIRE(outcome);
        REQUIRE(d.complete());
        CHECK(d.progress().fraction == 1.0);
    }

    test::Simulation simulation;
    test::StateGenerator generator;
    std::array<BuiltState, 3> states;
    FakeChain chain;
    CheckingStore store;
};

}  // namespace

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

TEST_CASE("Downloader: headers above the head that do not link are a lie", "[sync]") {
    World world;
    const auto d = world.downloader();
    const auto liar = world.peer(1, Kind::kSilent);
    d->peer_joined(liar);
    async::TaskScope scope{world.simulation.executor()};
    struct Later {
        static Task<void> run(World& world, Downloader& d, FakePeer& liar) {
            co_await world.simulation.sleep_until(world.simulation.now() + 3s, nullptr);
            CHECK(liar.reports().empty());
            FakeChain other = world.chain;
            other.extend(world.states[2].root, 1);
            world.chain.extend(world.states[2].root);
            other.extend(world.states[2].root, 1);
            world.chain.headers.push_back(other.head());
            co_await world.simulation.sleep_until(world.simulation.now() + 5s, nullptr);
            CHECK(std::count(liar.reports().begin(), liar.reports().end(),
                             Misbehaviour::kForgedHeaders) > 0);
            world.chain.headers.pop_back();
            d.peer_joined(world.peer(2));
        }
    };
    scope.spawn(Later::run(world, *d, *liar));
    world.complete(*d);
}

TEST_CASE("Downloader: pinned pivots by number, hash and root", "[sync]") {
    World world;
    PivotPolicy policy;
    Hash256 root;
    SECTION("number") {
        policy.pin = PinnedNumber{100};
        root = world.state_at(100).root;
    }
    SECTION("hash") {
        policy.pin = PinnedHash{world.chain.headers[264].hash};
        root = world.state_at(264).root;
    }
    SECTION("root") {
        policy.pin = PinnedRoot{world.states[1].root};
        root = world.states[1].root;
    }
    const auto d = world.downloader(policy);
    d->peer_joined(world.peer(1));
    d->peer_joined(world.peer(2));
    world.complete(*d);
    CHECK(load_completed(world.store)->value().state_root == root);
    CHECK(d->progress().pivot_moves == 0);
}

TEST_CASE("Downloader: several pinned pivots into one store", "[sync]") {
    World world;
    for (const std::uint64_t number : {100U, 200U, 264U}) {
        const auto d = world.downloader({PinnedNumber{number}, 1});
        d->peer_joined(world.peer(number));
        world.complete(*d);
        CHECK(missing_from(world.store, world.state_at(number)) == "");
        CHECK(d->progress().pivot->number == number);
    }
    CHECK(world.store.repeated() == 0);
}

TEST_CASE("Downloader: a peer that contradicts the pinned hash is reported", "[sync]") {
    World world;
    const FakeChain other = FakeChain::of(std::vector<Hash256>(265, world.states[0].root), 99);
    const auto liar =
        std::make_shared<FakePeer>(7, world.simulation, world.simulation.executor(), other,
                                   std::vector<const BuiltState*>{&world.states[0]}, PeerManners{});
    const auto d = world.downloader({PinnedHash{world.chain.headers[200].hash}, 1});
    d->peer_joined(liar);
    d->peer_joined(world.peer(1));
    world.complete(*d);
    REQUIRE(liar->reports().size() == 1);
    CHECK(liar->reports().front() == Misbehaviour::kContradictsPin);
}

TEST_CASE("Downloader: a peer that lacks the headers below its head is no forger", "[sync]") {
    World world;
    const auto pruned = world.peer(1);
    pruned->prune_headers(264);
    const auto d = world.downloader();
    d->peer_joined(pruned);
    async::TaskScope scope{world.simulation.executor()};
    std::string seen;
    struct Later {
        static Task<void> run(World& world, Downloader& d, std::string& seen) {
            co_await world.simulation.sleep_until(world.simulation.now() + 20s, nullptr);
            seen = d.progress().waiting_for;
            d.peer_joined(world.peer(2));
        }
    };
    scope.spawn(Later::run(world, *d, seen));
    world.complete(*d);
    CHECK(seen == "1 peers connected, none serves the headers below its head");
    CHECK(pruned->reports().empty());
}

TEST_CASE("Downloader: a pivot that nobody has headers of any more is not kept after a restart",
          "[sync]") {
    World world;
    {
        const auto d = world.downloader();
        d->peer_joined(world.peer(1));
        world.complete(*d);
        CHECK(d->progress().pivot->number == 200);
    }
    for (int i = 0; i < 30; ++i)
        world.chain.extend(world.states[2].root);
    const auto other = world.peer(2);  // it synced block 230, and has nothing below
    other->prune_headers(230);
    const auto d = world.downloader();
    d->peer_joined(other);
    world.complete(*d);
    CHECK(d->progress().pivot->number == 230);
    CHECK(other->reports().empty());
}

TEST_CASE("Downloader: a peer that is mute about its head is reported as stalling", "[sync]") {
    World world;
    const auto mute = world.peer(1, Kind::kMute);
    const auto d = world.downloader();
    d->peer_joined(mute);
    async::TaskScope scope{world.simulation.executor()};
    struct Later {
        static Task<void> run(World& world, Downloader& d, const FakePeer& mute,
                              std::vector<Misbehaviour>& reports) {
            const TimePoint begin = world.simulation.now();
            co_await world.simulation.sleep_until(begin + PivotChooser::kHeaderTimeout + 100ms,
                                                  nullptr);
            reports = mute.reports();
            d.peer_joined(world.peer(2));
        }
    };
    std::vector<Misbehaviour> reports;  // before it could be asked for node data
    scope.spawn(Later::run(world, *d, *mute, reports));
    world.complete(*d);
    CHECK(reports == std::vector{Misbehaviour::kStalling});
}

TEST_CASE("Downloader: mute peers hold the choice of a pivot up for 3 s at most", "[sync]") {
    World world;
    const auto d = world.downloader();
    for (std::uint64_t id = 1; id < 5; ++id)
        d->peer_joined(world.peer(id, Kind::kMute));
    d->peer_joined(world.peer(9));
    async::TaskScope scope{world.simulation.executor()};
    struct Look {
        static Task<void> run(World& world, Downloader& d, SyncPhase& early, SyncPhase& late) {
            const TimePoint begin = world.simulation.now();
            co_await world.simulation.sleep_until(begin + PivotChooser::kHeadPatience - 100ms,
                                                  nullptr);
            early = d.progress().phase;
            co_await world.simulation.sleep_until(begin + PivotChooser::kHeadPatience + 500ms,
                                                  nullptr);
            late = d.progress().phase;
        }
    };
    SyncPhase early{};
    SyncPhase late{};
    scope.spawn(Look::run(world, *d, early, late));
    world.complete(*d);
    CHECK(early == SyncPhase::kChoosingPivot);
    CHECK(late == SyncPhase::kSyncing);
}

TEST_CASE("Downloader: a forged chain of the greatest difficulty finds no confirmation", "[sync]") {
    World world;
    const FakeChain forged = FakeChain::of(std::vector<Hash256>(5000, world.states[0].root), 99);
    const auto liar =
        std::make_shared<FakePeer>(7, world.simulation, world.simulation.executor(), forged,
                                   std::vector<const BuiltState*>{&world.states[0]}, PeerManners{});
    liar->claim_difficulty(U256{1} << 80);
    const auto d = world.downloader();
    d->peer_joined(liar);
    d->peer_joined(world.peer(1));
    d->peer_joined(world.peer(2));
    world.complete(*d);
    CHECK(load_completed(world.store)->value().state_root == world.state_at(200).root);
}

TEST_CASE("Downloader: on a short chain the genesis state is synced", "[sync]") {
    World world;
    world.chain.headers.resize(20);
    const auto d = world.downloader();
    d->peer_joined(world.peer(1));
    world.complete(*d);
    CHECK(d->progress().pivot->number == 0);
}

TEST_CASE("Downloader: a stale pivot moves to the new head - 64 and keeps what is stored",
          "[sync]") {
    World world;
    const auto slow = world.peer(1);
    slow->behave({Kind::kPartial, 2s});  // 3 items an answer: the sync takes a minute
    const auto d = world.downloader();
    d->peer_joined(slow);
    async::TaskScope scope{world.simulation.executor()};
    struct Grow {
        static Task<void> run(World& world, FakePeer& peer) {
            co_await world.simulation.sleep_until(world.simulation.now() + 15s, nullptr);
            for (int i = 0; i < 130; ++i) {
                co_await world.simulation.sleep_until(world.simulation.now() + 100ms, nullptr);
                world.chain.extend(world.states[2].root);
            }
            co_await world.simulation.sleep_until(world.simulation.now() + 10s, nullptr);
            peer.behave({});
        }
    };
    scope.spawn(Grow::run(world, *slow));
    world.complete(*d);
    CHECK(d->progress().pivot_moves >= 1);
    CHECK(d->progress().pivot->number >= 264 - 64 + 62);
    CHECK(missing_from(world.store, world.states[2]) == "");
    CHECK(world.store.repeated() == 0);
}

TEST_CASE("Downloader: a root that nobody serves any more is left for the fresh one", "[sync]") {
    World world;
    const auto peer = world.peer(1);
    peer->serve({&world.states[2]});  // the state of block 200 is pruned
    const auto d = world.downloader();
    d->peer_joined(peer);
    async::TaskScope scope{world.simulation.executor()};
    std::string seen;
    struct Grow {
        static Task<void> run(World& world, Downloader& d, std::string& seen) {
            co_await world.simulation.sleep_until(world.simulation.now() + 20s, nullptr);
            seen = d.progress().waiting_for;
            for (int i = 0; i < 40; ++i)
                world.chain.extend(world.states[2].root);
        }
    };
    scope.spawn(Grow::run(world, *d, seen));
    world.complete(*d);
    CHECK(seen.find("none serves root 0x") != std::string::npos);
    CHECK(missing_from(world.store, world.states[2]) == "");
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
