// Whole networks in simulated time.
#include <set>

#include <catch2/catch.hpp>

#include "support/discovery/engine_network.hpp"
#include "support/sanitized.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using namespace std::chrono_literals;
using test::EngineNetwork;
using test::own_subnet;

namespace {

constexpr std::uint16_t kPort = 30303;
/// Sanitizers make a large network a matter of minutes; they look for other things than size shows.
constexpr std::size_t kNodes = test::repeats(500, 100);
/// 1 % of them go every 20 s, and as many come.
constexpr Duration kLeavePause = 2000s / static_cast<int>(kNodes);
/// Nodes nearest to a node that it is to find: what a lookup of itself aims at.
constexpr std::size_t kNeighbourhood = kBucketSize;
/// How long a node must have been there before a round that is to find it.
constexpr Duration kSettled = 60s;

EngineOptions quick_options() {
    EngineOptions options;
    options.records = EngineOptions::Records::kLeave;
    options.round_interval = 30s;
    return options;
}

/// A network, who has found whom in it, and a way to let nodes come and go.
struct Crowd {
    EngineNetwork net;
    EngineOptions options = quick_options();
    std::vector<std::set<NodeId>> found{};
    std::vector<TimePoint> joined{};
    std::vector<std::vector<TimePoint>> round_ends{};  ///< of each node

    void add(const IpAddress& address) {
        net.add({address, kPort}, options);
        found.emplace_back();
        joined.push_back(net.now().now);
        round_ends.emplace_back();
        run(20ms);
    }
    void grow(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            add(own_subnet(net.size()));
    }
    void run(Duration duration) {
        net.run_for(duration);
        for (std::size_t i = 0; i < net.size(); ++i) {
            for (const FoundNode& node : net.engine(i).take_found(kMaxFound))
                found[i].insert(node.node.id);
            while (round_ends[i].size() < net.engine(i).stats().rounds)
                round_ends[i].push_back(net.now().now);
        }
    }
    [[nodiscard]] bool has_rounds(std::size_t i, std::size_t rounds) const {
        return net.is_alive(i) && round_ends[i].size() >= rounds;
    }
    /// The live nodes that were settled when `i` began its last round, nearest to `i` first.
    [[nodiscard]] std::vector<Node> neighbourhood(std::size_t i) const {
        const TimePoint began = round_ends[i][round_ends[i].size() - 2];
        std::vector<Node> all;
        for (std::size_t j = 0; j < net.size(); ++j)
            if (j != i && net.is_alive(j) && joined[j] + kSettled <= began)
                all.push_back(net.node(j));
        std::sort(all.begin(), all.end(), [&](const Node& a, const Node& b) {
            return is_closer(net.node(i).key, a.key, b.key);
        });
        all.resize(std::min(all.size(), kNeighbourhood));
        return all;
    }
    [[nodiscard]] std::size_t found_of(std::size_t i, const std::vector<Node>& nodes) {
        return static_cast<std::size_t>(std::count_if(
            nodes.begin(), nodes.end(), [&](const Node& n) { return found[i].contains(n.id); }));
    }
};

struct Outcome {
    std::size_t judged = 0;
    std::size_t wanted = 0;
    std::size_t found = 0;
    std::size_t worst = kNeighbourhood;
};

/// Judges every node that has made two rounds.
Outcome judge(Crowd& crowd) {
    Outcome out;
    for (std::size_t i = 0; i < crowd.net.size(); ++i) {
        if (!crowd.has_rounds(i, 2)) continue;
        const auto nodes = crowd.neighbourhood(i);
        if (nodes.size() < kNeighbourhood) continue;  // as yet, hardly anybody was settled
        const std::size_t found = crowd.found_of(i, nodes);
        ++out.judged;
        out.wanted += nodes.size();
        out.found += found;
        out.worst = std::min(out.worst, found);
    }
    return out;
}

}  // namespace

TEST_CASE("a network of 500, 30 % loss, churn: in two rounds every node finds its neighbourhood",
          "[sim]") {
    constexpr std::uint64_t kSeed = 1;
    Crowd crowd{EngineNetwork{kSeed, {0.3, 10ms, 80ms}, EngineNetwork::Signatures::kPaper}};
    crowd.grow(1);
    crowd.options.bootnodes = {crowd.net.node(0)};
    crowd.grow(kNodes - 1);
    std::mt19937_64 random{kSeed};
    for (Duration passed{}; passed < 400s; passed += kLeavePause) {
        crowd.run(kLeavePause);
        std::size_t leaver = 1 + random() % (crowd.net.size() - 1);
        while (!crowd.net.is_alive(leaver))
            leaver = 1 + random() % (crowd.net.size() - 1);
        crowd.net.remove(leaver);
        crowd.grow(1);
    }
    const Outcome outcome = judge(crowd);
    CAPTURE(outcome.judged, outcome.wanted, outcome.found, outcome.worst, crowd.net.delivered());
    CHECK(outcome.judged > kNodes * 4 / 5);
    CHECK(static_cast<double>(outcome.found) >= 0.995 * static_cast<double>(outcome.wanted));
    CHECK(outcome.worst >= kNeighbourhood - 1);
}

TEST_CASE("eclipse: one /24 with 120 nodes gets its share of a table and not more", "[sim]") {
    Crowd crowd{EngineNetwork{7, {0.0, 10ms, 40ms}, EngineNetwork::Signatures::kPaper}};
    crowd.grow(1);
    crowd.options.bootnodes = {crowd.net.node(0)};
    crowd.grow(40);
    const std::size_t honest = crowd.net.size();
    for (std::size_t i = 0; i < honest; ++i)
        crowd.net.engine(i).set_appetite(Explorer::Appetite::kHungry);
    for (unsigned i = 0; i < 120; ++i)
        crowd.add(*IpAddress::from(Bytes{66, 6, 6, static_cast<Byte>(i + 1)}));
    crowd.run(std::chrono::minutes{test::repeats(3, 1)});
    std::size_t most = 0;
    for (std::size_t i = 0; i < honest; ++i) {
        std::size_t held = 0;
        for (const NodeTable::Entry* entry : crowd.net.engine(i).table().entries())
            if (entry->node.udp.address.masked(24) == test::ip("66.6.6.0")) ++held;
        CHECK(held <= kTableSubnetLimit.v4_24);
        most = std::max(most, held);
        // And the honest ones still find each other.
        std::size_t known = 0;
        for (std::size_t j = 0; j < honest; ++j)
            known += crowd.found[i].contains(crowd.net.node(j).id) ? 1U : 0U;
        CHECK(known >= (honest - 1) * 9 / 10);
    }
    CHECK(most > 0);  // the attack did reach them
}
