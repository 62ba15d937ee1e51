#include <chain/fork_id.hpp>
#include <daemon/node_finder.hpp>
#include <rlp/encode.hpp>

#include "support/discovery/dns_lists.hpp"
#include "support/host_names.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::daemon;
using namespace std::chrono_literals;
using async::Task;

namespace {

/// A finder whose socket is bound to loopback: nothing that it sends elsewhere leaves.
struct Rig {
    test::Simulation sim;
    test::SeededEntropy entropy{1};
    test::HostNames names;
    std::shared_ptr<const chain::ForkLadder> forks = [] {
        chain::ForkSchedule schedule;
        schedule.blocks = {100, 200};
        return std::make_shared<const chain::ForkLadder>(*chain::ForkLadder::make(schedule));
    }();

    std::unique_ptr<NodeFinder> open(std::vector<discovery::DnsLink> lists = {},
                                     std::unique_ptr<test::DnsLists> resolver = nullptr,
                                     std::vector<Enode> bootnodes = {}) {
        FinderOptions options;
        options.bootnodes = std::move(bootnodes);
        options.hosts = names.resolver();
        options.address = {"127.0.0.1", 0};
        options.nodes_file = "does-not-exist/nodes.txt";
        options.forks = forks;
        options.dns_lists = std::move(lists);
        options.resolver = std::move(resolver);
        auto finder = NodeFinder::open(sim.executor(), sim.executor(), sim, entropy,
                                       test::seeded_key(9), std::move(options));
        REQUIRE(finder);
        return *std::move(finder);
    }
    [[nodiscard]] Bytes fork_entry(chain::BlockNumber head) const {
        return chain::encode_fork_id_entry(forks->at({head, 0}));
    }
};

/// Where a node of a list is, and its fork id.
RecordEntries at_public_address(Byte last, const Bytes& fork_entry) {
    return {{"ip", rlp::encode_string(Bytes{8, 8, 8, last})},
            {"udp", rlp::encode_uint(30301)},
            {"tcp", rlp::encode_uint(30303)},
            {std::string{chain::kForkIdRecordKey}, fork_entry}};
}

/// What there is to dial, once the lists were read.
std::vector<Enode> found_after_a_second(Rig& rig, NodeFinder& finder) {
    struct Main {
        static Task<void> run(test::Simulation& sim, NodeFinder& finder, std::vector<Enode>& out) {
            async::TaskScope scope{sim.executor()};
            scope.spawn(finder.run());
            (void)co_await sim.sleep_until(sim.now() + 1s, nullptr);
            auto nodes = co_await finder.next_nodes(1000, sim.now() + 1s);
            if (nodes) out = *std::move(nodes);
            finder.close();
            co_await scope.join();
        }
    };
    std::vector<Enode> nodes;
    rig.sim.run(Main::run(rig.sim, finder, nodes));
    return nodes;
}

}  // namespace

TEST_CASE("NodeFinder: our record follows the forks of the chain", "[daemon]") {
    Rig rig;
    const auto finder = rig.open();
    const auto announced = [&] {
        return to_bytes(*finder->record().find(chain::kForkIdRecordKey));
    };
    CHECK(announced() == rig.fork_entry(0));
    const std::uint64_t first = finder->record().sequence();
    finder->moved({99, 0});
    CHECK(finder->record().sequence() == first);
    finder->moved({150, 0});
    CHECK(announced() == rig.fork_entry(150));
    CHECK(announced() != rig.fork_entry(0));
    CHECK(finder->record().sequence() > first);
}

TEST_CASE("NodeFinder: nodes of lists are dialed, but those of other forks", "[daemon]") {
    Rig rig;
    auto resolver = std::make_unique<test::DnsLists>();
    const auto other = chain::encode_fork_id_entry({{{1, 2, 3, 4}}, 0});
    const std::vector<discovery::DnsLink> lists{
        resolver->publish(1, {}, at_public_address(1, rig.fork_entry(0))),
        resolver->publish(2, {}, at_public_address(2, other))};
    const auto finder = rig.open(lists, std::move(resolver));
    const std::vector<Enode> nodes = found_after_a_second(rig, *finder);
    REQUIRE(nodes.size() == 1);
    CHECK(nodes[0] == Enode{test::seeded_key(1).public_key(), "8.8.8.1", 30303, 30301});
    CHECK(finder->dns_stats().records == 2);
    CHECK(finder->elsewhere() == 1);
}

TEST_CASE("NodeFinder: 256 nodes of lists wait to be dialed, and no more", "[daemon]") {
    static_assert(kMaxListed == 2 * discovery::kDnsEnough);
    for (const std::uint64_t count : {2U, 3U}) {
        CAPTURE(count);
        Rig rig;
        auto resolver = std::make_unique<test::DnsLists>();
        std::vector<discovery::DnsLink> lists;
        for (std::uint64_t number = 1; number <= count; ++number)
            lists.push_back(resolver->publish_records(number, discovery::kDnsEnough));
        const auto finder = rig.open(lists, std::move(resolver));
        CHECK(found_after_a_second(rig, *finder).size() == kMaxListed);
        CHECK(finder->dns_stats().records == count * discovery::kDnsEnough);
    }
}

TEST_CASE("NodeFinder: bootnodes are found by their names, and the names that lead nowhere told",
          "[daemon]") {
    Rig rig;
    const NodeId id = test::seeded_key(1).public_key();
    rig.names.set("v4.example.org", {"127.0.0.2", "2001:db8::1"});
    rig.names.set("v6.example.org", {"2001:db8::2"});
    const auto finder = rig.open({}, nullptr,
                                 {{id, "v4.example.org", 0, 30301},
                                  {test::seeded_key(2).public_key(), "v6.example.org", 0, 30301},
                                  {test::seeded_key(3).public_key(), "none.example.org", 0, 30301},
                                  {test::seeded_key(4).public_key(), "127.0.0.3", 0, 30301}});
    struct Main {
        static Task<void> run(test::Simulation& sim, NodeFinder& finder) {
            async::TaskScope scope{sim.executor()};
            scope.spawn(finder.run());
            (void)co_await sim.sleep_until(sim.now() + 1s, nullptr);
            CHECK(finder.unresolved() ==
                  std::map<std::string, std::string>{
                      {"none.example.org", "cannot resolve none.example.org: no such name"},
                      {"v6.example.org",
                       "v6.example.org has no IPv4 address, which our socket needs"}});
            // Pings to the two that have addresses.
            CHECK(finder.stats().sent >= 2);
            finder.close();
            co_await scope.join();
        }
    };
    rig.sim.run(Main::run(rig.sim, *finder));
    CHECK(rig.names.asked["127.0.0.3"] == 0);
    CHECK(rig.names.closed);
}
