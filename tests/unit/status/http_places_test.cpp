// Who holds a place at the status server, how long, and who gives way; and that it stops at once.
#include <memory>
#include <vector>

#include <catch2/catch.hpp>

#include "http_fixture.hpp"
#include "sample.hpp"

using namespace fastsync;
using namespace fastsync::status;
using namespace fastsync::test;
using std::chrono::milliseconds;

TEST_CASE("HttpServer: a request that drips is told 408 and closed, drops or not", "[status]") {
    HttpServerOptions options;
    options.request_timeout = milliseconds{150};
    RunningServer server{options};
    RawClient client{server.port()};
    const auto start = std::chrono::steady_clock::now();
    // Each byte comes well within the limit; together they never end.
    bool open = true;
    for (int i = 0; open && i < 200; ++i) {
        open = client.send("G");
        std::this_thread::sleep_for(milliseconds{20});
        if (std::chrono::steady_clock::now() - start > milliseconds{400}) break;
    }
    CHECK(status_of(client.response()) == 408);
    CHECK(client.closed());
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{5});
}

TEST_CASE("HttpServer: a body that does not come is told 408", "[status]") {
    HttpServerOptions options;
    options.request_timeout = milliseconds{100};
    RunningServer server{options};
    CHECK(status_of(ask(server,
                        "GET /status HTTP/1.1\r\nHost: localhost\r\n"
                        "Content-Length: 10\r\n\r\nabc")) == 408);
}

TEST_CASE("HttpServer: a silent connection is closed without a word", "[status]") {
    HttpServerOptions options;
    options.idle_timeout = milliseconds{100};
    RunningServer server{options};
    RawClient never{server.port()};
    CHECK(never.closed());
    RawClient once{server.port()};
    once.send(request("GET", "/status"));
    CHECK(status_of(once.response()) == 200);
    CHECK(once.closed());
}

TEST_CASE("HttpServer: when all places are taken, who waits longest gives way", "[status]") {
    HttpServerOptions options;
    options.max_connections = 2;
    RunningServer server{options};
    RawClient first{server.port()};
    first.send("GET /sta");
    RawClient second{server.port()};
    second.send(request("GET", "/status"));
    CHECK(status_of(second.response()) == 200);
    first.send("tus HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(status_of(first.response()) == 200);
    // Now the second is the one that has said nothing for longer.
    RawClient third{server.port()};
    third.send(request("GET", "/status"));
    CHECK(status_of(third.response()) == 200);
    CHECK(second.closed());
    first.send(request("GET", "/healthz"));
    CHECK(status_of(first.response()) == 200);
}

TEST_CASE("HttpServer: silent and dripping clients do not lock others out", "[status]") {
    HttpServerOptions options;
    options.max_connections = 4;
    RunningServer server{options};
    std::vector<std::unique_ptr<RawClient>> slow;
    for (int i = 0; i < 20; ++i) {
        slow.push_back(std::make_unique<RawClient>(server.port()));
        if (i % 2 == 0) slow.back()->send("GET /status HTT");
    }
    // Five times the places, each held for 100 ms, and then one after the other.
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 10; ++i)
        CHECK(status_of(ask(server, request("GET", "/status"))) == 200);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{4});
    for (int i = 0; i < 15; ++i)
        CHECK(slow[static_cast<std::size_t>(i)]->closed());
}

TEST_CASE("HttpServer: an address that takes all places loses its own, not another's", "[status]") {
    HttpServerOptions options;
    options.max_connections = 3;
    RunningServer server{options};
    RawClient honest{server.port(), "127.0.0.9"};
    honest.send(request("GET", "/status"));
    CHECK(status_of(honest.response()) == 200);
    // The honest client is the oldest by far, and silent between its requests.
    std::vector<std::unique_ptr<RawClient>> greedy;
    for (int i = 0; i < 12; ++i) {
        greedy.push_back(std::make_unique<RawClient>(server.port()));
        greedy.back()->send(request("GET", "/healthz"));
        CHECK(status_of(greedy.back()->response()) == 200);
    }
    honest.send(request("GET", "/status"));
    CHECK(status_of(honest.response()) == 200);
    CHECK(greedy.front()->closed());
}

