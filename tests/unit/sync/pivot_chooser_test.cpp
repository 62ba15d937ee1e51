#include <catch2/catch.hpp>

#include <async/task_scope.hpp>
#include <sync/pivot_chooser.hpp>

#include "support/fake_peer.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using namespace std::chrono_literals;
using async::Task;
using test::FakeChain;
using test::FakePeer;
using test::PeerManners;

namespace {

constexpr std::uint64_t kHead = 264;

Hash256 root_at(std::uint64_t number) {
    Hash256 root;
    root.data[0] = 1;
    root.data[1] = static_cast<Byte>(number);
    root.data[2] = static_cast<Byte>(number >> 8U);
    return root;
}

/// One honest peer that answers after 50 ms from the chain as it is then.
struct World {
    World() {
        std::vector<Hash256> roots;
        for (std::uint64_t n = 0; n <= kHead; ++n)
            roots.push_back(root_at(n));
        chain = FakeChain::of(roots);
        peer = std::make_shared<FakePeer>(1, simulation, simulation.executor(), chain,
                                          std::vector<const test::BuiltState*>{},
                                          PeerManners{PeerManners::Kind::kHonest, 50ms});
    }

    /// Chooses a pivot; `change` happens to the chain so long after the beginning.
    template <class Change>
    Result<Pivot> choose(Duration when, Change change) {
        struct Main {
            static Task<void> later(World& world, Duration when, Change change) {
                (void)co_await world.simulation.sleep_until(world.simulation.now() + when, nullptr);
                change(world.chain);
            }
            static Task<void> run(World& world, Duration when, Change change,
                                  std::optional<Result<Pivot>>& out) {
                async::TaskScope scope{world.simulation.executor()};
                scope.spawn(later(world, when, change));
                PivotChooser chooser{{world.peer}, {}, {}, world.simulation, scope};
                out = co_await chooser.choose();
                co_await scope.join();
            }
        };
        std::optional<Result<Pivot>> chosen;
        simulation.run(Main::run(*this, when, change, chosen), 1min);
        REQUIRE(chosen);
        return *std::move(chosen);
    }

    test::Simulation simulation;
    FakeChain chain;
    std::shared_ptr<FakePeer> peer;
};

}  // namespace

TEST_CASE("PivotChooser: a block announced while the head is asked for accuses nobody", "[sync]") {
    World world;
    const auto pivot =
        world.choose(25ms, [](FakeChain& chain) { chain.extend(root_at(kHead + 1)); });
    REQUIRE(pivot);
    CHECK(pivot->headers.front().number == kHead + 1 - 64);
    CHECK(pivot->headers.back().hash == world.chain.head().hash);
    CHECK(world.peer->reports().empty());
}

TEST_CASE("PivotChooser: a head replaced between the questions accuses nobody", "[sync]") {
    World world;
    // The head is known after 50 ms, that nothing is above it after 100 ms.
    const auto pivot = world.choose(125ms, [](FakeChain& chain) {
        chain.headers.pop_back();
        chain.extend(root_at(kHead), 7);
    });
    REQUIRE(pivot);
    CHECK(pivot->state_root == root_at(kHead - 64));
    CHECK(pivot->headers.back().hash == world.chain.head().hash);
    CHECK(world.peer->reports().empty());
}

TEST_CASE("PivotChooser: a chain that got shorter is no lie, and no pivot", "[sync]") {
    World world;
    const auto pivot = world.choose(125ms, [](FakeChain& chain) { chain.headers.pop_back(); });
    REQUIRE_FALSE(pivot);
    CHECK(pivot.error().code == Errc::kNotFound);
    CHECK(world.peer->reports().empty());
}

TEST_CASE("PivotChooser: headers above the announced one that do not link are a lie", "[sync]") {
    World world;
    // The head is known after 50 ms, what is above it after 100 ms.
    const auto pivot = world.choose(75ms, [](FakeChain& chain) {
        FakeChain other = chain;
        other.extend(root_at(kHead + 1), 9);
        other.extend(root_at(kHead + 2), 9);
        chain.extend(root_at(kHead + 1));
        chain.headers.push_back(other.head());
    });
    CHECK_FALSE(pivot);
    CHECK(world.peer->reports() == std::vector{Misbehaviour::kForgedHeaders});
}

TEST_CASE("PivotChooser: headers that do not link are a lie", "[sync]") {
    World world;
    const auto pivot = world.choose(125ms, [](FakeChain& chain) {
        chain.headers[kHead - 10] = FakeChain::of({root_at(1)}, 9).head();
    });
    REQUIRE_FALSE(pivot);
    REQUIRE(world.peer->reports().size() == 1);
    CHECK(world.peer->reports()[0] == Misbehaviour::kForgedHeaders);
}

TEST_CASE("PivotChooser: a head whose header is not served yet is not the end of it", "[sync]") {
    World world;
    const Hash256 unknown{{0x99}};
    SECTION("an earlier one is taken, and what is above it") {
        world.peer->tell_heads({unknown, world.chain.headers[200].hash});
        const auto pivot = world.choose(1s, [](FakeChain&) {});
        REQUIRE(pivot);
        CHECK(pivot->headers.back().number == kHead);
    }
    SECTION("without any there is none to choose") {
        world.peer->tell_heads({unknown, Hash256{{0x98}}});
        const auto pivot = world.choose(1s, [](FakeChain&) {});
        REQUIRE_FALSE(pivot);
        CHECK(pivot.error().detail == "1 peers connected, none tells its head header");
    }
    CHECK(world.peer->reports().empty());
}

TEST_CASE("PivotChooser: a head is followed for 64 answers of 192 headers, and no further",
          "[sync]") {
    constexpr std::uint64_t kReach = PivotChooser::kMaxCatchUpRounds * PivotChooser::kMaxHeaders;
    const std::uint64_t beyond = GENERATE(0U, 1U, 500U);
    World world;
    for (std::uint64_t n = kHead + 1; n <= kReach + beyond; ++n)
        world.chain.extend(root_at(n));
    world.peer->tell_heads({world.chain.headers.front().hash});
    const auto pivot = world.choose(30s, [](FakeChain&) {});
    REQUIRE(pivot);
    CHECK(pivot->headers.back().number == kReach);
    CHECK(pivot->headers.front().number == kReach - kPivotDistance);
    CHECK(world.peer->reports().empty());
}
