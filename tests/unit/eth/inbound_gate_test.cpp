#include <catch2/catch.hpp>

#include <eth/dial_book.hpp>
#include <eth/inbound_gate.hpp>

using namespace fastsync;
using namespace fastsync::eth;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart{1h};

IpAddress ip(const std::string& text) {
    const auto parsed = IpAddress::parse(text);
    REQUIRE(parsed);
    return *parsed;
}

}  // namespace

TEST_CASE("InboundGate: so many handshakes of one address, and of all", "[eth][peers]") {
    InboundGate gate;
    for (std::size_t i = 0; i < kMaxPendingOfAddress; ++i)
        REQUIRE(gate.enter(ip("10.0.0.1"), kStart));
    CHECK_FALSE(gate.enter(ip("10.0.0.1"), kStart));
    for (std::size_t i = gate.pending(); i < kMaxPendingInbound; ++i)
        REQUIRE(gate.enter(ip("10.0.1." + std::to_string(i)), kStart));
    CHECK_FALSE(gate.enter(ip("10.0.2.1"), kStart));
    CHECK(gate.refused() == 2);
    gate.left(ip("10.0.0.1"));
    CHECK(gate.enter(ip("10.0.0.1"), kStart));
    CHECK(gate.pending() == kMaxPendingInbound);
}

TEST_CASE("InboundGate: an address of the internet is heard twice a minute", "[eth][peers]") {
    InboundGate gate;
    const auto visit = [&](const char* from, Duration after) {
        const bool heard = gate.enter(ip(from), kStart + after);
        if (heard) gate.left(ip(from));
        return heard;
    };
    CHECK(visit("8.8.8.8", 0s));
    CHECK_FALSE(visit("8.8.8.8", 1s));
    CHECK_FALSE(visit("8.8.8.8", kInboundPause - 1s));
    CHECK(visit("8.8.4.4", 1s));
    CHECK(visit("8.8.8.8", kInboundPause));
    CHECK(visit("192.168.1.1", 0s));
    CHECK(visit("192.168.1.1", 0s));
    CHECK(visit("127.0.0.1", 0s));
    CHECK(visit("127.0.0.1", 0s));
    CHECK(gate.pending() == 0);
}

TEST_CASE("InboundGate: the addresses remembered are bounded and forgotten", "[eth][peers]") {
    InboundGate gate;
    const auto visit = [&](std::size_t n, TimePoint now) {
        const IpAddress from =
            ip("8." + std::to_string(n >> 16U) + "." + std::to_string((n >> 8U) & 0xffU) + "." +
               std::to_string(n & 0xffU));
        const bool heard = gate.enter(from, now);
        if (heard) gate.left(from);
        return heard;
    };
    for (std::size_t n = 0; n < kMaxInboundAddresses; ++n)
        REQUIRE(visit(n, kStart));
    CHECK_FALSE(visit(kMaxInboundAddresses, kStart + 1s));
    CHECK(visit(kMaxInboundAddresses, kStart + kInboundPause));
}

TEST_CASE("DialBook: a node is dialed again after a pause that grows", "[eth][peers]") {
    DialBook book;
    const Enode node{NodeId{{0xa1}}, "10.0.0.1", 30303, 0};
    CHECK(book.may_dial(node.id, kStart));
    book.started(node, kStart);
    CHECK_FALSE(book.may_dial(node.id, kStart + 24h));
    book.ended(node.id, {Errc::kConnect, "refused"}, {}, 0, kStart);
    CHECK_FALSE(book.may_dial(node.id, kStart + kFirstPause - 1ms));
    CHECK(book.may_dial(node.id, kStart + kFirstPause));
    book.started(node, kStart);
    book.ended(node.id, {Errc::kConnect, "refused"}, {}, 0, kStart);
    CHECK_FALSE(book.may_dial(node.id, kStart + kFirstPause));
    CHECK(book.may_dial(node.id, kStart + 2 * kFirstPause));
}

TEST_CASE("DialBook: a bounded number is remembered", "[eth][peers]") {
    DialBook book;
    for (std::size_t n = 0; n < kMaxDialBook + 10; ++n) {
        NodeId id{{0xa1}};
        id.data[1] = static_cast<Byte>(n >> 8U);
        id.data[2] = static_cast<Byte>(n);
        book.started({id, "10.0.0.1", 30303, 0}, kStart);
        book.ended(id, {Errc::kConnect, "refused"}, {}, 0, kStart + n * 1ms);
    }
    CHECK(book.size() == kMaxDialBook);
    CHECK(book.may_dial(NodeId{{0xa1}}, kStart));  // forgotten, the first one
}
