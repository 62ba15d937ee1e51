#include <catch2/catch.hpp>

#include <enode/enode.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;

namespace {

// The example of devp2p enode.md.
const std::string kId =
    "6f8a80d14311c39f35f516fa664deaaaa13e85b2f7493f37f6144d86991ec012"
    "937307647bd3b9a82abe2974e1407241d54947bbb39763a4cac9f77166ad92a0";

std::string url(const std::string& behind_at) {
    return "enode://" + kId + "@" + behind_at;
}

Enode read(const std::string& text) {
    CAPTURE(text);
    const auto enode = parse_enode(text);
    REQUIRE(enode);
    CHECK(*parse_enode(to_string(*enode)) == *enode);
    return *enode;
}

/// Checks that `text` is refused with a sentence that holds `part`.
void check_refused(const std::string& text, const std::string& part) {
    CAPTURE(text, part);
    const auto enode = parse_enode(text);
    REQUIRE_FALSE(enode);
    CHECK(enode.error().code == Errc::kMalformed);
    CHECK_THAT(enode.error().detail, Catch::Contains(part));
}

}  // namespace

TEST_CASE("parse_enode: the example of the specification", "[enode]") {
    const Enode enode = read(url("10.3.58.6:30303?discport=30301"));
    CHECK(to_hex(enode.id) == kId);
    CHECK(enode.host == "10.3.58.6");
    CHECK(enode.tcp_port == 30303);
    CHECK(enode.udp_port == 30301);
    CHECK(to_string(enode) == url("10.3.58.6:30303?discport=30301"));
}

TEST_CASE("parse_enode: the UDP port is the TCP port unless it is named", "[enode]") {
    const Enode enode = read(url("10.3.58.6:30303"));
    CHECK(enode.udp_port == 30303);
    CHECK(to_string(enode) == url("10.3.58.6:30303"));
    CHECK(to_string(read(url("10.3.58.6:30303?discport=30303"))) == url("10.3.58.6:30303"));
}

TEST_CASE("parse_enode: an IPv6 host stands in brackets", "[enode]") {
    for (const std::string host : {"::1", "2001:db8:3c4d:15::abcd:ef12", "::ffff:1.2.3.4", "::"}) {
        const Enode enode = read(url("[" + host + "]:30303?discport=1"));
        CHECK(enode.host == host);
        CHECK(to_string(enode) == url("[" + host + "]:30303?discport=1"));
    }
    check_refused(url("2001:db8::1:30303"), "brackets");
    check_refused(url("::1"), "brackets");
    check_refused(url("[::1:30303"), "closing bracket");
    check_refused(url("[]:30303"), "IPv6");
    check_refused(url("[1.2.3.4]:30303"), "IPv6");
    check_refused(url("[node.example]:30303"), "IPv6");
    check_refused(url("[fe80::1%eth0]:30303"), "IPv6");
    check_refused(url("[::1]"), "port is missing");
    check_refused(url("[::1]30303"), "port is missing");
    check_refused(url("[::1]]:30303"), "port is missing");
}

TEST_CASE("parse_enode: a host may be a DNS name", "[enode]") {
    const std::string label(63, 'a');
    const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
    REQUIRE(longest.size() == 253);
    for (const std::string& host : {std::string{"localhost"}, std::string{"node-1.example.org"},
                                    std::string{"1.2.3.4.in-addr.arpa"}, std::string{"3com.com"},
                                    std::string{"xn--bcher-kva.example"}, longest}) {
        CHECK(read(url(host + ":30303")).host == host);
    }
    for (const std::string& host :
         {std::string{""}, std::string{"."}, std::string{"a."}, std::string{".a"},
          std::string{"a..b"}, std::string{"-a.b"}, std::string{"a-.b"}, std::string{"a_b.c"},
          std::string{"a b"}, std::string{"b\xc3\xbc"}, label + "a.b", longest + "b"}) {
        check_refused(url(host + ":30303"), "host");
    }
}

