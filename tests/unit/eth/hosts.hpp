#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <async/task_scope.hpp>
#include <eth/host.hpp>
#include <eth/status_exchange.hpp>
#include <eth/version.hpp>

#include "support/scripted_backend.hpp"
#include "support/sim_network.hpp"
#include "support/simulation.hpp"
#include "support/test_nodes.hpp"

/// Hosts on a simulated network, and strangers that visit them.
namespace fastsync::test {

using async::Task;
using eth::Host;
using eth::HostObserver;
using eth::HostOptions;
using eth::Peer;
using eth::Session;

inline constexpr std::uint16_t kPort = 30303;

/// What a host told its observer.
struct Guests final : HostObserver {
    void on_joined(const Peer& peer) override {
        joined.push_back(peer);
        ++standing[peer.enode.id];
        most_of_one = std::max(most_of_one, standing[peer.enode.id]);
    }
    void on_left(const Peer& peer, const Error& why) override {
        left.emplace_back(peer.number, why);
        --standing[peer.enode.id];
    }

    std::vector<Peer> joined;
    std::vector<std::pair<std::uint64_t, Error>> left;
    std::map<NodeId, int> standing;
    int most_of_one = 0;  ///< sessions with one node at the same time
};

inline std::string address_of(Byte number) {
    return "10.0.0." + std::to_string(number);
}

inline Enode enode_of(Byte number) {
    return {key_of(number).public_key(), address_of(number), kPort, 0};
}

/// A host of ours at 10.0.0.`number`.
struct Node {
    Node(Simulation& sim, SimNetwork& network, Byte number, HostOptions options)
        : address(address_of(number)), backend(sim.executor()), entropy(number) {
        backend.know_forks();
        host = std::make_unique<Host>(sim.executor(), sim, entropy, node_of(number), backend,
                                      network.dialer(), network.listen(address, kPort),
                                      std::move(options), &guests);
    }

    std::string address;
    ScriptedBackend backend;
    ScriptedEntropy entropy;
    Guests guests;
    std::unique_ptr<Host> host;
    std::optional<TimePoint> ended;  ///< when run() did
};

/// A node that is no Host: it comes to one, and what becomes of that.
struct Visit {
    std::optional<Error> failed;  ///< there was no session
    std::shared_ptr<Session> session;
    std::optional<Error> ended;
};

struct Net {
    Net() { strangers.know_forks(); }

    Node& add(Byte number, HostOptions options = {}) {
        auto node = std::make_unique<Node>(sim, network, number, std::move(options));
        return *nodes.emplace(number, std::move(node)).first->second;
    }
    Node& start(Byte number, HostOptions options = {}) {
        Node& node = add(number, std::move(options));
        scope.spawn(run_host(sim, node));
        return node;
    }
    /// Runs `main` on virtual time, then stops every host.
    void run(Task<void> (*main)(Net&)) { sim.run(run_all(*this, main), std::chrono::hours{24}); }

    Task<void> pass(Duration duration) {
        (void)co_await sim.sleep_until(sim.now() + duration, nullptr);
    }
    /// As a stranger with the key of `number` who runs its session until it ends.
    Task<void> visit(Byte number, std::string host, Visit& out) {
        auto stream = network.connect(host, kPort);
        if (!stream) {
            out.failed = Error{Errc::kConnect, "nobody listens"};
            co_return;
        }
        const NodeId remote = key_of(host_number(host)).public_key();
        rlpx::LocalNode local = node_of(number);
        local.offers = eth::capability_offers();
        ScriptedEntropy entropy{number};
        auto made =
            co_await rlpx::Connection::initiate(std::move(stream), local, remote, sim, entropy);
        if (!made) {
            out.failed = made.error();
            co_return;
        }
        auto opened = co_await Session::open(*std::move(made), strangers, sim);
        if (!opened) {
            out.failed = opened.error();
            co_return;
        }
        out.session = *std::move(opened);
        Error why = co_await out.session->run();
        out.ended = std::move(why);
    }

    Simulation sim;
    SimNetwork network{sim};
    ScriptedBackend strangers{sim.executor()};  ///< what visitors say and serve
    std::deque<Visit> visits;                   ///< they may outlast the test's own frame
    std::vector<std::shared_ptr<void>> kept;    ///< what hosts of the test refer to
    std::map<Byte, std::unique_ptr<Node>> nodes;
    async::TaskScope scope{sim.executor()};

    static Task<void> run_host(Simulation& sim, Node& node) {
        co_await node.host->run();
        node.ended = sim.now();
    }

  private:
    static Byte host_number(const std::string& host) {
        return static_cast<Byte>(std::stoi(host.substr(host.rfind('.') + 1)));
    }
    static Task<void> run_all(Net& net, Task<void> (*main)(Net&)) {
        co_await main(net);
        const TimePoint begin = net.sim.now();
        for (const auto& [number, node] : net.nodes)
            node->host->stop();
        co_await net.scope.join();
        CHECK(net.sim.now() - begin <= rlpx::kDisconnectTimeout);
        for (const auto& [number, node] : net.nodes) {
            CAPTURE(static_cast<int>(number));
            CHECK(node->host->peers().size() == 0);
            CHECK(node->guests.joined.size() == node->guests.left.size());
            CHECK(node->guests.most_of_one <= 1);
        }
    }
};

inline HostOptions dialing(std::initializer_list<Byte> numbers, std::size_t max_peers = 25) {
    HostOptions options;
    for (const Byte number : numbers)
        options.static_peers.push_back(enode_of(number));
    options.max_peers = max_peers;
    return options;
}

inline bool names(const Error& error, const std::string& what) {
    UNSCOPED_INFO(error.message());
    return error.detail.find(what) != std::string::npos;
}

/// True when a visit was ended by a Disconnect of that reason, before a session stood.
inline bool turned_away(const Visit& visit, rlpx::DisconnectReason reason) {
    if (!visit.failed || visit.session) return false;
    return visit.failed->code == Errc::kDisconnected &&
           names(*visit.failed, std::string{to_string(reason)});
}

/// A visitor that says Hello and, if told so, Status, and then neither reads nor closes.
struct Frozen {
    std::unique_ptr<rlpx::Connection> connection;

    static Task<void> run(rlpx::Connection& connection) { (void)co_await connection.run(); }
    Task<void> come(Net& n, Byte number, bool with_status) {
        rlpx::LocalNode local = node_of(number);
        local.offers = eth::capability_offers_of(*eth::find_version(63));
        ScriptedEntropy entropy{number};
        auto made = co_await rlpx::Connection::initiate(n.network.connect(address_of(1), kPort),
                                                        local, enode_of(1).id, n.sim, entropy);
        REQUIRE(made);
        connection = *std::move(made);
        n.scope.spawn(run(*connection));
        if (with_status) say_status(n);
        co_await n.pass(std::chrono::milliseconds{100});
    }
    void say_status(Net& n) {
        const eth::ChainIdentity who = n.strangers.identity();
        const eth::Status status{63, who.network_id, 1, who.head_hash, who.genesis_hash};
        REQUIRE(connection->send("eth", 0, eth::encode_status(status)));
    }
};

}  // namespace fastsync::test
