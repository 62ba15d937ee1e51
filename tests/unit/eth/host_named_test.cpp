// Static and trusted peers that change while the host runs.
#include "hosts.hpp"

using namespace fastsync;
using namespace fastsync::eth;
using namespace std::chrono_literals;
using namespace fastsync::test;

namespace {

std::size_t dials_to(Net& net, Byte number) {
    return net.network.dials_to(address_of(number), kPort).size();
}

}  // namespace

TEST_CASE("Host: a static peer that is added is dialed at once, and kept", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& there = n.start(2);
        Node& here = n.start(1);
        co_await n.pass(1s);
        CHECK(dials_to(n, 2) == 0);
        here.host->set_named_peers({enode_of(2)}, {});
        co_await n.pass(1s);
        REQUIRE(here.host->peers().size() == 1);
        CHECK(here.host->static_peers().at(0)->dial.attempts() == 1);
        there.guests.joined.at(0).session->disconnect(rlpx::DisconnectReason::kRequested);
        co_await n.pass(1min);
        CHECK(here.host->peers().size() == 1);
        CHECK(dials_to(n, 2) == 2);
    });
}

TEST_CASE("Host: one that is removed keeps its session and is not dialed again", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& there = n.start(2);
        Node& here = n.start(1, dialing({2, 3}));
        co_await n.pass(1min);
        REQUIRE(here.host->peers().size() == 1);
        const std::size_t to_nobody = dials_to(n, 3);
        REQUIRE(to_nobody > 3);
        here.host->set_named_peers({}, {});
        CHECK(here.host->static_peers().empty());
        co_await n.pass(10min);
        CHECK(dials_to(n, 3) == to_nobody);
        CHECK(here.host->peers().size() == 1);
        there.guests.joined.at(0).session->disconnect(rlpx::DisconnectReason::kRequested);
        co_await n.pass(10min);
        CHECK(here.host->peers().size() == 0);
        CHECK(dials_to(n, 2) == 1);
    });
}

TEST_CASE("Host: one whose dial goes on while it is removed is not dialed again", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        n.network.set_reach(address_of(2), kPort, SimNetwork::Reach::kBlackHole);
        Node& here = n.start(1, dialing({2}));
        co_await n.pass(1s);
        REQUIRE(dials_to(n, 2) == 1);
        here.host->set_named_peers({}, {});
        co_await n.pass(5min);
        CHECK(dials_to(n, 2) == 1);
        // Named again it begins anew.
        here.host->set_named_peers({enode_of(2)}, {});
        co_await n.pass(1s);
        CHECK(dials_to(n, 2) == 2);
    });
}

TEST_CASE("Host: one that stays is not touched, one that moved is dialed where it is now",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        n.start(2);
        Node& here = n.start(1, dialing({2, 3}));
        co_await n.pass(1s);
        const auto stays = here.host->static_peers().at(0);
        Enode moved = enode_of(3);
        moved.host = address_of(4);
        here.host->set_named_peers({moved, enode_of(2)}, {});
        co_await n.pass(1s);
        CHECK(dials_to(n, 4) == 1);
        CHECK(dials_to(n, 2) == 1);
        REQUIRE(here.host->static_peers().size() == 2);
        CHECK(here.host->static_peers()[1] == stays);
        CHECK(here.guests.left.empty());
    });
}

TEST_CASE("Host: who is named finds a place, and none by that once it is named no more",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        HostOptions options;
        options.max_peers = 1;
        Node& here = n.start(1, std::move(options));
        n.start(2, dialing({1}));
        co_await n.pass(1s);
        n.start(3, dialing({1}));
        co_await n.pass(1s);
        REQUIRE(here.host->peers().size() == 1);
        here.host->set_named_peers({}, {enode_of(3).id});
        co_await n.pass(2min);
        CHECK(here.host->peers().size() == 2);
        // Banned, it stays for being trusted, and goes when it is so no more.
        for (int i = 0; i < 20; ++i)
            here.host->blame(enode_of(3).id, Fault::kUseless);
        co_await n.pass(5min);
        REQUIRE(here.guests.standing[enode_of(3).id] == 1);
        here.host->set_named_peers({}, {});
        co_await n.pass(1min);
        CHECK(here.guests.standing[enode_of(3).id] == 0);
        CHECK(here.guests.standing[enode_of(2).id] == 1);
    });
}

TEST_CASE("Host: peers named before it runs and after it has ended", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        n.start(2);
        Node& here = n.add(1);
        here.host->set_named_peers({enode_of(2)}, {});
        CHECK(dials_to(n, 2) == 0);
        n.scope.spawn(Net::run_host(n.sim, here));
        co_await n.pass(1s);
        CHECK(here.host->peers().size() == 1);
        here.host->stop();
        co_await n.pass(10s);
        REQUIRE(here.ended);
        here.host->set_named_peers({enode_of(3)}, {});
        co_await n.pass(1min);
        CHECK(dials_to(n, 3) == 0);
    });
}
