#include <catch2/catch.hpp>

#include <discovery/node_table.hpp>

#include "support/discovery/engine_network.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using namespace std::chrono_literals;
using test::at;
using test::endpoint;
using test::ip;
using test::own_subnet;
using Added = NodeTable::Added;
using Which = NodeTable::Which;

namespace {

/// A node whose key is at `distance` from zero. The id is made of `serial`: no key is hashed here.
Node node_at(std::size_t distance, std::size_t serial, const IpAddress& address) {
    Node node;
    node.udp = {address, 30303};
    node.tcp = 30303;
    // Search an id whose true key has that distance, because the table computes keys itself.
    for (std::uint64_t i = serial << 32U;; ++i) {
        std::memcpy(node.id.data.data(), &i, sizeof i);
        node.key = key_of(node.id);
        if (log_distance(node.key, Hash256{}) == distance) return node;
    }
}

struct Filled {
    NodeTable table{Hash256{}};
    std::vector<Node> nodes;

    explicit Filled(std::size_t count, std::size_t distance = 256) {
        for (std::size_t i = 0; i < count; ++i) {
            nodes.push_back(node_at(distance, i, own_subnet(i)));
            (void)table.add(nodes.back(), at(1s * static_cast<int>(i)).now);
        }
    }
};

}  // namespace

TEST_CASE("NodeTable: a full bucket lets newcomers wait", "[discovery]") {
    Filled f{kBucketSize};
    CHECK(f.table.size() == kBucketSize);
    for (std::size_t i = 0; i < 2 * kMaxReplacements; ++i)
        CHECK(f.table.add(node_at(256, 100 + i, own_subnet(100 + i)), at(60s).now) ==
              Added::kReplacement);
    CHECK(f.table.size() == kBucketSize);
    CHECK(f.table.waiting() == kMaxReplacements);
    // Another bucket has room.
    CHECK(f.table.add(node_at(255, 200, own_subnet(200)), at(60s).now) == Added::kEntry);
    for (const Node& node : f.nodes)
        CHECK(f.table.find(node.id) != nullptr);
}

TEST_CASE("NodeTable: we are not in our own table", "[discovery]") {
    const Node self = test::seeded_node(1, endpoint("1.2.3.4"));
    NodeTable table{self.key};
    CHECK(table.add(self, at(0s).now) == Added::kRefused);
    CHECK(table.size() == 0);
    CHECK_FALSE(table.to_check(0));
}

TEST_CASE("NodeTable: near nodes share the last bucket", "[discovery]") {
    // Distances of 240 and less take searching for; with a near self they are easy to have.
    const Node node = test::seeded_node(1, endpoint("1.2.3.4"));
    Hash256 self = node.key;
    self.data[31] ^= 1U;
    NodeTable table{self};
    CHECK(table.add(node, at(0s).now) == Added::kEntry);
    CHECK(table.find(node.id) != nullptr);
    CHECK(table.to_check(5)->id == node.id);
}

TEST_CASE("NodeTable: the node checked is the one not heard of for the longest time",
          "[discovery]") {
    Filled f{3};
    CHECK(f.table.to_check(0)->id == f.nodes[0].id);
    CHECK(f.table.add(f.nodes[0], at(10s).now) == Added::kKnown);
    CHECK(f.table.to_check(12345)->id == f.nodes[1].id);
    CHECK(f.table.find(f.nodes[0].id)->seen == at(10s).now);
}

TEST_CASE("NodeTable: a node that fails its checks makes room for one that waits", "[discovery]") {
    Filled f{kBucketSize + 2};
    REQUIRE(f.table.waiting() == 2);
    const NodeId gone = f.nodes[0].id;
    for (std::uint32_t i = 1; i < kMaxFailedChecks; ++i)
        CHECK_FALSE(f.table.check_failed(gone, 0));
    CHECK(f.table.check_failed(gone, 0));
    CHECK(f.table.find(gone) == nullptr);
    CHECK(f.table.size() == kBucketSize);
    CHECK(f.table.waiting() == 1);
    // The one that moved up is checked next.
    const auto next = f.table.to_check(0);
    REQUIRE(next);
    CHECK((next->id == f.nodes[kBucketSize].id || next->id == f.nodes[kBucketSize + 1].id));
    CHECK_FALSE(f.table.check_failed(gone, 0));  // no longer there
}

TEST_CASE("NodeTable: an answer in between forgives", "[discovery]") {
    Filled f{1};
    for (int i = 0; i < 5; ++i) {
        CHECK_FALSE(f.table.check_failed(f.nodes[0].id, 0));
        CHECK(f.table.closest({}, 16, Which::kAnswering).empty());
        CHECK(f.table.closest({}, 16, Which::kAll).size() == 1);
        CHECK(f.table.add(f.nodes[0], at(1s).now) == Added::kKnown);
        CHECK(f.table.closest({}, 16, Which::kAnswering).size() == 1);
    }
    for (std::uint32_t i = 1; i < kMaxFailedFinds; ++i)
        CHECK_FALSE(f.table.find_failed(f.nodes[0].id, 0));
    f.table.find_answered(f.nodes[0].id);
    for (std::uint32_t i = 1; i < kMaxFailedFinds; ++i)
        CHECK_FALSE(f.table.find_failed(f.nodes[0].id, 0));
    CHECK(f.table.find_failed(f.nodes[0].id, 0));
    CHECK(f.table.size() == 0);
}

