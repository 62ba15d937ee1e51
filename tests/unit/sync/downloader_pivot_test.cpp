// Which pivot the downloader takes, and when it leaves it.
#include "downloader_world.hpp"
#include "log_capture.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using namespace std::chrono_literals;
using async::Task;
using test::BuiltState;
using test::FakeChain;
using test::FakePeer;
using test::PeerManners;
using Kind = PeerManners::Kind;
using World = test::DownloaderWorld;

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

TEST_CASE("Downloader: a lone mute peer does not hold up those who come after it", "[sync]") {
    const auto pin = GENERATE(0, 1, 2);
    World world;
    PivotPolicy policy;
    if (pin == 1) policy.pin = PinnedNumber{200};
    if (pin == 2) policy.pin = PinnedHash{world.chain.headers[200].hash};
    const auto d = world.downloader(policy);
    d->peer_joined(world.peer(1, Kind::kMute));
    async::TaskScope scope{world.simulation.executor()};
    struct Later {
        static Task<void> run(World& world, Downloader& d, Duration when, Duration more,
                              SyncPhase& phase) {
            const TimePoint begin = world.simulation.now();
            co_await world.simulation.sleep_until(begin + when, nullptr);
            d.peer_joined(world.peer(2));
            const TimePoint soon =
                std::max(begin + PivotChooser::kHeadPatience, world.simulation.now());
            co_await world.simulation.sleep_until(soon + more + 500ms, nullptr);
            phase = d.progress().phase;
        }
    };
    SyncPhase phase{};
    // With a pin the mute one is asked for that block too, once or twice.
    scope.spawn(Later::run(world, *d, GENERATE(1s, 5s), pin * PivotChooser::kHeadPatience, phase));
    world.complete(*d);
    CHECK(phase == SyncPhase::kSyncing);
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

TEST_CASE("Downloader: a pivot goes back only where the chain does, and that is told", "[sync]") {
    World world;
    const auto sync_now = [&] {
        const auto d = world.downloader();
        d->peer_joined(world.peer(1));
        world.complete(*d);
        return d->progress().pivot->number;
    };
    REQUIRE(sync_now() == 200);
    const test::LogCapture log;
    const auto told = [&](const std::string& words) {
        return log.lines_with("pivot goes back " + words);
    };
    SECTION("not when the same chain merely has fewer blocks") {
        world.chain.headers.resize(230);
        CHECK(sync_now() == 200);
        CHECK(told("") == 0);
    }
    SECTION("a chain that ends below it") {
        world.chain.headers.resize(160);
        CHECK(sync_now() == 95);
        CHECK(told("from=200 to=95: the peers are on another or a shorter chain") == 1);
    }
    SECTION("another chain") {
        std::vector<Hash256> roots;
        for (std::uint64_t n = 0; n < 255; ++n)
            roots.push_back(world.state_at(n).root);
        world.chain = FakeChain::of(roots, 7);
        CHECK(sync_now() == 190);
        CHECK(told("from=200 to=190: the peers are on another or a shorter chain") == 1);
    }
}
