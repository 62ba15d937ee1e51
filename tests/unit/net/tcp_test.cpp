#include <chrono>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <async/task_scope.hpp>
#include <net/tcp.hpp>

using namespace fastsync;
using namespace std::chrono_literals;
using async::Task;
using net::ByteStream;

namespace {

/// Real sockets on loopback: an io_context, a clock, a listener on a free port.
struct Loopback {
    boost::asio::io_context context;
    std::unique_ptr<async::Clock> clock = async::make_system_clock(context.get_executor());
    std::unique_ptr<net::Dialer> dialer = net::make_tcp_dialer(context.get_executor(), *clock);
    std::unique_ptr<net::Listener> listener = make_listener("127.0.0.1", 0);

    std::unique_ptr<net::Listener> make_listener(std::string host, std::uint16_t port) {
        auto made = net::make_tcp_listener(context.get_executor(), *clock, {host, port});
        REQUIRE(made);
        return *std::move(made);
    }

    void run(Task<void> task) {
        async::TaskScope scope{context.get_executor()};
        scope.spawn(std::move(task));
        context.run();
    }
};

Task<void> echo_once(net::Listener& listener) {
    auto stream = co_await listener.accept();
    REQUIRE(stream);
    Bytes buffer(64U * 1024);
    while (true) {
        const auto n = co_await (*stream)->read_some(buffer);
        if (!n) co_return;
        const auto written = co_await (*stream)->write(ByteView{buffer}.first(*n));
        if (!written) co_return;
    }
}

Task<void> write_all(ByteStream& stream, const Bytes& data) {
    const auto written = co_await stream.write(data);
    CHECK(written);
}

Task<void> read_until_closed(ByteStream& stream, std::optional<Error>& ended) {
    Bytes buffer(16);
    const auto n = co_await stream.read_some(buffer);
    if (!n) ended = n.error();
}

Task<void> dial_until_closed(Loopback& loop, std::uint16_t port, std::optional<Errc>& ended) {
    const auto stream = co_await loop.dialer->dial("127.0.0.1", port, loop.clock->now() + 60s);
    if (!stream) ended = stream.error().code;
}

Task<void> accept_one(net::Listener& listener, std::optional<Errc>& ended) {
    const auto stream = co_await listener.accept();
    if (!stream) ended = stream.error().code;
}

Task<void> accept_two(net::Listener& listener, int& accepted) {
    for (int i = 0; i < 2; ++i) {
        const auto stream = co_await listener.accept();
        if (stream) ++accepted;
    }
}

}  // namespace

TEST_CASE("TcpStream: a megabyte comes back from an echo", "[net]") {
    Loopback loop;
    auto main = [](Loopback& l) -> Task<void> {
        async::TaskScope scope{l.context.get_executor()};
        scope.spawn(echo_once(*l.listener));
        auto stream = co_await l.dialer->dial("127.0.0.1", l.listener->port(), l.clock->now() + 5s);
        REQUIRE(stream);
        CHECK((*stream)->remote() == "127.0.0.1:" + std::to_string(l.listener->port()));
        Bytes sent(1U << 20U);
        for (std::size_t i = 0; i < sent.size(); ++i)
            sent[i] = static_cast<Byte>(i ^ (i >> 8U));
        scope.spawn(write_all(**stream, sent));
        Bytes got(sent.size());
        const auto read = co_await net::read_exactly(**stream, got);
        CHECK(read);
        CHECK(got == sent);
        (*stream)->close();
        co_await scope.join();
    };
    loop.run(main(loop));
}

TEST_CASE("TcpStream: nothing waits for a full segment", "[net]") {
    Loopback loop;
    boost::asio::ip::tcp::socket socket{loop.context};
    socket.connect({boost::asio::ip::address_v4::loopback(), loop.listener->port()});
    const int handle = socket.native_handle();
    const auto stream = net::make_tcp_stream(std::move(socket));
    int no_delay = 0;
    socklen_t size = sizeof no_delay;
    REQUIRE(::getsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size) == 0);
    CHECK(no_delay != 0);
}

TEST_CASE("TcpStream: close ends a pending read with kClosed", "[net]") {
    Loopback loop;
    auto main = [](Loopback& l) -> Task<void> {
        async::TaskScope scope{l.context.get_executor()};
        auto stream = co_await l.dialer->dial("127.0.0.1", l.listener->port(), l.clock->now() + 5s);
        REQUIRE(stream);
        std::optional<Error> ended;
        scope.spawn(read_until_closed(**stream, ended));
        (void)co_await l.clock->sleep_until(l.clock->now() + 5ms, nullptr);
        CHECK_FALSE(ended);
        (*stream)->close();
        (*stream)->close();
        co_await scope.join();
        REQUIRE(ended);
        CHECK(ended->code == Errc::kClosed);
        const Bytes one(1);
        const auto written = co_await (*stream)->write(one);
        REQUIRE_FALSE(written);
        CHECK(written.error().code == Errc::kClosed);
    };
    loop.run(main(loop));
}

TEST_CASE("TcpDialer: a refused port is kConnect", "[net]") {
    Loopback loop;
    auto main = [](Loopback& l) -> Task<void> {
        const std::uint16_t port = l.listener->port();
        l.listener->close();
        const auto refused = co_await l.dialer->dial("127.0.0.1", port, l.clock->now() + 5s);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::kConnect);
    };
    loop.run(main(loop));
}

