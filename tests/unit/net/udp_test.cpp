#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <async/task_scope.hpp>
#include <net/udp.hpp>

using namespace fastsync;
using async::Task;

namespace {

struct Loopback {
    boost::asio::io_context context;
    std::unique_ptr<async::Clock> clock = async::make_system_clock(context.get_executor());

    std::unique_ptr<net::DatagramSocket> open(const char* address) {
        auto made =
            net::make_udp_socket(context.get_executor(), *clock, {*IpAddress::parse(address), 0});
        REQUIRE(made);
        return *std::move(made);
    }
    void run(Task<void> task) {
        async::TaskScope scope{context.get_executor()};
        scope.spawn(std::move(task));
        context.run();
    }
};

}  // namespace

TEST_CASE("UdpSocket: datagrams go both ways and keep their bounds", "[net]") {
    const char* address = GENERATE("127.0.0.1", "::1");
    CAPTURE(address);
    Loopback loopback;
    const auto a = loopback.open(address);
    const auto b = loopback.open(address);
    CHECK(a->local().port != 0);
    CHECK(to_string(a->local().address) == address);
    auto main = [](net::DatagramSocket& x, net::DatagramSocket& y) -> Task<void> {
        CHECK(x.send(Bytes{1, 2, 3}, y.local()));
        CHECK(x.send(Bytes(100, 7), y.local()));
        CHECK(x.send(Bytes{}, y.local()));
        Bytes buffer(50);
        const auto first = co_await y.receive(buffer);
        REQUIRE(first);
        CHECK(first->size == 3);
        CHECK(first->from == x.local());
        CHECK(buffer[2] == 3);
        const auto second = co_await y.receive(buffer);
        REQUIRE(second);
        CHECK(second->size == 50);  // cut off
        const auto third = co_await y.receive(buffer);
        REQUIRE(third);
        CHECK(third->size == 0);
        CHECK(y.send(Bytes{9}, x.local()));
        const auto back = co_await x.receive(buffer);
        REQUIRE(back);
        CHECK(back->from == y.local());
    };
    loopback.run(main(*a, *b));
}

TEST_CASE("UdpSocket: close() ends a pending receive and everything after", "[net]") {
    Loopback loopback;
    const auto socket = loopback.open("127.0.0.1");
    auto main = [](Loopback& l, net::DatagramSocket& s) -> Task<void> {
        async::TaskScope scope{l.context.get_executor()};
        auto closer = [](Loopback& m, net::DatagramSocket& t) -> Task<void> {
            (void)co_await m.clock->sleep_until(m.clock->now(), nullptr);
            t.close();
        };
        scope.spawn(closer(l, s));
        Bytes buffer(10);
        const auto ended = co_await s.receive(buffer);
        REQUIRE_FALSE(ended);
        CHECK(ended.error().code == Errc::kClosed);
        const auto again = co_await s.receive(buffer);
        REQUIRE_FALSE(again);
        CHECK(again.error().code == Errc::kClosed);
        CHECK(s.send(Bytes{1}, s.local()).error().code == Errc::kClosed);
        co_await scope.join();
    };
    loopback.run(main(loopback, *socket));
}

TEST_CASE("UdpSocket: what cannot be bound or sent is an error", "[net]") {
    Loopback loopback;
    const auto socket = loopback.open("127.0.0.1");
    const auto taken =
        net::make_udp_socket(loopback.context.get_executor(), *loopback.clock, socket->local());
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == Errc::kConnect);
    CHECK_THAT(taken.error().detail, Catch::Contains("127.0.0.1:"));
    CHECK(socket->send(Bytes{1}, {*IpAddress::parse("::1"), 1}).error().code == Errc::kConnect);
    // Both families on one port.
    const IpEndpoint same{*IpAddress::parse("::1"), socket->local().port};
    CHECK(net::make_udp_socket(loopback.context.get_executor(), *loopback.clock, same));
}
