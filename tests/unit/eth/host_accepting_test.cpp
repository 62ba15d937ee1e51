// Who finds a place, and who is on our chain.
#include <array>

#include "header_chain.hpp"
#include "hosts.hpp"

using namespace fastsync;
using namespace fastsync::eth;
using namespace std::chrono_literals;
using namespace fastsync::test;
using async::Task;
using Reach = test::SimNetwork::Reach;

// ---- accepting

TEST_CASE("Host: a node finds no second place while its first session stands", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1);
        Visit& first = n.visits.emplace_back();
        Visit& second = n.visits.emplace_back();
        n.scope.spawn(n.visit(2, here.address, first));
        co_await n.pass(100ms);
        co_await n.visit(2, here.address, second);
        CHECK(turned_away(second, rlpx::DisconnectReason::kAlreadyConnected));
        REQUIRE(first.session);
        CHECK_FALSE(first.ended);
        first.session->disconnect(rlpx::DisconnectReason::kRequested);
        co_await n.pass(100ms);
        Visit& third = n.visits.emplace_back();
        n.scope.spawn(n.visit(2, here.address, third));
        co_await n.pass(100ms);
        CHECK(third.session);
        CHECK(here.guests.joined.size() == 2);
    });
}

TEST_CASE("Host: the places are limited, but never for static peers", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        n.network.set_reach(address_of(9), kPort, Reach::kBlackHole);
        Node& here = n.start(1, dialing({9}, 2));
        std::array<Visit*, 2> taken{&n.visits.emplace_back(), &n.visits.emplace_back()};
        for (Byte i = 0; i < 2; ++i)
            n.scope.spawn(n.visit(static_cast<Byte>(10 + i), here.address, *taken[i]));
        co_await n.pass(100ms);
        CHECK(here.host->peers().size() == 2);
        Visit& surplus = n.visits.emplace_back();
        co_await n.visit(20, here.address, surplus);
        CHECK(turned_away(surplus, rlpx::DisconnectReason::kTooManyPeers));
        Visit& friendly = n.visits.emplace_back();
        n.scope.spawn(n.visit(9, here.address, friendly));
        co_await n.pass(100ms);
        CHECK(friendly.session);
        CHECK(here.host->peers().size() == 3);
        // Two have to go until there is a place again.
        taken[0]->session->disconnect(rlpx::DisconnectReason::kRequested);
        co_await n.pass(100ms);
        Visit& too_early = n.visits.emplace_back();
        co_await n.visit(21, here.address, too_early);
        CHECK(turned_away(too_early, rlpx::DisconnectReason::kTooManyPeers));
        taken[1]->session->disconnect(rlpx::DisconnectReason::kRequested);
        co_await n.pass(100ms);
        Visit& in_time = n.visits.emplace_back();
        n.scope.spawn(n.visit(22, here.address, in_time));
        co_await n.pass(100ms);
        CHECK(in_time.session);
    });
}

TEST_CASE("Host: a failed eth handshake gives its place back", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1, dialing({}, 1));
        n.strangers.who.genesis_hash = Hash256{{0x66}};
        for (int i = 0; i < 3; ++i) {
            Visit& stranger = n.visits.emplace_back();
            co_await n.visit(5, here.address, stranger);
            CHECK(stranger.failed);
            co_await n.pass(3s);
        }
        n.strangers.who.genesis_hash = here.backend.who.genesis_hash;
        Visit& kin = n.visits.emplace_back();
        n.scope.spawn(n.visit(6, here.address, kin));
        co_await n.pass(100ms);
        CHECK(kin.session);
        CHECK(here.guests.joined.size() == 1);
    });
}

TEST_CASE("Host: so many silent strangers of one address are heard at once, and no more",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1);
        std::vector<std::unique_ptr<test::MemoryStream>> silent;
        for (std::size_t i = 0; i < kMaxPendingOfAddress; ++i)
            silent.push_back(n.network.connect(here.address, kPort));
        co_await n.pass(1s);
        Visit& surplus = n.visits.emplace_back();
        const TimePoint begin = n.sim.now();
        co_await n.visit(2, here.address, surplus);
        REQUIRE(surplus.failed);
        CHECK(surplus.failed->code == Errc::kClosed);
        CHECK(n.sim.now() - begin < 100ms);
        co_await n.pass(rlpx::kHandshakeTimeout);
        Visit& later = n.visits.emplace_back();
        n.scope.spawn(n.visit(2, here.address, later));
        co_await n.pass(100ms);
        CHECK(later.session);
        // The silent ones were closed.
        for (const auto& stream : silent) {
            Bytes out(1);
            const auto read = co_await stream->read_some(out);
            CHECK_FALSE(read);
        }
    });
}

