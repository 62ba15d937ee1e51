#include <catch2/catch.hpp>

#include <discovery/node.hpp>

#include "support/discovery/engine_network.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using test::endpoint;
using test::ip;

TEST_CASE("log_distance: the highest bit that differs", "[discovery]") {
    Hash256 zero;
    CHECK(log_distance(zero, zero) == 0);
    for (std::size_t bit = 0; bit < 256; ++bit) {
        Hash256 other;
        other.data[bit / 8] = static_cast<Byte>(0x80U >> (bit % 8));
        other.data[31] |= 1U;
        CHECK(log_distance(zero, other) == 256 - bit);
        CHECK(log_distance(other, zero) == 256 - bit);
    }
}

TEST_CASE("is_closer: by XOR, not by difference", "[discovery]") {
    Hash256 target;
    Hash256 a;
    Hash256 b;
    target.data[0] = 0x08;
    a.data[0] = 0x07;  // distance 0x0f
    b.data[0] = 0x0c;  // distance 0x04
    CHECK(is_closer(target, b, a));
    CHECK_FALSE(is_closer(target, a, b));
    CHECK_FALSE(is_closer(target, a, a));
    a = b;
    a.data[31] = 1;
    CHECK(is_closer(target, b, a));
}

TEST_CASE("check_relayed: nobody sends us into a network that is not his", "[discovery]") {
    struct Case {
        const char* sender;
        const char* address;
        bool fine;
    };
    const auto c = GENERATE(
        Case{"8.8.8.8", "9.9.9.9", true}, Case{"8.8.8.8", "2a00::1", true},
        Case{"8.8.8.8", "127.0.0.1", false}, Case{"8.8.8.8", "::1", false},
        Case{"8.8.8.8", "10.0.0.1", false}, Case{"8.8.8.8", "192.168.1.1", false},
        Case{"8.8.8.8", "169.254.1.1", false}, Case{"8.8.8.8", "fe80::1", false},
        Case{"8.8.8.8", "::ffff:127.0.0.1", false}, Case{"192.168.1.2", "127.0.0.1", false},
        Case{"192.168.1.2", "10.0.0.1", true}, Case{"127.0.0.1", "127.0.0.1", true},
        Case{"127.0.0.1", "10.0.0.1", true}, Case{"::1", "127.0.0.1", true},
        Case{"127.0.0.1", "0.0.0.0", false}, Case{"127.0.0.1", "::", false},
        Case{"127.0.0.1", "224.0.0.1", false}, Case{"127.0.0.1", "255.255.255.255", false},
        Case{"8.8.8.8", "203.0.113.1", false}, Case{"8.8.8.8", "ff02::1", false});
    CAPTURE(c.sender, c.address);
    CHECK(check_relayed(ip(c.sender), ip(c.address)).has_value() == c.fine);
}

TEST_CASE("node_from: only nodes that could be reached", "[discovery]") {
    const NodeId id = test::seeded_key(1).public_key();
    const IpAddress sender = ip("8.8.8.8");
    const auto good = node_from({{ip("9.9.9.9"), 30301, 30303}, id}, sender);
    REQUIRE(good);
    CHECK(good->udp == endpoint("9.9.9.9", 30301));
    CHECK(good->tcp == 30303);
    CHECK(good->key == key_of(id));
    CHECK(node_from({{ip("9.9.9.9"), 30301, 0}, id}, sender));
    CHECK_FALSE(node_from({{ip("9.9.9.9"), 0, 30303}, id}, sender));
    CHECK_FALSE(node_from({{std::nullopt, 30301, 30303}, id}, sender));
    CHECK_FALSE(node_from({{ip("127.0.0.1"), 30301, 30303}, id}, sender));
    NodeId off_curve = id;
    off_curve.data[63] ^= 1U;
    CHECK_FALSE(node_from({{ip("9.9.9.9"), 30301, 30303}, off_curve}, sender));
}
