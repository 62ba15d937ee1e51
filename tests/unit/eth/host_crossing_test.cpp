// Two nodes that dial each other at the same moment.
#include <random>
#include <set>

#include <boost/asio/io_context.hpp>

#include <async/task_scope.hpp>
#include <eth/host.hpp>
#include <eth/version.hpp>
#include <net/tcp.hpp>

#include "hosts.hpp"

using namespace fastsync;
using namespace fastsync::eth;
using namespace std::chrono_literals;
using namespace fastsync::test;
using async::Task;

namespace {

/// The session a host has with its only peer was dialed by the greater id, and told of once.
void check_sole(const Host& host, const NodeId& self) {
    REQUIRE(host.peers().size() == 1);
    const Peer& peer = host.peers().all().begin()->second;
    const auto stays = self > peer.enode.id ? Direction::kOutbound : Direction::kInbound;
    CHECK(peer.direction == stays);
    CHECK(host.static_peers()[0]->dial.failures() == 0);
    CHECK(host.static_peers()[0]->dial.last_error() == "");
    CHECK(host.reputation().penalty(peer.enode.id, host.peers().all().begin()->second.since) == 0);
}

/// Does as go-ethereum does (p2p/server.go, DiscAlreadyConnected): of two connections with a node
/// it keeps the one whose Hello came first, and says no Status over the other.
struct FirstCome {
    FirstCome(Net& net, Byte number) : n(net), local(node_of(number)), entropy(number) {
        local.offers = capability_offers();
    }

    Task<void> listen() {
        auto listener = n.network.listen(address_of(2), kPort);
        while (taken.size() < 2) {
            auto stream = co_await listener->accept();
            if (!stream) co_return;
            taken.push_back(false);
            n.scope.spawn(welcome(*std::move(stream)));
        }
    }
    Task<void> welcome(std::unique_ptr<net::ByteStream> stream) {
        auto made = co_await rlpx::Connection::accept(std::move(stream), local, n.sim, entropy);
        if (made) co_await keep(*std::move(made));
    }
    Task<void> dial(Byte number) {
        const auto dialer = n.network.dialer();
        auto stream = co_await dialer->dial(address_of(number), kPort, n.sim.now() + 5s);
        REQUIRE(stream);
        taken.push_back(true);
        auto made = co_await rlpx::Connection::initiate(*std::move(stream), local,
                                                        enode_of(number).id, n.sim, entropy);
        if (made) co_await keep(*std::move(made));
    }
    Task<void> keep(std::unique_ptr<rlpx::Connection> connection) {
        if (connected) {
            ++refused;
            connection->disconnect(rlpx::DisconnectReason::kAlreadyConnected);
            (void)co_await connection->run();
            co_return;
        }
        connected = true;
        auto opened = co_await Session::open(std::move(connection), n.strangers, n.sim);
        if (opened) {
            session = *std::move(opened);
            ended = co_await session->run();
        }
        connected = false;
    }

    Net& n;
    rlpx::LocalNode local;
    ScriptedEntropy entropy;
    bool connected = false;
    int refused = 0;
    std::vector<bool> taken;  ///< connections that came to be: dialed or not
    std::shared_ptr<Session> session;
    std::optional<Error> ended;
};

/// Lags of up to 100 ms, another one for each end of each connection.
std::function<Duration()> random_lag(unsigned seed) {
    return [random = std::mt19937{seed}]() mutable {
        return std::chrono::milliseconds{random() % 100};
    };
}

}  // namespace

TEST_CASE("Host: two that dial each other at once have one session after their first dials",
          "[eth][host]") {
    static unsigned seed;
    seed = GENERATE(range(0U, 60U));
    CAPTURE(seed);
    Net net;
    net.run([](Net& n) -> Task<void> {
        n.network.set_lag(random_lag(seed));
        Node& one = n.add(1, dialing({2}));
        Node& two = n.add(2, dialing({1}));
        n.scope.spawn(Net::run_host(n.sim, one));
        co_await n.pass(std::chrono::milliseconds{seed % 7 * 20});
        n.scope.spawn(Net::run_host(n.sim, two));
        co_await n.pass(1500ms);
        check_sole(*one.host, enode_of(1).id);
        check_sole(*two.host, enode_of(2).id);
        // Where one heard of the other before it dialed, it did not.
        CHECK(one.host->static_peers()[0]->dial.attempts() == 1);
        CHECK(two.host->static_peers()[0]->dial.attempts() <= 1);
        const std::size_t sessions = one.guests.joined.size();
        co_await n.pass(10min);
        CHECK(one.host->peers().size() == 1);
        CHECK(two.host->peers().size() == 1);
        CHECK(one.guests.joined.size() == sessions);
    });
}

