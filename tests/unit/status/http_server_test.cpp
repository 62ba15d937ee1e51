#include <catch2/catch.hpp>

#include <status/http_routes.hpp>
#include <status/json.hpp>

#include "http_fixture.hpp"
#include "sample.hpp"

using namespace fastsync;
using namespace fastsync::status;
using namespace fastsync::test;

namespace {

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
