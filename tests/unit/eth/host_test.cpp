#include <array>
#include <map>

#include <async/task_scope.hpp>
#include <eth/host.hpp>
#include <eth/status_exchange.hpp>
#include <eth/version.hpp>
#include <rlpx/opening.hpp>

#include "header_chain.hpp"
#include "hosts.hpp"

using namespace fastsync;
using namespace fastsync::eth;
using namespace std::chrono_literals;
using namespace fastsync::test;
using async::Task;
using Reach = test::SimNetwork::Reach;

namespace {

bool names(const Error& error, const std::string& what) {
    UNSCOPED_INFO(error.message());
    return error.detail.find(what) != std::string::npos;
}

/// True when a visit was ended by a Disconnect of that reason, before a session stood.
bool turned_away(const Visit& visit, rlpx::DisconnectReason reason) {
    if (!visit.failed || visit.session) return false;
    return visit.failed->code == Errc::kDisconnected &&
           names(*visit.failed, std::string{to_string(reason)});
}

/// A visitor that says Hello and, if told so, Status, and then neither reads nor closes.
struct Frozen {
    std::unique_ptr<rlpx::Connection> connection;

    static Task<void> run(rlpx::Connection& connection) { (void)co_await connection.run(); }
    Task<void> come(Net& n, Byte number, bool with_status) {
        rlpx::LocalNode local = test::node_of(number);
        local.offers = capability_offers_of(*find_version(63));
        test::ScriptedEntropy entropy{number};
        auto made = co_await rlpx::Connection::initiate(n.network.connect(address_of(1), kPort),
                                                        local, enode_of(1).id, n.sim, entropy);
        REQUIRE(made);
        connection = *std::move(made);
        n.scope.spawn(run(*connection));
        if (with_status) say_status(n);
        co_await n.pass(100ms);
    }
    void say_status(Net& n) {
        const ChainIdentity who = n.strangers.identity();
        const Status status{63, who.network_id, 1, who.head_hash, who.genesis_hash};
        REQUIRE(connection->send("eth", 0, encode_status(status)));
    }
};

}  // namespace

// ---- dialing

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
        REQUIRE(here.host->dials().size() == 1);
        CHECK(here.host->dials()[0].attempts() == 1);
        CHECK(here.host->dials()[0].failures() == 0);
        co_await n.pass(10min);  // pings keep it up
        CHECK(here.host->peers().size() == 1);
        CHECK(here.host->dials()[0].attempts() == 1);
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
        CHECK(here.host->dials()[0].failures() == dials.size());
        CHECK(here.host->dials()[0].last_error() == "cannot connect: connection refused");
        Node& there = n.start(2);
        co_await n.pass(kLongestPause * 5 / 4 + 1s);
        CHECK(here.host->peers().size() == 1);
        CHECK(there.host->peers().size() == 1);
        CHECK(here.host->dials()[0].failures() == 0);
    });
}

TEST_CASE("Host: an address that answers nothing is given up after 15 s and tried again",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        n.network.set_reach(address_of(2), kPort, Reach::kBlackHole);
        Node& here = n.start(1, dialing({2}));
        co_await n.pass(kDialTimeout + 500ms);
        CHECK(here.host->dials()[0].failures() == 1);
        CHECK(here.host->dials()[0].last_error() == "timeout: no connection in time");
        co_await n.pass(2s);
        CHECK(here.host->dials()[0].attempts() == 2);
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
        CHECK(here.host->dials()[0].attempts() == 5);
        CHECK(here.host->dials()[0].failures() == 0);
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
        CHECK(here.host->dials()[0].attempts() > 2);
        CHECK(here.host->dials()[0].failures() == here.host->dials()[0].attempts());
        CHECK(here.host->dials()[0].last_error() == "incompatible: connected to ourselves");
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

// ---- stopping

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
