#include <deque>

#include "hosts.hpp"

using namespace fastsync;
using namespace fastsync::test;
using namespace std::chrono_literals;
using eth::Fault;
using eth::kProbation;

namespace {

/// Gives the nodes it was given, a round at a time, and notes what is told of them.
class ListedNodes final : public eth::NodeSource {
  public:
    explicit ListedNodes(Simulation& sim) : sim_(sim), closed_(sim.executor()) {}

    Task<Result<std::vector<Enode>>> next_nodes(std::size_t max, TimePoint deadline) override {
        ++asked;
        most_wanted = std::max(most_wanted, max);
        if (nodes.empty()) {
            const bool ended = co_await sim_.sleep_until(deadline, &closed_);
            if (ended) co_return Error{Errc::kClosed, "closed"};
            co_return Error{Errc::kTimeout, "nobody found"};
        }
        std::vector<Enode> out;
        for (; !nodes.empty() && out.size() < max; nodes.pop_front())
            out.push_back(nodes.front());
        co_return out;
    }
    void reached(const Enode& node) override { met.push_back(node.id); }
    void served(const NodeId& id, std::uint64_t items) override { gave[id] += items; }
    void failed(const Enode& node) override { useless.push_back(node.id); }
    void close() noexcept override { closed_.open(); }

    std::deque<Enode> nodes;
    std::size_t asked = 0;
    std::size_t most_wanted = 0;
    std::vector<NodeId> met;
    std::map<NodeId, std::uint64_t> gave;
    std::vector<NodeId> useless;

  private:
    Simulation& sim_;
    async::Gate closed_;
};

ListedNodes& source_for(Net& net) {
    auto source = std::make_shared<ListedNodes>(net.sim);
    net.kept.push_back(source);
    return *source;
}

HostOptions finding(ListedNodes& source, std::size_t max_peers) {
    HostOptions options;
    options.source = &source;
    options.max_peers = max_peers;
    return options;
}

}  // namespace

TEST_CASE("Host: found nodes are dialed until the places we fill are taken", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        ListedNodes& source = source_for(n);
        for (Byte number = 10; number < 20; ++number) {
            n.start(number);
            source.nodes.push_back(enode_of(number));
        }
        Node& here = n.start(1, finding(source, 8));
        co_await n.pass(30s);
        // A quarter of the places is left to those who come to us.
        CHECK(here.host->peers().size() == 6);
        CHECK(source.met.size() == 6);
        CHECK(source.most_wanted == 6);
    });
}

TEST_CASE("Host: a found node that cannot be reached is told so, and others are tried",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        ListedNodes& source = source_for(n);
        source.nodes = {enode_of(30), enode_of(31), enode_of(10)};
        n.start(10);
        Node& here = n.start(1, finding(source, 4));
        co_await n.pass(10s);
        CHECK(here.host->peers().size() == 1);
        CHECK(source.useless == std::vector{enode_of(30).id, enode_of(31).id});
        CHECK(here.host->stats().dials == 3);
        CHECK(here.host->stats().ends.at("cannot connect") == 2);
        // One that was just tried is not tried again at once.
        source.nodes = {enode_of(30)};
        co_await n.pass(200ms);
    });
}

TEST_CASE("Host: who is banned finds no place and is not dialed", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        ListedNodes& source = source_for(n);
        n.start(10);
        source.nodes = {enode_of(10)};
        Node& here = n.start(1, finding(source, 4));
        co_await n.pass(2s);
        REQUIRE(here.host->peers().size() == 1);
        here.host->blame(enode_of(10).id, Fault::kForgedHeaders);
        co_await n.pass(3s);
        CHECK(here.host->peers().size() == 0);
        CHECK(here.host->reputation().ban(enode_of(10).id, n.sim.now()));
        source.nodes = {enode_of(10)};
        co_await n.pass(60s);
        CHECK(here.host->stats().dials == 1);
        Visit& again = n.visits.emplace_back();
        co_await n.visit(10, here.address, again);
        REQUIRE(again.failed);
        CHECK(here.host->peers().size() == 0);
    });
}

TEST_CASE("Host: a trusted peer finds a place when all are taken, banned or not", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        HostOptions options;
        options.max_peers = 1;
        options.trusted_peers = {key_of(11).public_key()};
        Node& here = n.start(1, options);
        Visit& first = n.visits.emplace_back();
        n.scope.spawn(n.visit(10, here.address, first));
        co_await n.pass(100ms);
        here.host->blame(key_of(11).public_key(), Fault::kForgedHeaders);
        Visit& trusted = n.visits.emplace_back();
        n.scope.spawn(n.visit(11, here.address, trusted));
        co_await n.pass(100ms);
        CHECK(trusted.session);
        Visit& surplus = n.visits.emplace_back();
        co_await n.visit(12, here.address, surplus);
        CHECK(surplus.failed);
    });
}

TEST_CASE("Host: a peer of another chain is banned, with the reason kept", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1);
        n.strangers.who.genesis_hash = Hash256{{0x66}};
        Visit& stranger = n.visits.emplace_back();
        co_await n.visit(5, here.address, stranger);
        co_await n.pass(100ms);
        const auto ban = here.host->reputation().ban(key_of(5).public_key(), n.sim.now());
        REQUIRE(ban);
        CHECK(ban->reason == Fault::kWrongChain);
    });
}