TEST_CASE("Host: a new head is told to all, also to who was in the middle of the handshake",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1);
        Visit& early = n.visits.emplace_back();
        n.scope.spawn(n.visit(2, here.address, early));
        co_await n.pass(1s);
        REQUIRE(early.session);
        CHECK(early.session->status().head_hash == here.backend.who.head_hash);
        // One that has our old Status and keeps its own back.
        Frozen slow;
        co_await slow.come(n, 3, false);
        const Hash256 head{{0x77}};
        here.backend.who.head_hash = head;
        here.host->announce({head, 200});
        slow.say_status(n);
        Visit& late = n.visits.emplace_back();
        n.scope.spawn(n.visit(4, here.address, late));
        co_await n.pass(1s);
        CHECK(early.session->status().head_hash == head);
        CHECK(early.session->status().head_number == 200);
        const auto first = co_await slow.connection->receive();
        REQUIRE(first);
        CHECK(first->code == 0);
        const auto second = co_await slow.connection->receive();
        REQUIRE(second);
        CHECK(second->code == static_cast<std::uint32_t>(MessageCode::kNewBlockHashes));
        // Status told it: nothing more is said.
        REQUIRE(late.session);
        CHECK(late.session->status().head_hash == head);
        CHECK_FALSE(late.session->status().head_number);
        slow.connection->close();
        co_await n.pass(1ms);
    });
}

// ---- who is on our chain

namespace {

const HostOptions& with_required_block() {
    static const HostOptions options = [] {
        HostOptions out;
        out.required_blocks = {{3, test::header_chain(5)[3].hash}};
        return out;
    }();
    return options;
}

}  // namespace

TEST_CASE("Host: a peer joins when it holds the required blocks, or has not come so far",
          "[eth][host]") {
    static std::size_t has = 0;
    has = GENERATE(std::size_t{0}, std::size_t{3}, std::size_t{5});
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1, with_required_block());
        n.strangers.chain = test::header_chain(has);
        Visit& visit = n.visits.emplace_back();
        n.scope.spawn(n.visit(2, here.address, visit));
        co_await n.pass(1s);
        REQUIRE(n.strangers.header_queries.size() == 1);
        CHECK(n.strangers.header_queries[0] == HeaderQuery{chain::BlockNumber{3}, 1, 0, false});
        CHECK(here.guests.joined.size() == 1);
        CHECK(here.guests.left.empty());
        CHECK_FALSE(visit.ended);
    });
}

TEST_CASE("Host: a peer with another block in the place of a required one is let go",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1, with_required_block());
        n.strangers.chain = test::header_chain(5);
        n.strangers.chain[3] = *chain::decode_header(test::raw_header(3, Hash256{{0x99}}));
        Visit& visit = n.visits.emplace_back();
        n.scope.spawn(n.visit(2, here.address, visit));
        co_await n.pass(1s);
        REQUIRE(visit.ended);
        CHECK(
            names(*visit.ended, std::string{to_string(rlpx::DisconnectReason::kSubprotocolError)}));
        CHECK(here.host->reputation().ban(test::key_of(2).public_key(), n.sim.now()));
        CHECK(here.guests.joined.empty());
        CHECK(here.guests.left.empty());
        CHECK(here.host->peers().size() == 0);
    });
}

TEST_CASE("Host: a peer that does not say whether it holds a required block has 15 s",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1, with_required_block());
        n.strangers.hold();
        Visit& visit = n.visits.emplace_back();
        n.scope.spawn(n.visit(2, here.address, visit));
        co_await n.pass(kChallengeTimeout - 100ms);
        CHECK_FALSE(visit.ended);
        CHECK(here.host->peers().size() == 1);
        co_await n.pass(1s);
        n.strangers.resume();
        co_await n.pass(1s);
        REQUIRE(visit.ended);
        CHECK(here.guests.joined.empty());
        CHECK(here.host->peers().size() == 0);
    });
}

TEST_CASE("Host: a dialed peer that fails the question is not taken for one that stood",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        HostOptions options = with_required_block();
        options.static_peers = {enode_of(2)};
        Node& there = n.start(2);
        there.backend.chain = test::header_chain(5);
        there.backend.chain[3] = *chain::decode_header(test::raw_header(3, Hash256{{0x99}}));
        Node& here = n.start(1, options);
        co_await n.pass(30s);
        CHECK(here.guests.joined.empty());
        // Pauses grow: 1, 2, 4, 8, 16 s, or a little more.
        CHECK(there.guests.joined.size() >= 3);
        CHECK(there.guests.joined.size() <= 6);
    });
}

// ---- versions

TEST_CASE("Host: a node without node data in eth is dialed again for the satellite",
          "[eth][host]") {
    static std::uint32_t version = 0;
    version = GENERATE(67U, 68U);
    Net net;
    net.run([](Net& n) -> Task<void> {
        HostOptions theirs;
        theirs.offers = capability_offers_of(*find_version(version));
        Node& there = n.start(2, theirs);
        HostOptions ours;
        ours.static_peers = {enode_of(2)};
        Node& here = n.start(1, ours);
        co_await n.pass(10s);
        REQUIRE(here.guests.joined.size() == 1);
        CHECK(here.guests.joined[0].session->status().eth_version == version);
        CHECK(there.guests.joined.size() == 1);
    });
}

TEST_CASE("Host: a node of many versions is never offered those without node data", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        HostOptions theirs;
        theirs.offers = capability_offers_without_node_data();
        n.start(2, theirs);
        HostOptions ours;
        ours.static_peers = {enode_of(2)};
        Node& here = n.start(1, ours);
        co_await n.pass(10s);
        REQUIRE(here.guests.joined.size() == 1);
        CHECK(here.guests.joined[0].session->status().eth_version == 66);
    });
}
