#include <algorithm>
#include <memory>
#include <vector>

#include <catch2/catch.hpp>

#include <status/http_routes.hpp>
#include <status/json.hpp>

#include "http_fixture.hpp"
#include "sample.hpp"

using namespace fastsync;
using namespace fastsync::status;
using namespace fastsync::test;
using std::chrono::milliseconds;

namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// Sends `bytes` over a fresh connection and returns the answer.
std::string ask(const RunningServer& server, std::string_view bytes) {
    RawClient client{server.port()};
    client.send(bytes);
    return client.response();
}

/// A request whose header section, with the blank line, is `size` bytes.
std::string request_of_header_size(std::size_t size) {
    const std::string start = "GET /status HTTP/1.1\r\nHost: localhost\r\nX-Pad: ";
    return start + std::string(size - start.size() - 4, 'x') + "\r\n\r\n";
}

}  // namespace

TEST_CASE("HttpServer: GET /status answers the board as JSON", "[status]") {
    RunningServer server;
    const std::string got = ask(server, request("GET", "/status"));
    CHECK(status_of(got) == 200);
    CHECK(has(got, "Content-Type: application/json\r\n"));
    CHECK(has(got, "Cache-Control: no-store\r\n"));
    CHECK(has(got, "Server: fastsyncd/1.2.3\r\n"));
    CHECK(got.ends_with("\r\n\r\n" + to_json(full_snapshot())));
    CHECK(has(ask(server, request("GET", "/peers")), R"("client":"Geth/v1.8.27")"));
    CHECK(has(ask(server, request("GET", "/healthz")), R"({"healthy":true})"));
}

TEST_CASE("HttpServer: HEAD answers the header of GET without a body", "[status]") {
    RunningServer server;
    RawClient client{server.port()};
    client.send(request("HEAD", "/status"));
    const std::string head = client.response("HEAD");
    CHECK(status_of(head) == 200);
    CHECK(has(head, "Content-Length: " + std::to_string(to_json(full_snapshot()).size()) + "\r\n"));
    // Had a body followed, the next answer would not start where it does.
    client.send(request("HEAD", "/nothing"));
    CHECK(status_of(client.response("HEAD")) == 404);
    client.send(request("GET", "/healthz"));
    CHECK(status_of(client.response()) == 200);
}

TEST_CASE("HttpServer: a connection serves one request after another", "[status]") {
    RunningServer server;
    RawClient client{server.port()};
    for (int i = 0; i < 5; ++i) {
        client.send(request("GET", "/status"));
        CHECK(status_of(client.response()) == 200);
        client.send(request("GET", "/nothing"));
        CHECK(status_of(client.response()) == 404);
    }
}

TEST_CASE("HttpServer: pipelined requests are answered in order", "[status]") {
    RunningServer server;
    RawClient client{server.port()};
    client.send(request("GET", "/status") + request("POST", "/status") + request("GET", "/none"));
    CHECK(status_of(client.response()) == 200);
    CHECK(status_of(client.response()) == 405);
    CHECK(status_of(client.response()) == 404);
}

TEST_CASE("HttpServer: Connection: close and HTTP/1.0 end the connection", "[status]") {
    RunningServer server;
    const std::string bytes = GENERATE(
        as<std::string>{}, "GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /status HTTP/1.0\r\n\r\n");
    RawClient client{server.port()};
    client.send(bytes);
    const std::string got = client.response();
    CHECK(status_of(got) == 200);
    CHECK(client.closed());
}