TEST_CASE("NodeTable: one /24 gets its share of a bucket and of the table", "[discovery]") {
    NodeTable table{Hash256{}};
    for (std::size_t distance = 250; distance <= 256; ++distance) {
        for (Byte i = 1; i <= 4; ++i) {
            const IpAddress address = *IpAddress::from(Bytes{66, 6, 6, static_cast<Byte>(i * 9)});
            const bool has_room =
                i <= kBucketSubnetLimit.v4_24 && table.size() < kTableSubnetLimit.v4_24;
            const Added added =
                table.add(node_at(distance, distance * 10 + i, address), at(0s).now);
            CHECK(added == (has_room ? Added::kEntry : Added::kRefused));
        }
    }
    CHECK(table.size() == kTableSubnetLimit.v4_24);
    CHECK(table.add(node_at(250, 999, ip("66.6.7.1")), at(0s).now) == Added::kEntry);
}

TEST_CASE("NodeTable: waiting nodes count against the limit, dropped ones no longer",
          "[discovery]") {
    Filled f{kBucketSize};
    std::vector<Node> crowd;
    for (Byte i = 1; i <= 3; ++i)
        crowd.push_back(node_at(256, 300U + i, *IpAddress::from(Bytes{66, 6, 6, i})));
    CHECK(f.table.add(crowd[0], at(60s).now) == Added::kReplacement);
    CHECK(f.table.add(crowd[1], at(60s).now) == Added::kReplacement);
    CHECK(f.table.add(crowd[2], at(60s).now) == Added::kRefused);
    // Newer ones push both out of the waiting list: then there is room again.
    for (std::size_t i = 0; i < kMaxReplacements; ++i)
        (void)f.table.add(node_at(256, 400 + i, own_subnet(400 + i)), at(61s).now);
    CHECK(f.table.add(crowd[2], at(62s).now) == Added::kReplacement);
}

TEST_CASE("NodeTable: IPv6 networks have their shares too, local ones have no limit",
          "[discovery]") {
    NodeTable table{Hash256{}};
    CHECK(table.add(node_at(256, 1, ip("2a00:1:1:1::1")), at(0s).now) == Added::kEntry);
    CHECK(table.add(node_at(256, 2, ip("2a00:1:1:1::2")), at(0s).now) == Added::kEntry);
    CHECK(table.add(node_at(256, 3, ip("2a00:1:1:1::3")), at(0s).now) == Added::kRefused);
    CHECK(table.add(node_at(256, 4, ip("2a00:1:1:2::1")), at(0s).now) == Added::kEntry);
    CHECK(table.add(node_at(256, 5, ip("2a00:1:1:3::1")), at(0s).now) == Added::kEntry);
    CHECK(table.add(node_at(256, 6, ip("2a00:1:1:4::1")), at(0s).now) == Added::kRefused);  // /48
    CHECK(table.add(node_at(256, 7, ip("2a00:1:2:4::1")), at(0s).now) == Added::kEntry);
    for (std::size_t i = 10; i < 18; ++i)
        CHECK(table.add(node_at(255, i, ip("127.0.0.1")), at(0s).now) == Added::kEntry);
}

TEST_CASE("NodeTable: a node that moves takes its place along, within the limits", "[discovery]") {
    NodeTable table{Hash256{}};
    Node mover = node_at(256, 1, ip("1.1.1.1"));
    (void)table.add(mover, at(0s).now);
    (void)table.add(node_at(256, 2, ip("66.6.6.1")), at(0s).now);
    (void)table.add(node_at(256, 3, ip("66.6.6.2")), at(0s).now);
    mover.udp.address = ip("66.6.6.3");
    CHECK(table.add(mover, at(1s).now) == Added::kRefused);
    CHECK(table.find(mover.id)->node.udp.address == ip("1.1.1.1"));
    mover.udp.address = ip("2.2.2.2");
    CHECK(table.add(mover, at(1s).now) == Added::kKnown);
    CHECK(table.find(mover.id)->node.udp.address == ip("2.2.2.2"));
    mover.tcp = 1;
    table.set_tcp_port(mover);
    CHECK(table.find(mover.id)->node.tcp == 1);
    Node elsewhere = mover;
    elsewhere.udp.port = 1;
    elsewhere.tcp = 2;
    table.set_tcp_port(elsewhere);
    CHECK(table.find(mover.id)->node.tcp == 1);
}

TEST_CASE("NodeTable: the closest are the closest", "[discovery]") {
    NodeTable table{Hash256{}};
    std::vector<Node> all;
    for (std::size_t i = 0; i < 60; ++i) {
        const Node node = test::seeded_node(i, {own_subnet(i), 30303});
        const Added added = table.add(node, at(0s).now);
        if (added == Added::kEntry) all.push_back(node);
    }
    const Hash256 target = key_of(test::seeded_key(1000).public_key());
    std::sort(all.begin(), all.end(),
              [&](const Node& a, const Node& b) { return is_closer(target, a.key, b.key); });
    const std::vector<Node> closest = table.closest(target, kBucketSize, Which::kAll);
    REQUIRE(closest.size() == kBucketSize);
    CHECK(std::equal(closest.begin(), closest.end(), all.begin()));
    CHECK(table.closest(target, 1000, Which::kAll).size() == all.size());
    CHECK(table.closest(target, 0, Which::kAll).empty());
}

TEST_CASE("NodeTable: the newer record stays", "[discovery]") {
    const crypto::SecretKey key = test::seeded_key(1);
    const Node node = make_node(key.public_key(), endpoint("1.2.3.4"), 1);
    NodeTable table{Hash256{}};
    table.set_record(*NodeRecord::sign(key, 1, {}));  // not there yet: nothing happens
    (void)table.add(node, at(0s).now);
    for (const std::uint64_t sequence : {2U, 3U, 1U})
        table.set_record(*NodeRecord::sign(key, sequence, {}));
    REQUIRE(table.find(node.id)->record);
    CHECK(table.find(node.id)->record->sequence() == 3);
}
