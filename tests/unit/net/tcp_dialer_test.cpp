// Dials to hosts known by name.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <async/task_scope.hpp>
#include <net/tcp.hpp>

#include "support/host_names.hpp"

using namespace fastsync;
using namespace std::chrono_literals;
using async::Task;

namespace {

constexpr const char* kName = "node.example.org";

struct Loopback {
    boost::asio::io_context context;
    std::unique_ptr<async::Clock> clock = async::make_system_clock(context.get_executor());
    test::HostNames names;
    std::unique_ptr<net::Dialer> dialer =
        net::make_tcp_dialer(context.get_executor(), *clock, names.resolver());
    std::unique_ptr<net::Listener> listener = listen();

    /// Where a dial ended up, or the error.
    std::string dialed(Duration patience, const std::string& name = kName) {
        std::string out;
        struct Main {
            static Task<void> run(Loopback& l, std::string host, Duration patience,
                                  std::string& out) {
                const auto stream = co_await l.dialer->dial(std::move(host), l.listener->port(),
                                                            l.clock->now() + patience);
                out = stream ? (*stream)->remote() : stream.error().message();
            }
        };
        async::TaskScope scope{context.get_executor()};
        scope.spawn(Main::run(*this, name, patience, out));
        context.run();
        context.restart();
        return out;
    }
    [[nodiscard]] std::string at(const std::string& ip) const {
        return ip + ":" + std::to_string(listener->port());
    }

  private:
    std::unique_ptr<net::Listener> listen() {
        auto made = net::make_tcp_listener(context.get_executor(), *clock, {"127.0.0.1", 0});
        REQUIRE(made);
        return *std::move(made);
    }
};

}  // namespace

TEST_CASE("TcpDialer: a name is looked up anew for each dial", "[net]") {
    Loopback loop;
    loop.names.set(kName, {"127.0.0.1"});
    CHECK(loop.dialed(5s) == loop.at("127.0.0.1"));
    // Its operator has moved it: nobody listens there.
    loop.names.set(kName, {"127.0.0.2"});
    CHECK_THAT(loop.dialed(5s), Catch::StartsWith("cannot connect"));
    CHECK(loop.names.asked[kName] == 2);
}

TEST_CASE("TcpDialer: each address of a name is tried until one answers", "[net]") {
    Loopback loop;
    loop.names.set(kName, {"127.0.0.3", "127.0.0.2", "127.0.0.1"});
    CHECK(loop.dialed(5s) == loop.at("127.0.0.1"));
}

TEST_CASE("TcpDialer: an address that never answers takes its share of the time alone", "[net]") {
    Loopback loop;
    // A listener whose queue is full drops further handshakes: the dial hangs.
    using boost::asio::ip::tcp;
    tcp::acceptor full{loop.context};
    full.open(tcp::v4());
    full.bind({boost::asio::ip::make_address("127.0.0.2"), loop.listener->port()});
    full.listen(0);
    std::vector<tcp::socket> held;
    for (int i = 0; i < 4; ++i) {
        held.emplace_back(loop.context, tcp::v4());
        held.back().native_non_blocking(true);
        const auto to = full.local_endpoint();
        (void)::connect(held.back().native_handle(), to.data(), static_cast<socklen_t>(to.size()));
    }
    loop.names.set(kName, {"127.0.0.2", "127.0.0.1"});
    CHECK(loop.dialed(1s) == loop.at("127.0.0.1"));
    loop.names.set(kName, {"127.0.0.2", "127.0.0.2"});
    const TimePoint begin = loop.clock->now();
    CHECK_THAT(loop.dialed(200ms), Catch::StartsWith("timeout"));
    CHECK(loop.clock->now() - begin < 1s);
}

TEST_CASE("TcpDialer: a name that cannot be resolved is named", "[net]") {
    Loopback loop;
    CHECK(loop.dialed(5s) == "cannot connect: cannot resolve node.example.org: no such name");
    loop.dialer = net::make_tcp_dialer(loop.context.get_executor(), *loop.clock);
    CHECK(loop.dialed(5s) == "cannot connect: no IP address: node.example.org");
}