TEST_CASE("Host: one that keeps its first connection, as go-ethereum does, keeps it with us",
          "[eth][host]") {
    static unsigned seed;
    seed = GENERATE(range(0U, 60U));
    CAPTURE(seed);
    Net net;
    net.run([](Net& n) -> Task<void> {
        n.network.set_lag(random_lag(seed));
        auto other = std::make_shared<FirstCome>(n, 2);
        n.kept.push_back(other);
        Node& here = n.add(1, dialing({2}));
        n.scope.spawn(other->listen());
        n.scope.spawn(Net::run_host(n.sim, here));
        n.scope.spawn(other->dial(1));
        co_await n.pass(5s);
        CHECK(other->taken.size() == 2);
        CHECK(here.host->peers().size() == 1);
        CHECK(here.guests.joined.size() == 1);
        CHECK(other->session);
        CHECK_FALSE(other->ended);
        co_await n.pass(1min);
        CHECK(here.host->peers().size() == 1);
        CHECK(here.guests.joined.size() == 1);
        CHECK_FALSE(other->ended);
    });
}

TEST_CASE("Host: a node that lost its session and dials us again is not kept waiting for ours",
          "[eth][host]") {
    // Ours still stands when it comes back, and only its side knows of the end.
    static Byte number;
    number = GENERATE(Byte{2}, Byte{3}, Byte{4}, Byte{5});
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& there = n.start(number);
        Node& here = n.start(1, dialing({number}));
        co_await n.pass(1s);
        REQUIRE(here.host->peers().size() == 1);
        REQUIRE(there.host->peers().size() == 1);
        Visit& again = n.visits.emplace_back();
        n.scope.spawn(n.visit(number, here.address, again));
        co_await n.pass(5s);
        const bool greater = enode_of(number).id > enode_of(1).id;
        CHECK((again.session != nullptr) == greater);
        CHECK(again.failed.has_value() == !greater);
        CHECK(here.host->peers().size() == 1);
        CHECK(here.guests.joined.size() == (greater ? 2 : 1));
    });
}

TEST_CASE("Host: over real sockets, two that dial each other have one session, every time",
          "[eth][host]") {
    struct Real {
        Real(boost::asio::io_context& io, async::Clock& clock, Byte key,
             std::unique_ptr<net::Listener> listener, const Enode& other)
            : backend(io.get_executor()), entropy(key) {
            backend.know_forks();
            HostOptions options;
            options.static_peers = {other};
            host = std::make_unique<Host>(io.get_executor(), clock, entropy, node_of(key), backend,
                                          net::make_tcp_dialer(io.get_executor(), clock),
                                          std::move(listener), options, &guests);
        }
        ScriptedBackend backend;
        ScriptedEntropy entropy;
        Guests guests;
        std::unique_ptr<Host> host;
    };
    struct Round {
        static Task<void> run(async::Clock& clock, Real& a, Real& b, bool& settled) {
            const auto sole = [](const Real& r) {
                return r.host->peers().size() == 1 && r.guests.joined.size() > r.guests.left.size();
            };
            const TimePoint deadline = clock.now() + 10s;
            TimePoint since = clock.now();
            // Both have one, and have had it for a while.
            while (clock.now() < deadline && clock.now() - since < 20ms) {
                (void)co_await clock.sleep_until(clock.now() + 1ms, nullptr);
                const bool both = sole(a) && sole(b);
                if (!both) since = clock.now();
            }
            settled = clock.now() < deadline;
            if (settled) {
                check_sole(*a.host, node_of(1).key.public_key());
                check_sole(*b.host, node_of(2).key.public_key());
            }
            a.host->stop();
            b.host->stop();
        }
    };
    for (int round = 0; round < 40; ++round) {
        CAPTURE(round);
        boost::asio::io_context io;
        const auto clock = async::make_system_clock(io.get_executor());
        auto first = net::make_tcp_listener(io.get_executor(), *clock, {"127.0.0.1", 0});
        auto second = net::make_tcp_listener(io.get_executor(), *clock, {"127.0.0.1", 0});
        REQUIRE(first);
        REQUIRE(second);
        const Enode one{node_of(1).key.public_key(), "127.0.0.1", (*first)->port(), 0};
        const Enode two{node_of(2).key.public_key(), "127.0.0.1", (*second)->port(), 0};
        Real a{io, *clock, 1, *std::move(first), two};
        Real b{io, *clock, 2, *std::move(second), one};
        bool settled = false;
        async::TaskScope scope{io.get_executor()};
        scope.spawn(a.host->run());
        scope.spawn(b.host->run());
        scope.spawn(Round::run(*clock, a, b, settled));
        io.run();
        CHECK(settled);
        CHECK(a.guests.most_of_one == 1);
        CHECK(b.guests.most_of_one == 1);
    }
}
