// Ends at any moment.
#include "hosts.hpp"

using namespace fastsync;
using namespace fastsync::eth;
using namespace std::chrono_literals;
using namespace fastsync::test;
using async::Task;
using Reach = test::SimNetwork::Reach;

namespace {

/// What goes on when a host is stopped.
enum class Stage {
    kNothing,
    kPausing,            ///< between two dials
    kDialing,            ///< TCP does not stand yet
    kDialedSilent,       ///< the other side of our dial says nothing
    kVisitorSilent,      ///< a visitor says nothing
    kStatusOpen,         ///< a visitor said Hello but not Status
    kTurningAway,        ///< a visitor we refused does not close
    kSession,            ///< with a peer that takes our goodbye
    kSessionWithFrozen,  ///< with a peer that reads nothing any more
};

/// Everything that may stand around host 1.
struct Around {
    std::unique_ptr<net::Listener> silent_listener;
    std::unique_ptr<test::MemoryStream> silent_visitor;
    Frozen frozen;
    Frozen refused;
    Visit guest;
};

Task<void> bring_to(Net& n, Stage stage, Around& around) {
    const bool outgoing =
        stage == Stage::kPausing || stage == Stage::kDialing || stage == Stage::kDialedSilent;
    if (stage == Stage::kDialing) n.network.set_reach(address_of(2), kPort, Reach::kBlackHole);
    if (stage == Stage::kDialedSilent)
        around.silent_listener = n.network.listen(address_of(2), kPort);
    Node& host = n.start(1, outgoing ? dialing({2}) : HostOptions{});
    co_await n.pass(100ms);
    switch (stage) {
        case Stage::kVisitorSilent:
            around.silent_visitor = n.network.connect(host.address, kPort);
            break;
        case Stage::kStatusOpen:
            co_await around.frozen.come(n, 3, false);
            CHECK(host.host->peers().holds(enode_of(3).id));
            break;
        case Stage::kTurningAway:
            co_await around.frozen.come(n, 3, true);
            co_await around.refused.come(n, 3, true);
            CHECK(host.host->peers().size() == 1);
            break;
        case Stage::kSession:
            n.scope.spawn(n.visit(3, host.address, around.guest));
            break;
        case Stage::kSessionWithFrozen:
            co_await around.frozen.come(n, 3, true);
            CHECK(host.host->peers().size() == 1);
            break;
        case Stage::kNothing:
        case Stage::kPausing:
        case Stage::kDialing:
        case Stage::kDialedSilent:
            break;
    }
    co_await n.pass(100ms);
}

}  // namespace

TEST_CASE("Host: stop() ends whatever goes on within 2 s", "[eth][host]") {
    static Stage stage;
    stage = static_cast<Stage>(GENERATE(range(0, 9)));
    CAPTURE(static_cast<int>(stage));
    Net net;
    net.run([](Net& n) -> Task<void> {
        Around around;
        co_await bring_to(n, stage, around);
        Host& host = *n.nodes.at(1)->host;
        const TimePoint begin = n.sim.now();
        host.stop();
        host.stop();
        co_await n.pass(rlpx::kDisconnectTimeout + 1ms);
        REQUIRE(n.nodes.at(1)->ended);
        const Duration took = *n.nodes.at(1)->ended - begin;
        CHECK(took <= rlpx::kDisconnectTimeout);
        if (stage == Stage::kSession) {
            CHECK(took < 100ms);
            REQUIRE(around.guest.ended);
            CHECK(names(*around.guest.ended, "client quitting"));
        }
        CHECK(host.peers().size() == 0);
        CHECK_FALSE(host.peers().holds(enode_of(3).id));
        const std::size_t dials = n.network.dials().size();
        co_await n.pass(10min);
        CHECK(n.network.dials().size() == dials);
        Visit& after = n.visits.emplace_back();
        co_await n.visit(4, n.nodes.at(1)->address, after);
        CHECK(after.failed);
        for (Frozen* frozen : {&around.frozen, &around.refused})
            if (frozen->connection) frozen->connection->close();
        co_await n.pass(1ms);
    });
}

TEST_CASE("Host: stop() before run() makes run() return at once", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& node = n.add(1, dialing({2}));
        node.host->stop();
        const TimePoint begin = n.sim.now();
        co_await node.host->run();
        CHECK(n.sim.now() == begin);
        CHECK(n.network.dials().empty());
    });
}

TEST_CASE("Host: stop() at any moment of a handshake leaves nothing behind", "[eth][host]") {
    // Both ends stop at the same moment: while they dial, say Hello, say Status, or stand.
    static Duration moment;
    moment = GENERATE(Duration{0}, Duration{1us}, Duration{1ms}, Duration{1001us}, Duration{2ms},
                      Duration{1s});
    CAPTURE(to_seconds(moment));
    Net net;
    net.run([](Net& n) -> Task<void> {
        n.start(1, dialing({2}));
        n.start(2, dialing({1}));
        co_await n.pass(moment);
    });
}

TEST_CASE("Host: after stop_growing() sessions stay and no new ones come", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& there = n.start(2);
        Node& here = n.start(1, dialing({2, 3}));
        Visit& early = n.visits.emplace_back();
        n.scope.spawn(n.visit(4, here.address, early));
        co_await n.pass(1s);
        CHECK(here.host->peers().size() == 2);
        here.host->stop_growing();
        here.host->stop_growing();
        const std::size_t dials = n.network.dials_to(address_of(3), kPort).size();
        Visit& late = n.visits.emplace_back();
        co_await n.visit(5, here.address, late);
        CHECK(late.failed);
        co_await n.pass(5min);
        CHECK(n.network.dials_to(address_of(3), kPort).size() == dials);
        CHECK(here.host->peers().size() == 2);
        CHECK_FALSE(here.ended);
        there.host->stop();
        co_await n.pass(1s);
        CHECK(here.host->peers().size() == 1);
        CHECK(n.network.dials_to(address_of(2), kPort).size() == 1);  // it is not dialed again
    });
}
