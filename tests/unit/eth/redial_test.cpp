#include <catch2/catch.hpp>

#include <eth/redial.hpp>

using namespace fastsync;
using namespace fastsync::eth;
using namespace std::chrono_literals;

namespace {

const Error kRefused{Errc::kConnect, "connection refused"};

}  // namespace

TEST_CASE("is_private_address: loopback, link-local and private ranges, to their edges", "[eth]") {
    for (const char* host :
         {"127.0.0.1", "127.255.255.255", "10.0.0.0", "10.255.255.255", "172.16.0.0",
          "172.31.255.255", "192.168.0.0", "192.168.255.255", "169.254.1.1", "::1", "fe80::1",
          "fc00::1", "fdff::1", "::ffff:10.1.2.3", "::ffff:127.0.0.1"}) {
        CAPTURE(host);
        CHECK(is_private_address(host));
    }
    for (const char* host : {"126.255.255.255",
                             "128.0.0.0",
                             "9.255.255.255",
                             "11.0.0.0",
                             "172.15.255.255",
                             "172.32.0.0",
                             "192.167.255.255",
                             "192.169.0.0",
                             "169.253.255.255",
                             "169.255.0.0",
                             "8.8.8.8",
                             "::",
                             "2001:db8::1",
                             "fe00::1",
                             "ff02::1",
                             "::ffff:8.8.8.8",
                             "localhost",
                             "example.org",
                             "",
                             "10.0.0",
                             "[::1]"}) {
        CAPTURE(host);
        CHECK_FALSE(is_private_address(host));
    }
}

TEST_CASE("DialState: pauses double up to two minutes", "[eth]") {
    DialState state{"127.0.0.1"};
    for (const Duration expected : {1s, 2s, 4s, 8s, 16s, 32s, 64s, 120s, 120s, 120s}) {
        state.started();
        CHECK(state.ended(kRefused, {}, 0) == expected);
    }
    CHECK(state.attempts() == 10);
    CHECK(state.failures() == 10);
    CHECK(state.last_error() == kRefused.message());
}

TEST_CASE("DialState: a public address is left alone for longer than the throttle of others",
          "[eth]") {
    for (const char* host : {"8.8.8.8", "node.example.org"}) {
        DialState state{host};
        CHECK(state.ended(kRefused, {}, 0) == 35s);
        CHECK(state.ended(kRefused, {}, 0) == 70s);
        CHECK(state.ended(kRefused, {}, 0) == 2min);
        CHECK(state.ended(kRefused, 1h, 0) == 35s);
    }
}

TEST_CASE("DialState: chance spreads a pause by up to a quarter", "[eth]") {
    DialState state{"10.0.0.1"};
    CHECK(state.ended(kRefused, {}, 1.0) == 1250ms);
    CHECK(state.ended(kRefused, {}, 0.5) == 2250ms);
    CHECK(state.ended(kRefused, {}, 0.0) == 4s);
    for (int i = 0; i < 10; ++i)
        CHECK(state.ended(kRefused, {}, 1.0) <= 150s);
}

TEST_CASE("DialState: a session clears the failures, only one that stood clears the pauses",
          "[eth]") {
    DialState state{"10.0.0.1"};
    for (int i = 0; i < 3; ++i)
        (void)state.ended(kRefused, {}, 0);
    CHECK(state.failures() == 3);
    const Error left{Errc::kClosed, "the peer closed the connection"};
    state.joined();
    CHECK(state.failures() == 0);
    CHECK(state.last_error().empty());
    CHECK(state.ended(left, kGoodConnection - 1ms, 0) == 8s);
    CHECK(state.failures() == 0);
    CHECK(state.last_error() == left.message());
    CHECK(state.ended(kRefused, {}, 0) == 16s);
    CHECK(state.failures() == 1);
    CHECK(state.ended(left, kGoodConnection, 0) == 1s);
    CHECK(state.ended(left, 0s, 0) == 2s);
}