TEST_CASE("TcpDialer: a peer that never answers is given up at the deadline", "[net]") {
    // A listener whose queue is full drops further handshakes: the dial hangs.
    Loopback loop;
    boost::asio::ip::tcp::acceptor full{loop.context};
    full.open(boost::asio::ip::tcp::v4());
    full.bind({boost::asio::ip::address_v4::loopback(), 0});
    full.listen(0);
    auto main = [](Loopback& l, std::uint16_t port) -> Task<void> {
        std::vector<std::unique_ptr<ByteStream>> held;
        std::optional<Error> failed;
        for (int i = 0; i < 16 && !failed; ++i) {
            auto stream = co_await l.dialer->dial("127.0.0.1", port, l.clock->now() + 50ms);
            if (stream)
                held.push_back(*std::move(stream));
            else
                failed = stream.error();
        }
        REQUIRE(failed);
        CHECK(failed->code == Errc::kTimeout);
    };
    loop.run(main(loop, full.local_endpoint().port()));
}

TEST_CASE("TcpDialer: close ends a dial under way, later ones fail at once", "[net]") {
    Loopback loop;
    boost::asio::ip::tcp::acceptor full{loop.context};
    full.open(boost::asio::ip::tcp::v4());
    full.bind({boost::asio::ip::address_v4::loopback(), 0});
    full.listen(0);
    auto main = [](Loopback& l, std::uint16_t port) -> Task<void> {
        std::vector<std::unique_ptr<ByteStream>> held;
        // Fills the queue, so that the next dial hangs.
        for (bool hung = false; !hung;) {
            auto stream = co_await l.dialer->dial("127.0.0.1", port, l.clock->now() + 50ms);
            hung = !stream;
            if (stream) held.push_back(*std::move(stream));
        }
        async::TaskScope scope{l.context.get_executor()};
        std::optional<Errc> ended;
        scope.spawn(dial_until_closed(l, port, ended));
        (void)co_await l.clock->sleep_until(l.clock->now() + 10ms, nullptr);
        CHECK_FALSE(ended);
        l.dialer->close();
        co_await scope.join();
        CHECK(ended == Errc::kClosed);
        ended.reset();
        co_await dial_until_closed(l, port, ended);
        CHECK(ended == Errc::kClosed);
    };
    loop.run(main(loop, full.local_endpoint().port()));
}

TEST_CASE("TcpListener: IPv6 works, a bad address is kConfig, a taken port kConnect", "[net]") {
    Loopback loop;
    const auto executor = loop.context.get_executor();
    const auto bad = net::make_tcp_listener(executor, *loop.clock, {"localhost", 0});
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == Errc::kConfig);
    const auto taken =
        net::make_tcp_listener(executor, *loop.clock, {"127.0.0.1", loop.listener->port()});
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == Errc::kConnect);
    const auto v6 = net::make_tcp_listener(executor, *loop.clock, {"::1", 0});
    if (!v6) {
        WARN("no IPv6 loopback here: " << v6.error().message());
        return;
    }
    auto main = [](Loopback& l, std::uint16_t port) -> Task<void> {
        const auto stream = co_await l.dialer->dial("::1", port, l.clock->now() + 5s);
        REQUIRE(stream);
        CHECK((*stream)->remote() == "[::1]:" + std::to_string(port));
    };
    loop.run(main(loop, (*v6)->port()));
}

TEST_CASE("TcpListener: close ends a pending accept", "[net]") {
    Loopback loop;
    auto main = [](Loopback& l) -> Task<void> {
        async::TaskScope scope{l.context.get_executor()};
        std::optional<Errc> ended;
        scope.spawn(accept_one(*l.listener, ended));
        (void)co_await l.clock->sleep_until(l.clock->now() + 5ms, nullptr);
        l.listener->close();
        co_await scope.join();
        CHECK(ended == Errc::kClosed);
    };
    loop.run(main(loop));
}

TEST_CASE("TcpListener: running out of file handles is waited out", "[net]") {
    Loopback loop;
    auto main = [](Loopback& l) -> Task<void> {
        async::TaskScope scope{l.context.get_executor()};
        int accepted = 0;
        auto first = co_await l.dialer->dial("127.0.0.1", l.listener->port(), l.clock->now() + 5s);
        auto second = co_await l.dialer->dial("127.0.0.1", l.listener->port(), l.clock->now() + 5s);
        REQUIRE(first);
        REQUIRE(second);
        rlimit before{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
        const int next = ::dup(0);  // the lowest free handle: from here on nothing may be opened
        REQUIRE(next >= 0);
        ::close(next);
        rlimit tight = before;
        tight.rlim_cur = static_cast<rlim_t>(next);
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
        scope.spawn(accept_two(*l.listener, accepted));
        const std::clock_t cpu_before = std::clock();
        (void)co_await l.clock->sleep_until(l.clock->now() + 120ms, nullptr);
        const std::clock_t cpu_spent = std::clock() - cpu_before;
        const int accepted_while_tight = accepted;
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
        CHECK(accepted_while_tight == 0);
        CHECK(cpu_spent < CLOCKS_PER_SEC / 20);  // it rests, it does not spin
        co_await scope.join();
        CHECK(accepted == 2);
    };
    loop.run(main(loop));
}
