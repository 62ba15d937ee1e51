#include <set>

#include <catch2/catch.hpp>

#include <async/task_scope.hpp>
#include <discovery/service.hpp>

#include "support/discovery/engine_network.hpp"
#include "support/memory_datagrams.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using namespace std::chrono_literals;
using async::Task;
using test::endpoint;
using test::MemoryDatagrams;
using test::Simulation;

namespace {

/// Services on one simulated network.
struct Village {
    Simulation sim;
    MemoryDatagrams network{sim.executor()};
    test::SeededEntropy entropy{1};
    std::vector<std::unique_ptr<DiscoveryService>> services;

    DiscoveryService& add(const std::vector<IpEndpoint>& places, EngineOptions options) {
        std::vector<std::unique_ptr<net::DatagramSocket>> sockets;
        for (const IpEndpoint& place : places)
            sockets.push_back(network.open(place));
        options.tcp_port = 30303;
        auto made = DiscoveryService::make(
            sim.executor(), sim, [this] { return wall(); }, entropy,
            test::seeded_key(services.size() + 1), std::move(sockets), std::move(options));
        REQUIRE(made);
        services.push_back(*std::move(made));
        return *services.back();
    }
    UnixTime wall() const {
        return 1'700'000'000 + static_cast<UnixTime>(to_seconds(sim.now().time_since_epoch()));
    }
    void stop() {
        for (const auto& service : services)
            service->stop();
    }
};

/// Runs all services while `work` does, then stops them.
Task<void> together(Village& village, Task<void> work) {
    async::TaskScope scope{village.sim.executor()};
    for (const auto& service : village.services)
        scope.spawn(service->run());
    co_await std::move(work);
    village.stop();
    co_await scope.join();
}

Task<void> find_nodes(Village& village, std::size_t who, std::size_t wanted,
                      std::vector<FoundNode>& found) {
    const TimePoint deadline = village.sim.now() + 5min;
    while (found.size() < wanted) {
        auto nodes = co_await village.services[who]->next_nodes(3, deadline);
        REQUIRE(nodes);
        CHECK((!nodes->empty() && nodes->size() <= 3));
        for (FoundNode& node : *nodes)
            found.push_back(std::move(node));
    }
}

}  // namespace

TEST_CASE("DiscoveryService: finds everybody through one bootnode", "[discovery]") {
    Village village;
    village.network.lose_every(7);
    EngineOptions options;
    const DiscoveryService& boot = village.add({endpoint("1.1.1.1")}, options);
    options.bootnodes = {*bootnode_of(boot.local_enode())};
    for (std::size_t i = 0; i < 9; ++i)
        village.add({{test::own_subnet(i), 30303}}, options);
    std::vector<FoundNode> found;
    village.sim.run(together(village, find_nodes(village, 5, 9, found)));
    std::set<NodeId> ids;
    for (const FoundNode& node : found)
        ids.insert(node.node.id);
    CHECK(ids.size() == 9);
    CHECK(ids.count(village.services[5]->record().id()) == 0);
    const EngineStats stats = village.services[5]->stats();
    CHECK(stats.found >= 9);
    CHECK(stats.sent > 0);
}

TEST_CASE("DiscoveryService: bootnodes that become known later are asked at once", "[discovery]") {
    Village village;
    const DiscoveryService& boot = village.add({endpoint("1.1.1.1")}, {});
    DiscoveryService& lonely = village.add({endpoint("2.2.2.2")}, {});
    auto main = [](Village& v, const DiscoveryService& b, DiscoveryService& l) -> Task<void> {
        (void)co_await v.sim.sleep_until(v.sim.now() + 3s, nullptr);
        CHECK(l.stats().sent == 0);
        l.set_bootnodes({*bootnode_of(b.local_enode())});
        (void)co_await v.sim.sleep_until(v.sim.now() + 2s, nullptr);
        CHECK(l.stats().known == 1);
    };
    village.sim.run(together(village, main(village, boot, lonely)));
}

TEST_CASE("DiscoveryService: waiting ends at the deadline, and when it is stopped", "[discovery]") {
    Village village;
    village.add({endpoint("1.1.1.1")}, {});
    auto main = [](Village& v) -> Task<void> {
        const TimePoint begin = v.sim.now();
        const auto none = co_await v.services[0]->next_nodes(1, begin + 30s);
        REQUIRE_FALSE(none);
        CHECK(none.error().code == Errc::kTimeout);
        CHECK(v.sim.now() == begin + 30s);
        async::TaskScope scope{v.sim.executor()};
        auto stopper = [](Village& w) -> Task<void> {
            (void)co_await w.sim.sleep_until(w.sim.now() + 5s, nullptr);
            w.stop();
        };
        scope.spawn(stopper(v));
        const auto stopped = co_await v.services[0]->next_nodes(1, begin + 1h);
        REQUIRE_FALSE(stopped);
        CHECK(stopped.error().code == Errc::kClosed);
        CHECK(v.sim.now() == begin + 35s);
        co_await scope.join();
    };
    village.sim.run(together(village, main(village)));
}

TEST_CASE("DiscoveryService: one service speaks IPv4 and IPv6", "[discovery]") {
    Village village;
    DiscoveryService& both = village.add({endpoint("1.1.1.1"), endpoint("2a00::1")}, {});
    EngineOptions options;
    options.bootnodes = {make_node(both.record().id(), endpoint("2a00::1"), 1)};
    village.add({endpoint("2a00:1::1")}, options);
    options.bootnodes = {make_node(both.record().id(), endpoint("1.1.1.1"), 1)};
    village.add({endpoint("3.3.3.3")}, options);
    std::vector<FoundNode> found;
    village.sim.run(together(village, find_nodes(village, 0, 2, found)));
    CHECK(found.size() == 2);
    // Those of one family have not tried to reach the other one's.
    CHECK(village.services[1]->table().size() == 1);
    CHECK(village.services[2]->table().size() == 1);
}

TEST_CASE("DiscoveryService: its record says at first where it is bound", "[discovery]") {
    Village village;
    const DiscoveryService& bound = village.add({endpoint("10.1.1.1", 30301)}, {});
    CHECK(bound.record().ip() == test::ip("10.1.1.1"));
    CHECK(bound.record().udp() == 30301);
    CHECK(bound.record().tcp() == 30303);
    const DiscoveryService& anywhere = village.add({endpoint("0.0.0.0", 30302)}, {});
    CHECK_FALSE(anywhere.record().ip());
    CHECK(anywhere.record().udp() == 30302);
    const DiscoveryService& over_v6 = village.add({endpoint("2a00::7", 30303)}, {});
    CHECK(over_v6.record().ip6() == test::ip("2a00::7"));
    EngineOptions told;
    told.announced_address = test::ip("9.9.9.9");
    CHECK(village.add({endpoint("10.1.1.2")}, told).record().ip() == test::ip("9.9.9.9"));
}

TEST_CASE("DiscoveryService: a bootnode needs an address and a port", "[discovery]") {
    Enode enode{test::seeded_key(1).public_key(), "1.2.3.4", 0, 30301};
    const auto node = bootnode_of(enode);
    REQUIRE(node);
    CHECK(node->udp == endpoint("1.2.3.4", 30301));
    enode.host = "boot.example.org";
    CHECK(bootnode_of(enode).error().code == Errc::kConfig);
    enode.host = "1.2.3.4";
    enode.udp_port = 0;
    CHECK(bootnode_of(enode).error().code == Errc::kConfig);
}