TEST_CASE("HttpServer: clients that ask without a pause do not lock others out", "[status]") {
    HttpServerOptions options;
    options.max_connections = 2;
    RunningServer server{options};
    RawClient first{server.port()};
    RawClient second{server.port()};
    bool ended = false;
    const auto ask = [&ended](RawClient& client) {
        client.send(request("GET", "/livez"));
        const std::string got = client.response();
        CHECK(status_of(got) == 200);
        ended = ended || got.find("Connection: close\r\n") != std::string::npos;
    };
    ask(first);
    ask(second);
    REQUIRE_FALSE(ended);
    RawClient other{server.port()};
    other.send(request("GET", "/status"));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{2};
    while (!ended && std::chrono::steady_clock::now() < deadline) {
        ask(first);
        if (!ended) ask(second);
    }
    CHECK(ended);
    CHECK(status_of(other.response()) == 200);
}

TEST_CASE("HttpServer: a burst of more requests than places is answered to the last", "[status]") {
    HttpServerOptions options;
    options.max_connections = 4;
    RunningServer server{options};
    std::vector<std::unique_ptr<RawClient>> burst;
    for (int i = 0; i < 60; ++i) {
        burst.push_back(std::make_unique<RawClient>(server.port()));
        burst.back()->send("GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    }
    for (const auto& client : burst)
        CHECK(status_of(client->response()) == 200);
}

TEST_CASE("HttpServer: who takes an answer has a second for it, whoever waits", "[status]") {
    HttpServerOptions options;
    options.max_connections = 1;
    RunningServer server{options};
    StatusSnapshot huge = full_snapshot();
    huge.report.peers[0].client = std::string(16U * 1024 * 1024, 'x');
    server.board().publish(std::make_shared<StatusSnapshot>(huge));
    RawClient reader{server.port()};
    reader.send(request("GET", "/peers"));
    RawClient next{server.port()};
    next.send(request("GET", "/healthz"));
    std::this_thread::sleep_for(milliseconds{400});
    CHECK(status_of(reader.response()) == 200);
    CHECK(status_of(next.response()) == 200);
}

TEST_CASE("HttpServer: a reader that stalls does not hold its place for ever", "[status]") {
    HttpServerOptions options;
    options.max_connections = 1;
    options.write_timeout = milliseconds{100};
    RunningServer server{options};
    StatusSnapshot huge = full_snapshot();
    huge.report.peers[0].client = std::string(16U * 1024 * 1024, 'x');
    server.board().publish(std::make_shared<StatusSnapshot>(huge));
    RawClient stalled{server.port()};
    stalled.send(request("GET", "/peers"));
    int status = 0;
    for (int i = 0; status != 200 && i < 200; ++i) {
        status = status_of(ask(server, request("GET", "/status")));
        if (status != 200) std::this_thread::sleep_for(milliseconds{20});
    }
    CHECK(status == 200);
}

TEST_CASE("HttpServer: stop ends open connections at once", "[status]") {
    RunningServer server;
    RawClient idle{server.port()};
    idle.send(request("GET", "/status"));
    CHECK(status_of(idle.response()) == 200);
    RawClient halfway{server.port()};
    halfway.send("GET /sta");
    const auto start = std::chrono::steady_clock::now();
    server.stop();
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{2});
    CHECK(idle.closed());
    CHECK(halfway.closed());
}

TEST_CASE("HttpServer: whenever stop comes, nothing is waited for", "[status]") {
    // The first client is served, the second refused; both keep their connections open.
    bool at_rest = false;
    for (int steps = 0; !at_rest; ++steps) {
        CAPTURE(steps);
        HttpServerOptions options;
        options.max_connections = 1;
        boost::asio::io_context context{1};
        const StatusBoard board;
        const auto server = HttpServer::open(context.get_executor(), options, board);
        REQUIRE(server);
        async::TaskScope scope{context.get_executor()};
        scope.spawn((*server)->run());
        RawClient served{(*server)->port()};
        served.send(request("GET", "/status"));
        RawClient refused{(*server)->port()};
        for (int i = 0; i < steps && !at_rest; ++i)
            at_rest = context.poll_one() == 0;
        (*server)->stop();
        context.poll();  // runs what is ready, and never waits
        CHECK(scope.size() == 0);
        if (scope.size() > 0) context.run();
        REQUIRE(steps < 1000);
    }
}