TEST_CASE("Host: a peer of a fork that we do not know is refused and counted, not banned",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1);
        auto newer = chain::ForkLadder::make({n.strangers.who.genesis_hash, 0, {100}, {}});
        n.strangers.who.forks = std::make_shared<const chain::ForkLadder>(*std::move(newer));
        n.strangers.who.head = {100, 0};
        for (int i = 0; i < 3; ++i) {
            Visit& stranger = n.visits.emplace_back();
            co_await n.visit(5, here.address, stranger);
            CHECK_FALSE(stranger.session);
            co_await n.pass(3s);
        }
        CHECK(here.host->reputation().bans(n.sim.now()).empty());
        CHECK(here.host->reputation().penalty(key_of(5).public_key(), n.sim.now()) == 0);
        CHECK(here.host->outdated() == std::set<NodeId>{key_of(5).public_key()});
        const auto ends = here.host->stats().ends;
        REQUIRE(ends.size() == 1);
        CHECK(*ends.begin() ==
              std::pair<const std::string, std::uint64_t>{
                  "fork id: the peer passed a fork that this version does not know", 3});
    });
}

TEST_CASE("Host: who comes and goes again and again is banned; who is sent away is not",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1);
        int visits = 0;
        while (!here.host->reputation().ban(enode_of(5).id, n.sim.now())) {
            REQUIRE(++visits < 40);
            Visit& hasty = n.visits.emplace_back();
            n.scope.spawn(n.visit(5, here.address, hasty));
            co_await n.pass(100ms);
            REQUIRE(hasty.session);
            hasty.session->disconnect(rlpx::DisconnectReason::kRequested);
            co_await n.pass(3s);
        }
        CHECK(visits > 10);
        CHECK(here.host->reputation().ban(enode_of(5).id, n.sim.now())->reason ==
              Fault::kComesAndGoes);
        Visit& once_more = n.visits.emplace_back();
        co_await n.visit(5, here.address, once_more);
        CHECK(once_more.failed);

        Visit& patient = n.visits.emplace_back();
        n.scope.spawn(n.visit(6, here.address, patient));
        co_await n.pass(eth::kShortVisit + 1s);
        REQUIRE(patient.session);
        patient.session->disconnect(rlpx::DisconnectReason::kRequested);
        Visit& sent_away = n.visits.emplace_back();
        n.scope.spawn(n.visit(7, here.address, sent_away));
        co_await n.pass(100ms);
        here.host->blame(enode_of(7).id, Fault::kUseless);
        co_await n.pass(3s);
        CHECK(patient.ended);
        CHECK(sent_away.ended);
        CHECK(here.host->reputation().penalty(enode_of(6).id, n.sim.now()) == 0);
        CHECK(here.host->reputation().penalty(enode_of(7).id, n.sim.now()) <= 10);
    });
}

TEST_CASE("Host: who is banned for what alone costs nobody its place is let go", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1);
        Visit& guest = n.visits.emplace_back();
        n.scope.spawn(n.visit(5, here.address, guest));
        co_await n.pass(100ms);
        here.host->blame(enode_of(5).id, Fault::kRootUnserved);
        co_await n.pass(100ms);
        CHECK_FALSE(guest.ended);
        for (int i = 0; i < 21; ++i)
            here.host->blame(enode_of(5).id, Fault::kComesAndGoes);
        co_await n.pass(3s);
        CHECK(guest.ended);
        CHECK(here.host->peers().size() == 0);
    });
}

TEST_CASE("Host: who gave nothing makes room when others wait and all places are taken",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        ListedNodes& source = source_for(n);
        Node& here = n.start(1, finding(source, 2));
        Visit& asked_one = n.visits.emplace_back();
        Visit& other = n.visits.emplace_back();
        n.scope.spawn(n.visit(20, here.address, asked_one));
        n.scope.spawn(n.visit(21, here.address, other));
        co_await n.pass(1s);
        REQUIRE(here.host->peers().size() == 2);
        // One is asked and has nothing; the other is never asked, which is not its fault.
        const auto& session = here.host->peers().all().begin()->second.session;
        std::vector<Hash256> wanted(1);
        const auto answer = co_await session->get_node_data(std::move(wanted), n.sim.now() + 5s);
        REQUIRE(answer);
        co_await n.pass(kProbation - 10s);
        CHECK(here.host->peers().size() == 2);
        co_await n.pass(15s);
        CHECK(here.host->peers().size() == 1);
        co_await n.pass(60s);
        CHECK(here.host->peers().size() == 1);
    });
}

TEST_CASE("Host: a found node that becomes static takes no place of others", "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        ListedNodes& source = source_for(n);
        for (const Byte number : {Byte{2}, Byte{3}, Byte{4}})
            n.start(number);
        source.nodes = {enode_of(2)};
        Node& here = n.start(1, finding(source, 2));
        co_await n.pass(5s);
        REQUIRE(here.guests.standing[enode_of(2).id] == 1);
        for (int i = 0; i < 4; ++i) {
            here.host->set_named_peers({}, {});
            here.host->set_named_peers({enode_of(2)}, {});
        }
        source.nodes = {enode_of(3), enode_of(4)};
        co_await n.pass(1min);
        CHECK(here.guests.joined.size() == 2);
        CHECK(here.host->peers().size() == 2);
        CHECK(here.guests.left.empty());
    });
}
