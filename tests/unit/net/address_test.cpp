#include <catch2/catch.hpp>

#include <net/address.hpp>

using namespace fastsync;
using net::HostPort;

TEST_CASE("parse_host_port: takes IPv4, bracketed IPv6 and names, and writes them back", "[net]") {
    struct Case {
        const char* text;
        HostPort parsed;
    };
    const auto c =
        GENERATE(Case{"127.0.0.1:30303", {"127.0.0.1", 30303}}, Case{"0.0.0.0:0", {"0.0.0.0", 0}},
                 Case{"[::1]:65535", {"::1", 65535}}, Case{"example.org:1", {"example.org", 1}});
    const auto parsed = net::parse_host_port(c.text);
    REQUIRE(parsed);
    CHECK(*parsed == c.parsed);
    CHECK(net::to_string(*parsed) == c.text);
}

TEST_CASE("parse_host_port: refuses what is no ADDR:PORT", "[net]") {
    const auto text =
        GENERATE(as<std::string>{}, "", "127.0.0.1", ":30303", "127.0.0.1:", "127.0.0.1:65536",
                 "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1", "127.0.0.1:1x", "::1:30303",
                 "[::1]", "[]:1", "[::1:1", "[127.0.0.1]:1", "a b:1", std::string(254, 'a') + ":1");
    CAPTURE(text);
    const auto parsed = net::parse_host_port(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Errc::kMalformed);
}

TEST_CASE("parse_host_port: a name of 253 characters is taken, a longer one is refused", "[net]") {
    const std::string longest(253, 'a');
    CHECK(net::parse_host_port(longest + ":1")->host == longest);
    CHECK(net::parse_host_port(longest + "a:1").error().code == Errc::kMalformed);
}
