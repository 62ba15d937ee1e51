#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <net/tcp.hpp>
#include <rlpx/connection.hpp>

#include "peers.hpp"

using namespace fastsync;
using namespace fastsync::test;
using namespace std::chrono_literals;
using async::Task;
using async::TaskScope;

namespace {

constexpr std::uint32_t kMessages = 3000;

/// Sizes from nothing to 1 MiB, most of them small, the same on both sides.
std::size_t size_of(std::uint32_t number) {
    if (number % 500 == 499) return 1U << 20U;
    if (number % 50 == 49) return 70'000 + number;
    return (number * 37) % 2000;
}

struct Network {
    boost::asio::io_context context;
    std::unique_ptr<async::Clock> clock = async::make_system_clock(context.get_executor());
    std::unique_ptr<net::Dialer> dialer = net::make_tcp_dialer(context.get_executor(), *clock);
    std::unique_ptr<net::Listener> listener;
    std::unique_ptr<rlpx::Connection> outgoing;
    std::unique_ptr<rlpx::Connection> incoming;

    Network() {
        auto made = net::make_tcp_listener(context.get_executor(), *clock, {"127.0.0.1", 0});
        REQUIRE(made);
        listener = *std::move(made);
    }
    void run(Task<void> task) {
        TaskScope scope{context.get_executor()};
        scope.spawn(std::move(task));
        context.run();
    }
};

Task<void> accept_one(Network& n, const rlpx::LocalNode& local) {
    auto stream = co_await n.listener->accept();
    REQUIRE(stream);
    auto made = co_await rlpx::Connection::accept(*std::move(stream), local, *n.clock,
                                                  crypto::system_entropy());
    REQUIRE(made);
    n.incoming = *std::move(made);
}

Task<void> open_both(Network& n) {
    const rlpx::LocalNode here = node_of(1);
    const rlpx::LocalNode there = node_of(2);
    TaskScope scope{n.context.get_executor()};
    scope.spawn(accept_one(n, there));
    auto stream = co_await n.dialer->dial("127.0.0.1", n.listener->port(), n.clock->now() + 5s);
    REQUIRE(stream);
    auto made = co_await rlpx::Connection::initiate(
        *std::move(stream), here, there.key.public_key(), *n.clock, crypto::system_entropy());
    REQUIRE(made);
    n.outgoing = *std::move(made);
    co_await scope.join();
}

/// Sends message after message; a full queue is waited for.
Task<void> send_all(rlpx::Connection& connection, async::Clock& clock) {
    for (std::uint32_t i = 0; i < kMessages;) {
        const auto sent = connection.send("eth", i % 17, numbered(size_of(i)));
        if (sent) {
            ++i;
            continue;
        }
        REQUIRE(sent.error().code == Errc::kOverloaded);
        (void)co_await clock.sleep_until(clock.now() + 1ms, nullptr);
    }
}

Task<void> check_all(rlpx::Connection& connection, std::uint32_t& good) {
    for (std::uint32_t i = 0; i < kMessages; ++i) {
        const auto message = co_await connection.receive();
        REQUIRE(message);
        if (message->code == i % 17 && message->payload == numbered(size_of(i))) ++good;
    }
}

}  // namespace

TEST_CASE("Connection over TCP: thousands of messages both ways at once", "[rlpx]") {
    Network network;
    auto main = [](Network& n) -> Task<void> {
        co_await open_both(n);
        TaskScope running{n.context.get_executor()};
        TaskScope working{n.context.get_executor()};
        std::optional<Error> ended_here;
        std::optional<Error> ended_there;
        running.spawn(run_and_note(*n.outgoing, ended_here));
        running.spawn(run_and_note(*n.incoming, ended_there));
        std::uint32_t good_here = 0;
        std::uint32_t good_there = 0;
        working.spawn(check_all(*n.outgoing, good_here));
        working.spawn(check_all(*n.incoming, good_there));
        working.spawn(send_all(*n.outgoing, *n.clock));
        working.spawn(send_all(*n.incoming, *n.clock));
        co_await working.join();
        CHECK(good_here == kMessages);
        CHECK(good_there == kMessages);
        // The end: a Disconnect that arrives although the other side is in the middle of a flood.
        Received received;
        running.spawn(receive_all(*n.outgoing, received));
        CHECK(n.incoming->send("eth", 1, numbered(1U << 20U)));
        n.outgoing->disconnect(rlpx::DisconnectReason::kClientQuitting);
        const auto last = co_await n.incoming->receive();
        REQUIRE_FALSE(last);
        CHECK(last.error() == Error{Errc::kDisconnected, "client quitting"});
        co_await running.join();
        CHECK(ended_here->code == Errc::kClosed);
        CHECK(ended_there->code == Errc::kDisconnected);
    };
    network.run(main(network));
}