TEST_CASE("parse_enode: a broken IPv4 address is no name either", "[enode]") {
    for (const std::string host :
         {"1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.999", "01.2.3.4", "1", "example.123"})
        check_refused(url(host + ":30303"), "host");
}

TEST_CASE("parse_enode: ports are decimal numbers up to 65535", "[enode]") {
    CHECK(read(url("h:1")).tcp_port == 1);
    CHECK(read(url("h:65535")).tcp_port == 65535);
    CHECK(read(url("h:1?discport=65535")).udp_port == 65535);
    check_refused(url("h"), "port is missing");
    for (const std::string port :
         {"", "65536", "99999999999999999999", "-1", "+1", " 1", "1 ", "0x10", "01", "00", "1a"}) {
        check_refused(url("h:" + port), "the port is no number");
        check_refused(url("h:1?discport=" + port), "the discport is no number");
    }
}

TEST_CASE("parse_enode: one of the ports may be zero, not both", "[enode]") {
    CHECK(read(url("h:30303?discport=0")).udp_port == 0);
    const Enode boot_node = read(url("h:0?discport=30301"));
    CHECK(boot_node.tcp_port == 0);
    CHECK(boot_node.udp_port == 30301);
    check_refused(url("h:0"), "both ports");
    check_refused(url("h:0?discport=0"), "both ports");
}

TEST_CASE("parse_enode: nothing but the discport may follow", "[enode]") {
    check_refused(url("h:1?"), "discport");
    check_refused(url("h:1?udp=2"), "discport");
    check_refused(url("h:1?discport"), "discport");
    check_refused(url("h:1?discport=2&x=3"), "discport");
    check_refused(url("h:1?discport=2?discport=2"), "discport");
    check_refused(url("h:1/"), "port");
    check_refused(url("h:1#a"), "port");
    check_refused(url("h:1\n"), "port");
}

TEST_CASE("parse_enode: the id is 128 hex digits of a key on the curve", "[enode]") {
    const std::string where = "@10.3.58.6:30303";
    check_refused("enode://" + where, "id");
    check_refused("enode://" + kId.substr(2) + where, "id");
    check_refused("enode://" + kId + "00" + where, "id");
    check_refused("enode://0x" + kId + where, "id");
    check_refused("enode://0x" + kId.substr(2) + where, "id");
    std::string not_hex = kId;
    not_hex.back() = 'g';
    check_refused("enode://" + not_hex + where, "128 hex");
    std::string off_curve = kId;
    off_curve.back() = '1';
    check_refused("enode://" + off_curve + where, "curve");
    check_refused("enode://" + std::string(128, '0') + where, "curve");

    std::string upper = kId;
    for (char& c : upper)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    CHECK(to_string(read("enode://" + upper + where)) == "enode://" + kId + where);
}

TEST_CASE("parse_enode: scheme, separator and length are checked", "[enode]") {
    check_refused("", "enode://");
    check_refused("ENODE://" + kId + "@h:1", "enode://");
    check_refused("enr:-IS4QHCYrYZbAKWCBRlAy5zzaDZXJBGkcnh4MHcBFZntXNFrdvJjX04jRzjz", "enode://");
    check_refused(" " + url("h:1"), "enode://");
    check_refused("enode://" + kId, "@");
    check_refused(url("user@h:1"), "host");
    check_refused(url("1.2.3.4") + '\0' + ":1", "zero byte");
}

TEST_CASE("parse_enode: 512 characters are read, one more is longer than any can be", "[enode]") {
    const std::string start = url("h:1?discport=");
    const std::string longest = start + std::string(kMaxEnodeUrl - start.size(), '1');
    check_refused(longest, "the discport is no number");
    check_refused(longest + "1", "longer");
}

TEST_CASE("short_id: the first eight digits", "[enode]") {
    CHECK(short_id(read(url("h:1")).id) == "6f8a80d1");
}
