// Dials to static peers.
#include <rlpx/opening.hpp>

#include "hosts.hpp"

using namespace fastsync;
using namespace fastsync::eth;
using namespace std::chrono_literals;
using namespace fastsync::test;
using async::Task;
using Reach = test::SimNetwork::Reach;

TEST_CASE("Host: a static peer is dialed and a session stands at both ends", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& there = n.start(2);
        Node& here = n.start(1, dialing({2}));
        co_await n.pass(1s);
        REQUIRE(here.host->peers().size() == 1);
        REQUIRE(there.host->peers().size() == 1);
        const Peer& out = here.host->peers().all().begin()->second;
        CHECK(out.direction == Direction::kOutbound);
        CHECK(out.enode == enode_of(2));
        CHECK(out.session->status().network_id == 7);
        const Peer& in = there.host->peers().all().begin()->second;
        CHECK(in.direction == Direction::kInbound);
        CHECK(in.enode.id == enode_of(1).id);
        CHECK(in.enode.tcp_port == kPort);
        REQUIRE(here.host->static_peers().size() == 1);
        CHECK(here.host->static_peers()[0]->dial.attempts() == 1);
        CHECK(here.host->static_peers()[0]->dial.failures() == 0);
        co_await n.pass(10min);  // pings keep it up
        CHECK(here.host->peers().size() == 1);
        CHECK(here.host->static_peers()[0]->dial.attempts() == 1);
    });
}

TEST_CASE("Host: a refused dial is tried again after growing pauses, for ever", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1, dialing({2}));
        co_await n.pass(20min);
        const auto dials = n.network.dials_to(address_of(2), kPort);
        REQUIRE(dials.size() > 12);
        Duration expected = kFirstPause;
        for (std::size_t i = 1; i < dials.size(); ++i) {
            CAPTURE(i);
            const Duration gap = dials[i] - dials[i - 1];
            CHECK(gap >= expected);
            CHECK(gap <= expected + expected / 4 + 10ms);
            expected = std::min<Duration>(2 * expected, kLongestPause);
        }
        CHECK(here.host->static_peers()[0]->dial.failures() == dials.size());
        CHECK(here.host->static_peers()[0]->dial.last_error() ==
              "cannot connect: connection refused");
        Node& there = n.start(2);
        co_await n.pass(kLongestPause * 5 / 4 + 1s);
        CHECK(here.host->peers().size() == 1);
        CHECK(there.host->peers().size() == 1);
        CHECK(here.host->static_peers()[0]->dial.failures() == 0);
    });
}

TEST_CASE("Host: an address that answers nothing is given up after 15 s and tried again",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        n.network.set_reach(address_of(2), kPort, Reach::kBlackHole);
        Node& here = n.start(1, dialing({2}));
        co_await n.pass(kDialTimeout + 500ms);
        CHECK(here.host->static_peers()[0]->dial.failures() == 1);
        CHECK(here.host->static_peers()[0]->dial.last_error() == "timeout: no connection in time");
        co_await n.pass(2s);
        CHECK(here.host->static_peers()[0]->dial.attempts() == 2);
    });
}

TEST_CASE("Host: a session that ended is dialed anew, one that stood long at once", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& there = n.start(2);
        Node& here = n.start(1, dialing({2}));
        co_await n.pass(500ms);
        const auto end_session = [&there] {
            REQUIRE(there.host->peers().size() == 1);
            there.host->peers().all().begin()->second.session->disconnect(
                rlpx::DisconnectReason::kUselessPeer);
        };
        for (const Duration pause : {1s, 2s, 4s}) {
            end_session();
            co_await n.pass(pause - 50ms);
            CHECK(here.host->peers().size() == 0);
            co_await n.pass(pause / 4 + 100ms);
            CHECK(here.host->peers().size() == 1);
        }
        CHECK(names(here.guests.left.at(0).second, "useless peer"));
        co_await n.pass(kGoodConnection);
        end_session();
        co_await n.pass(1400ms);
        CHECK(here.host->peers().size() == 1);
        CHECK(here.host->static_peers()[0]->dial.attempts() == 5);
        CHECK(here.host->static_peers()[0]->dial.failures() == 0);
        // Every session was told under a number of its own.
        REQUIRE(here.guests.joined.size() == 5);
        CHECK(here.guests.joined[0].number != here.guests.joined[4].number);
    });
}