TEST_CASE("HttpServer: wrong path 404, wrong method 405 with Allow", "[status]") {
    RunningServer server;
    const std::string lost = ask(server, request("GET", "/nothing"));
    CHECK(status_of(lost) == 404);
    CHECK(has(lost, R"({"error":")"));
    const std::string refused =
        ask(server, "POST /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc");
    CHECK(status_of(refused) == 405);
    CHECK(has(refused, "Allow: GET, HEAD\r\n"));
}

TEST_CASE("HttpServer: a header section of 8 KiB passes, a larger one is 431", "[status]") {
    RunningServer server;
    CHECK(status_of(ask(server, request_of_header_size(kMaxHttpHeader - 64))) == 200);
    RawClient client{server.port()};
    client.send(request_of_header_size(kMaxHttpHeader + 64));
    CHECK(status_of(client.response()) == 431);
    CHECK(client.closed());
    // Many small fields are no way around it.
    std::string many = "GET /status HTTP/1.1\r\nHost: localhost\r\n";
    for (int i = 0; i < 3000; ++i)
        many += "A: b\r\n";
    CHECK(status_of(ask(server, many + "\r\n")) == 431);
}

TEST_CASE("HttpServer: a target that is too long is 414, however long", "[status]") {
    RunningServer server;
    const std::size_t size = GENERATE(kMaxTargetSize + 1, kMaxHttpHeader, 200 * kMaxHttpHeader);
    CAPTURE(size);
    const std::string target = "/" + std::string(size - 1, 'x');
    CHECK(status_of(ask(server, request("GET", target))) == 414);
}

TEST_CASE("HttpServer: a body of 1 KiB is read, a larger one is 413", "[status]") {
    RunningServer server;
    const auto with_body = [](std::size_t size) {
        return "GET /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
               std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
    };
    RawClient client{server.port()};
    client.send(with_body(kMaxHttpBody));
    CHECK(status_of(client.response()) == 200);
    client.send(with_body(kMaxHttpBody + 1));
    CHECK(status_of(client.response()) == 413);
    CHECK(client.closed());
    CHECK(status_of(ask(server, with_body(100'000))) == 413);
    const std::string chunk = "400\r\n" + std::string(0x400, 'x') + "\r\n";
    CHECK(status_of(ask(server,
                        "GET /status HTTP/1.1\r\nHost: localhost\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n" +
                            chunk + chunk + "0\r\n\r\n")) == 413);
}

TEST_CASE("HttpServer: a body announced with Expect is answered without waiting for it",
          "[status]") {
    RunningServer server;
    RawClient client{server.port()};
    client.send(
        "POST /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        "Expect: 100-continue\r\n\r\n");
    CHECK(status_of(client.response()) == 405);
    CHECK(client.closed());
}

TEST_CASE("HttpServer: what is no HTTP request is 400 and the end", "[status]") {
    RunningServer server;
    const std::string bytes = GENERATE(
        as<std::string>{}, "\x16\x03\x01\x02\x01 TLS\r\n\r\n", "GET /status\r\n\r\n",
        "GET /status HTTP/3.7\r\nHost: localhost\r\n\r\n",
        "GET /status HTTP/1.1\r\nHost localhost\r\n\r\n",
        "GET /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        "GET /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "GET /status HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    CAPTURE(bytes);
    RawClient client{server.port()};
    client.send(bytes);
    CHECK(status_of(client.response()) == 400);
    CHECK(client.closed());
}

TEST_CASE("HttpServer: HTTP/1.1 needs exactly one Host", "[status]") {
    RunningServer server;
    CHECK(status_of(ask(server, "GET /status HTTP/1.1\r\n\r\n")) == 400);
    CHECK(status_of(ask(server, "GET /status HTTP/1.1\r\nHost: \r\n\r\n")) == 400);
    CHECK(status_of(
              ask(server, "GET /status HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n")) ==
          400);
    CHECK(status_of(ask(server, "GET /status HTTP/1.1\r\nHost: evil.example\r\n\r\n")) == 421);
    CHECK(status_of(ask(server, "GET /status HTTP/1.1\r\nHost: [::1]:8645\r\n\r\n")) == 200);
}

TEST_CASE("HttpServer: a request cut off by its sender is 400", "[status]") {
    RunningServer server;
    RawClient client{server.port()};
    client.send("GET /status HTT");
    client.finish_sending();
    CHECK(status_of(client.response()) == 400);
    RawClient silent{server.port()};
    silent.finish_sending();
    CHECK(silent.closed());
}

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

TEST_CASE("HttpServer: a port that is taken is an error naming address and port", "[status]") {
    RunningServer first;
    boost::asio::io_context context;
    const StatusBoard board;
    HttpServerOptions options;
    options.port = first.port();
    const auto second = HttpServer::open(context.get_executor(), options, board);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::kConnect);
    CHECK(has(second.error().detail, "127.0.0.1:" + std::to_string(first.port())));
}

TEST_CASE("HttpServer: only an explicit choice serves beyond loopback", "[status]") {
    boost::asio::io_context context;
    const StatusBoard board;
    HttpServerOptions options;
    options.address = "0.0.0.0";
    const auto refused = HttpServer::open(context.get_executor(), options, board);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::kConfig);
    options.exposure = Exposure::kPublic;
    CHECK(HttpServer::open(context.get_executor(), options, board));
    options.address = "example.org";
    CHECK(HttpServer::open(context.get_executor(), options, board).error().code == Errc::kConfig);
}

TEST_CASE("HttpServer: opened to a network it answers to the names it was told alone", "[status]") {
    HttpServerOptions options;
    options.address = "0.0.0.0";
    options.exposure = Exposure::kPublic;
    options.host_names = {"node.example"};
    RunningServer server{options};
    CHECK(status_of(ask(server, "GET /status HTTP/1.1\r\nHost: node.example\r\n\r\n")) != 421);
    CHECK(status_of(ask(server, "GET /status HTTP/1.1\r\nHost: evil.example\r\n\r\n")) == 421);
}
