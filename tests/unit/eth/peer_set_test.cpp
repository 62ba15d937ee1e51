#include <catch2/catch.hpp>

#include <eth/peer_set.hpp>

using namespace fastsync;
using namespace fastsync::eth;
using Rank = PeerSet::Rank;
using Refusal = PeerSet::Refusal;

namespace {

const NodeId kSelf{{0x01}};
constexpr Direction kIn = Direction::kInbound;
constexpr Direction kOut = Direction::kOutbound;

NodeId node(Byte n) {
    return NodeId{{0xa0, n}};
}

Peer peer(Byte n, Direction direction = kIn) {
    return {0, {node(n), "127.0.0.1", 30303, 0}, direction, {}, nullptr};
}

}  // namespace

TEST_CASE("PeerSet: a node has one place, from its handshake on", "[eth][peers]") {
    PeerSet set{kSelf, 10};
    CHECK_FALSE(set.holds(node(1)));
    CHECK(set.reserve(node(1), kIn, Rank::kOrdinary) == std::nullopt);
    CHECK(set.holds(node(1)));
    CHECK(set.size() == 0);
    CHECK(set.reserve(node(1), kIn, Rank::kStatic) == Refusal::kAlreadyConnected);
    CHECK(set.reserve(kSelf, kIn, Rank::kStatic) == Refusal::kSelf);

    set.release(node(1), kIn);
    CHECK_FALSE(set.holds(node(1)));
    REQUIRE(set.reserve(node(1), kIn, Rank::kOrdinary) == std::nullopt);
    const std::uint64_t number = set.add(peer(1)).number;
    CHECK(set.size() == 1);
    CHECK(set.reserve(node(1), kIn, Rank::kOrdinary) == Refusal::kAlreadyConnected);
    set.remove(number);
    CHECK(set.size() == 0);
    CHECK_FALSE(set.holds(node(1)));
}

TEST_CASE("PeerSet: places are counted with those of handshakes; static peers always find one",
          "[eth][peers]") {
    PeerSet set{kSelf, 2};
    REQUIRE(set.reserve(node(1), kIn, Rank::kOrdinary) == std::nullopt);
    REQUIRE(set.reserve(node(2), kIn, Rank::kOrdinary) == std::nullopt);
    CHECK(set.reserve(node(3), kIn, Rank::kOrdinary) == Refusal::kTooMany);
    CHECK_FALSE(set.holds(node(3)));
    CHECK(set.reserve(node(4), kIn, Rank::kStatic) == std::nullopt);
    set.release(node(1), kIn);
    CHECK(set.reserve(node(3), kIn, Rank::kOrdinary) == Refusal::kTooMany);  // 2 and 4 are there
    set.release(node(2), kIn);
    CHECK(set.reserve(node(3), kIn, Rank::kOrdinary) == std::nullopt);
}

TEST_CASE("PeerSet: numbers are never used twice, and only the number's peer leaves",
          "[eth][peers]") {
    PeerSet set{kSelf, 2};
    REQUIRE(set.reserve(node(1), kIn, Rank::kOrdinary) == std::nullopt);
    const std::uint64_t first = set.add(peer(1)).number;
    CHECK(first > 0);
    set.remove(first);
    REQUIRE(set.reserve(node(1), kIn, Rank::kOrdinary) == std::nullopt);
    const std::uint64_t second = set.add(peer(1)).number;
    CHECK(second != first);
    set.remove(first);  // gone before: nothing happens
    CHECK(set.size() == 1);
    CHECK(set.holds(node(1)));
    CHECK(set.all().at(second).enode.id == node(1));
}

TEST_CASE("PeerSet: one network of the internet gets its share of the places", "[eth][peers]") {
    PeerSet set{kSelf, 100};
    const auto from = [](const std::string& text) { return *IpAddress::parse(text); };
    for (Byte n = 0; n < PeerSet::kSubnetLimit.v4_24; ++n)
        REQUIRE_FALSE(
            set.reserve(node(n), kIn, Rank::kOrdinary, from("8.8.8." + std::to_string(n))));
    CHECK(set.reserve(node(50), kIn, Rank::kOrdinary, from("8.8.8.50")) ==
          Refusal::kTooManyOfNetwork);
    CHECK_FALSE(set.reserve(node(51), kIn, Rank::kStatic, from("8.8.8.51")));
    CHECK_FALSE(set.reserve(node(52), kIn, Rank::kOrdinary, from("8.8.9.1")));
    set.release(node(0), kIn);
    CHECK_FALSE(set.reserve(node(53), kIn, Rank::kOrdinary, from("8.8.8.53")));
    // A consortium's nodes stand in one local network.
    for (Byte n = 100; n < 150; ++n)
        REQUIRE_FALSE(
            set.reserve(node(n), kIn, Rank::kOrdinary, from("10.0.0." + std::to_string(n))));
}

TEST_CASE("PeerSet: two connections that go opposite ways share a place until one stands",
          "[eth][peers]") {
    PeerSet set{NodeId{{0xa0, 5}}, 1};
    const Byte other = GENERATE(Byte{4}, Byte{6});
    // The one dialed by the greater id stays.
    const Direction stays = other < 5 ? kOut : kIn;
    CHECK(set.prefers(node(other), stays));
    CHECK_FALSE(set.prefers(node(other), opposite(stays)));
    REQUIRE_FALSE(set.reserve(node(other), kIn, Rank::kOrdinary));
    CHECK_FALSE(set.reserve(node(other), kOut, Rank::kOrdinary));
    CHECK(set.reserve(node(other), kOut, Rank::kOrdinary) == Refusal::kAlreadyConnected);
    CHECK(set.reserve(node(9), kIn, Rank::kOrdinary) == Refusal::kTooMany);
    set.release(node(other), kIn);
    CHECK(set.holds(node(other)));
    set.release(node(other), kOut);
    CHECK_FALSE(set.holds(node(other)));

    const Direction first = GENERATE(Direction::kInbound, Direction::kOutbound);
    CHECK(set.find(node(other), first) == nullptr);
    REQUIRE_FALSE(set.reserve(node(other), first, Rank::kOrdinary));
    const std::uint64_t number = set.add(peer(other, first)).number;
    REQUIRE(set.find(node(other), first) != nullptr);
    CHECK(set.find(node(other), opposite(first)) == nullptr);
    const auto refusal = set.reserve(node(other), opposite(first), Rank::kOrdinary);
    CHECK(refusal.has_value() == (first == stays));
    set.remove(number);
    CHECK(set.holds(node(other)) == !refusal.has_value());
}