TEST_CASE("Host: a static peer that came to us is not dialed as long as it stays", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Visit& visit = n.visits.emplace_back();
        Node& here = n.start(1, dialing({2}));
        n.network.set_reach(address_of(2), kPort, Reach::kBlackHole);
        n.scope.spawn(n.visit(2, here.address, visit));
        co_await n.pass(10min);
        // The first dial went out at once, before it came.
        CHECK(n.network.dials_to(address_of(2), kPort).size() == 1);
        CHECK(here.host->peers().size() == 1);
        REQUIRE(visit.session);
        visit.session->disconnect(rlpx::DisconnectReason::kRequested);
        co_await n.pass(3s);
        CHECK(n.network.dials_to(address_of(2), kPort).size() == 2);
    });
}

TEST_CASE("Host: two that dial each other end with one session", "[eth][host]") {
    static Duration latency;
    latency = GENERATE(Duration{0}, Duration{1ms}, Duration{80ms}, Duration{2s});
    CAPTURE(to_seconds(latency));
    Net net;
    net.run([](Net& n) -> Task<void> {
        n.network.set_latency(latency);
        Node& one = n.start(1, dialing({2}));
        Node& two = n.start(2, dialing({1}));
        co_await n.pass(30s);
        CHECK(one.host->peers().size() == 1);
        CHECK(two.host->peers().size() == 1);
        const std::size_t sessions = one.guests.joined.size();
        co_await n.pass(10min);
        CHECK(one.host->peers().size() == 1);
        CHECK(two.host->peers().size() == 1);
        CHECK(one.guests.joined.size() == sessions);  // it stays
    });
}

TEST_CASE("Host: a mesh of static peers comes to one session for each pair", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        constexpr Byte kHosts = 6;
        for (Byte number = 1; number <= kHosts; ++number) {
            HostOptions options;
            for (Byte other = 1; other <= kHosts; ++other)
                if (other != number) options.static_peers.push_back(enode_of(other));
            options.max_peers = 1;  // static peers find a place all the same
            n.start(number, std::move(options));
        }
        co_await n.pass(1min);
        for (const auto& [number, node] : n.nodes) {
            CAPTURE(static_cast<int>(number));
            CHECK(node->host->peers().size() == kHosts - 1);
        }
    });
}

TEST_CASE("Host: a node that dials itself is refused and stays alone", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1, dialing({1}));
        co_await n.pass(30s);
        CHECK(here.guests.joined.empty());
        CHECK(here.host->static_peers()[0]->dial.attempts() > 2);
        CHECK(here.host->static_peers()[0]->dial.failures() ==
              here.host->static_peers()[0]->dial.attempts());
        CHECK(here.host->static_peers()[0]->dial.last_error() ==
              "incompatible: connected to ourselves");
    });
}

TEST_CASE("Host: a stranger with our own key hears that it connected to itself", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1);
        // Not through Connection::initiate(), which would find out by itself.
        auto stream = n.network.connect(here.address, kPort);
        test::ScriptedEntropy entropy{9};
        const rlpx::LocalNode local = test::node_of(1);
        auto channel = co_await rlpx::initiate_channel(*stream, local, enode_of(1).id, entropy);
        REQUIRE(channel);
        const rlpx::Hello hello{5, "mirror", {{"eth", 63}}, 0, local.key.public_key()};
        REQUIRE(channel->sealer.seal(0, encode_hello(hello), rlpx::Compression::kNone));
        const Bytes frames = channel->sealer.take();
        const auto written = co_await stream->write(frames);
        REQUIRE(written);
        std::optional<rlpx::DisconnectReason> reason;
        while (!reason) {
            const auto frame = channel->opener.next();
            REQUIRE(frame);
            if (!*frame) {
                const auto read = co_await stream->read_some(channel->opener.space());
                REQUIRE(read);
                channel->opener.filled(*read);
            } else if ((*frame)->code == 1) {
                const auto decoded = rlpx::decode_disconnect((*frame)->payload);
                REQUIRE(decoded);
                reason = *decoded;
            }
        }
        CHECK(reason == rlpx::DisconnectReason::kSelf);
        CHECK(here.guests.joined.empty());
    });
}
