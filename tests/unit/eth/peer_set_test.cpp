#include <catch2/catch.hpp>

#include <eth/peer_set.hpp>

using namespace fastsync;
using namespace fastsync::eth;
using Rank = PeerSet::Rank;
using Refusal = PeerSet::Refusal;

namespace {

const NodeId kSelf{{0x01}};

NodeId node(Byte n) {
    return NodeId{{0xa0, n}};
}

Peer peer(Byte n) {
    return {0, {node(n), "127.0.0.1", 30303, 0}, Direction::kInbound, {}, nullptr};
}

}  // namespace

TEST_CASE("PeerSet: a node has one place, from its handshake on", "[eth][peers]") {
    PeerSet set{kSelf, 10};
    CHECK_FALSE(set.holds(node(1)));
    CHECK(set.reserve(node(1), Rank::kOrdinary) == std::nullopt);
    CHECK(set.holds(node(1)));
    CHECK(set.size() == 0);
    CHECK(set.reserve(node(1), Rank::kStatic) == Refusal::kAlreadyConnected);
    CHECK(set.reserve(kSelf, Rank::kStatic) == Refusal::kSelf);

    set.release(node(1));
    CHECK_FALSE(set.holds(node(1)));
    REQUIRE(set.reserve(node(1), Rank::kOrdinary) == std::nullopt);
    const std::uint64_t number = set.add(peer(1)).number;
    CHECK(set.size() == 1);
    CHECK(set.reserve(node(1), Rank::kOrdinary) == Refusal::kAlreadyConnected);
    set.remove(number);
    CHECK(set.size() == 0);
    CHECK_FALSE(set.holds(node(1)));
}

TEST_CASE("PeerSet: places are counted with those of handshakes; static peers always find one",
          "[eth][peers]") {
    PeerSet set{kSelf, 2};
    REQUIRE(set.reserve(node(1), Rank::kOrdinary) == std::nullopt);
    REQUIRE(set.reserve(node(2), Rank::kOrdinary) == std::nullopt);
    CHECK(set.reserve(node(3), Rank::kOrdinary) == Refusal::kTooMany);
    CHECK_FALSE(set.holds(node(3)));
    CHECK(set.reserve(node(4), Rank::kStatic) == std::nullopt);
    set.release(node(1));
    CHECK(set.reserve(node(3), Rank::kOrdinary) == Refusal::kTooMany);  // 2 and 4 are there
    set.release(node(2));
    CHECK(set.reserve(node(3), Rank::kOrdinary) == std::nullopt);
}

TEST_CASE("PeerSet: numbers are never used twice, and only the number's peer leaves",
          "[eth][peers]") {
    PeerSet set{kSelf, 2};
    REQUIRE(set.reserve(node(1), Rank::kOrdinary) == std::nullopt);
    const std::uint64_t first = set.add(peer(1)).number;
    CHECK(first > 0);
    set.remove(first);
    REQUIRE(set.reserve(node(1), Rank::kOrdinary) == std::nullopt);
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
        REQUIRE_FALSE(set.reserve(node(n), Rank::kOrdinary, from("8.8.8." + std::to_string(n))));
    CHECK(set.reserve(node(50), Rank::kOrdinary, from("8.8.8.50")) == Refusal::kTooManyOfNetwork);
    CHECK_FALSE(set.reserve(node(51), Rank::kStatic, from("8.8.8.51")));
    CHECK_FALSE(set.reserve(node(52), Rank::kOrdinary, from("8.8.9.1")));
    set.release(node(0));
    CHECK_FALSE(set.reserve(node(53), Rank::kOrdinary, from("8.8.8.53")));
    // A consortium's nodes stand in one local network.
    for (Byte n = 100; n < 150; ++n)
        REQUIRE_FALSE(set.reserve(node(n), Rank::kOrdinary, from("10.0.0." + std::to_string(n))));
}
