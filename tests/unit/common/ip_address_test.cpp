#include <catch2/catch.hpp>

#include <common/ip_address.hpp>

using namespace fastsync;

namespace {

IpAddress ip(std::string_view text) {
    CAPTURE(std::string{text});
    const auto address = IpAddress::parse(text);
    REQUIRE(address);
    return *address;
}

}  // namespace

TEST_CASE("IpAddress: both families are read and written", "[common]") {
    for (const char* text :
         {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "2001:db8:3c4d:15::abcd:ef12"}) {
        CHECK(to_string(ip(text)) == text);
        CHECK(*IpAddress::from(ip(text).bytes()) == ip(text));
    }
    CHECK(ip("1.2.3.4").is_v4());
    CHECK_FALSE(ip("::1").is_v4());
    CHECK(to_string(IpEndpoint{ip("1.2.3.4"), 5}) == "1.2.3.4:5");
    CHECK(to_string(IpEndpoint{ip("::1"), 65535}) == "[::1]:65535");
}

TEST_CASE("IpAddress: an IPv4 address mapped into IPv6 is the IPv4 address", "[common]") {
    CHECK(ip("::ffff:1.2.3.4") == ip("1.2.3.4"));
    CHECK(ip("::ffff:127.0.0.1").is_loopback());
    CHECK(ip("::fffe:1.2.3.4") != ip("1.2.3.4"));
    // The same leading bytes do not make two addresses equal.
    CHECK(ip("102:304::") != ip("1.2.3.4"));
}

TEST_CASE("IpAddress: what is no address is refused", "[common]") {
    for (const std::string text : {"", "1.2.3", "1.2.3.256", "1.2.3.4.5", "01.2.3.4", "a.b.c.d",
                                   "[::1]", "fe80::1%eth0", ":::", "1.2.3.4 "}) {
        CAPTURE(text);
        const auto address = IpAddress::parse(text);
        REQUIRE_FALSE(address);
        CHECK(address.error().code == Errc::kMalformed);
    }
    CHECK_FALSE(IpAddress::parse(std::string_view{"1.2.3.4\0", 8}));
    for (const std::size_t size : {0U, 1U, 3U, 5U, 15U, 17U, 32U})
        CHECK_FALSE(IpAddress::from(Bytes(size, 1)));
}

TEST_CASE("IpAddress: the kinds of address are told apart", "[common]") {
    CHECK(ip("0.0.0.0").is_unspecified());
    CHECK(ip("::").is_unspecified());
    CHECK_FALSE(ip("0.0.0.1").is_unspecified());
    for (const char* text : {"127.0.0.1", "127.255.255.255", "::1"}) {
        CHECK(ip(text).is_loopback());
        CHECK(ip(text).is_local());
    }
    for (const char* text : {"128.0.0.1", "126.255.255.255", "::2"})
        CHECK_FALSE(ip(text).is_loopback());
    for (const char* text :
         {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "0.1.2.3", "169.254.1.1",
          "100.64.0.1", "100.127.255.255", "fe80::1", "febf::1", "fc00::1", "fdff::1"}) {
        CAPTURE(text);
        CHECK(ip(text).is_local());
        CHECK_FALSE(ip(text).is_special());
    }
    for (const char* text : {"9.255.255.255", "11.0.0.0", "172.15.0.1", "172.32.0.1", "192.169.0.1",
                             "100.63.0.1", "100.128.0.1", "fec0::1", "2a00::1", "8.8.8.8"}) {
        CAPTURE(text);
        CHECK_FALSE(ip(text).is_local());
        CHECK_FALSE(ip(text).is_special());
    }
    for (const char* text :
         {"224.0.0.1", "239.255.255.255", "ff02::1", "255.255.255.255", "240.0.0.1", "192.0.2.1",
          "198.51.100.7", "203.0.113.9", "198.19.0.1", "192.0.0.7", "192.0.0.170", "2001:db8::1",
          "2002::1", "100::1", "2001:10::1", "2001:2f::1"}) {
        CAPTURE(text);
        CHECK(ip(text).is_special());
    }
    CHECK_FALSE(ip("192.0.0.8").is_special());
    CHECK_FALSE(ip("2001:30::1").is_special());
    CHECK(ip("224.0.0.1").is_multicast());
    CHECK(ip("ff00::").is_multicast());
    CHECK_FALSE(ip("240.0.0.1").is_multicast());
}

TEST_CASE("IpAddress: a prefix keeps its leading bits", "[common]") {
    CHECK(ip("1.2.3.255").masked(24) == ip("1.2.3.0"));
    CHECK(ip("255.255.255.255").masked(9) == ip("255.128.0.0"));
    CHECK(ip("1.2.3.4").masked(32) == ip("1.2.3.4"));
    CHECK(ip("1.2.3.4").masked(200) == ip("1.2.3.4"));
    CHECK(ip("1.2.3.4").masked(0) == ip("0.0.0.0"));
    CHECK(ip("2a00:1:2:3:4::").masked(64) == ip("2a00:1:2:3::"));
    CHECK_FALSE(ip("2a00::").masked(0).is_v4());
}

TEST_CASE("IpAddress: the hash tells families and addresses apart", "[common]") {
    const IpAddressHasher hash;
    CHECK(hash(ip("1.2.3.4")) == hash(ip("1.2.3.4")));
    CHECK(hash(ip("1.2.3.4")) != hash(ip("1.2.3.5")));
    CHECK(hash(ip("1.2.3.4")) != hash(ip("102:304::")));
}
