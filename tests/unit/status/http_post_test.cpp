#include <thread>

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <async/gate.hpp>
#include <status/http_routes.hpp>
#include <status/http_server.hpp>
#include <status/post_places.hpp>

#include "http_fixture.hpp"

using namespace fastsync;
using namespace fastsync::status;
using namespace fastsync::test;

namespace {

constexpr std::size_t kLimit = 4000;

/// Says how long the document was; the text "wait" is answered once the gate opens.
class Echo final : public PostHandler {
  public:
    [[nodiscard]] std::size_t max_body() const noexcept override { return kLimit; }
    [[nodiscard]] async::Task<std::string> answer(std::string document) override {
        if (document == "wait") {
            if (!gate) gate.emplace(co_await boost::asio::this_coro::executor);
            ++waiting;
            co_await gate->wait();
        }
        co_return "{\"size\":" + std::to_string(document.size()) + "}";
    }
    [[nodiscard]] std::string too_large() const override { return "{\"too\":\"large\"}"; }
    [[nodiscard]] std::string busy() const override { return "{\"busy\":true}"; }

    std::optional<async::Gate> gate;
    std::atomic<std::size_t> waiting{0};
};

HttpServerOptions with(Echo& echo) {
    HttpServerOptions options;
    options.handler = &echo;
    return options;
}

std::string post(std::string_view body, std::string_view type = "application/json",
                 std::string_view target = "/", std::string_view host = "localhost") {
    std::string out = "POST " + std::string{target} + " HTTP/1.1\r\nHost: " + std::string{host};
    if (!type.empty()) out.append("\r\nContent-Type: ").append(type);
    out.append("\r\nContent-Length: ").append(std::to_string(body.size()));
    return out.append("\r\n\r\n").append(body);
}

/// Clients whose documents are being answered, one for each place there is.
std::vector<std::unique_ptr<RawClient>> take_all_places(const RunningServer& server, Echo& echo) {
    std::vector<std::unique_ptr<RawClient>> clients;
    for (std::size_t i = 0; i < kMaxPosts; ++i) {
        clients.push_back(std::make_unique<RawClient>(server.port()));
        clients.back()->send(post("wait"));
    }
    while (echo.waiting < kMaxPosts)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    return clients;
}

}  // namespace

TEST_CASE("HTTP POST: a document goes to the handler, and its answer comes back", "[status]") {
    Echo echo;
    RunningServer server{with(echo)};
    RawClient client{server.port()};
    for (int i = 0; i < 3; ++i) {
        client.send(post("12345"));
        const std::string got = client.response();
        CHECK(status_of(got) == 200);
        CHECK(got.find("Content-Type: application/json\r\n") != std::string::npos);
        CHECK(got.ends_with("{\"size\":5}"));
    }
    client.send(post("1", "Application/JSON ; charset=utf-8"));
    CHECK(status_of(client.response()) == 200);
    client.send(request("GET", "/status"));
    CHECK(status_of(client.response()) == 200);
}

TEST_CASE("HTTP POST: as long as the handler takes, one byte more is 413 in its words",
          "[status]") {
    Echo echo;
    RunningServer server{with(echo)};
    CHECK(ask(server, post(std::string(kLimit, ' '))).ends_with("{\"size\":4000}"));
    const std::string got = ask(server, post(std::string(kLimit + 1, ' ')));
    CHECK(status_of(got) == 413);
    CHECK(got.ends_with("{\"too\":\"large\"}"));
    // Other requests need no such room.
    CHECK(status_of(ask(server,
                        "GET /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1025"
                        "\r\n\r\n" +
                            std::string(1025, 'x'))) == 413);
    CHECK(status_of(ask(server, post(std::string(1025, 'x'), "application/json", "/status"))) ==
          413);
    const std::string chunk = "400\r\n" + std::string(0x400, 'x') + "\r\n";
    CHECK(status_of(ask(server,
                        "POST /x HTTP/1.1\r\nHost: localhost\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n" +
                            chunk + chunk + "0\r\n\r\n")) == 413);
    CHECK(ask(server,
              "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
              "Transfer-Encoding: chunked\r\n\r\n" +
                  chunk + chunk + "0\r\n\r\n")
              .ends_with("{\"size\":2048}"));
}

TEST_CASE("HTTP POST: what a foreign web page can send does not reach the handler", "[status]") {
    Echo echo;
    RunningServer server{with(echo)};
    for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded",
                             "multipart/form-data", "application/jsonx", "text/plain;json"}) {
        CAPTURE(type);
        CHECK(status_of(ask(server, post("1", type))) == 415);
    }
    CHECK(status_of(ask(server, post("1", "application/json", "/", "evil.example"))) == 421);
    CHECK(status_of(ask(server, post("1", "application/json", "http://evil.example/"))) == 421);
    // The question a browser asks first is not answered with leave.
    const std::string preflight =
        ask(server,
            "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
            "Access-Control-Request-Method: POST\r\n\r\n");
    CHECK(status_of(preflight) != 200);
    CHECK(preflight.find("Access-Control") == std::string::npos);
    CHECK(ask(server, post("1")).find("Access-Control") == std::string::npos);
}

TEST_CASE("HTTP POST: other paths and servers without a handler refuse it", "[status]") {
    Echo echo;
    RunningServer server{with(echo)};
    CHECK(status_of(ask(server, post("1", "application/json", "/status"))) == 405);
    CHECK(status_of(ask(server, post("1", "application/json", "/nothing"))) == 404);
    CHECK(status_of(ask(server, post("1", "application/json", "/?x"))) == 200);
    RunningServer without;
    CHECK(status_of(ask(without, post("1"))) >= 404);
    CHECK(status_of(ask(server,
                        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                        "Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n")) == 417);
}

TEST_CASE("HTTP POST: who waits for our answer does not give way; the next one waits for a place",
          "[status]") {
    Echo echo;
    HttpServerOptions options = with(echo);
    options.max_connections = 1;
    RunningServer server{options};
    RawClient client{server.port()};
    client.send(post("wait"));
    while (!echo.waiting)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    RawClient second{server.port()};
    second.send(request("GET", "/status"));
    // Longer than any client keeps a place that it does not use.
    std::this_thread::sleep_for(std::chrono::milliseconds{1200});
    boost::asio::post(server.executor(), [&] { echo.gate->open(); });
    CHECK(client.response().ends_with("{\"size\":4}"));
    CHECK(status_of(second.response()) == 200);
}

TEST_CASE("HTTP POST: four are answered at once, one more is 429; others find places", "[status]") {
    Echo echo;
    HttpServerOptions options = with(echo);
    options.max_connections = 2 * kMaxPosts;
    RunningServer server{options};
    auto clients = take_all_places(server, echo);
    // Together they would take every place there is.
    for (std::size_t i = 0; i < kMaxPosts; ++i) {
        clients.push_back(std::make_unique<RawClient>(server.port()));
        clients.back()->send(post("wait") + post("wait"));
    }
    CHECK(status_of(ask(server, request("GET", "/livez"))) == 200);
    for (std::size_t i = kMaxPosts; i < clients.size(); ++i) {
        const std::string refused = clients[i]->response();
        CHECK(status_of(refused) == 429);
        CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
        CHECK(refused.find("Connection: close\r\n") != std::string::npos);
        CHECK(refused.ends_with("{\"busy\":true}"));
        CHECK(clients[i]->closed());
    }
    boost::asio::post(server.executor(), [&] { echo.gate->open(); });
    for (std::size_t i = 0; i < kMaxPosts; ++i) {
        CHECK(clients[i]->response().ends_with("{\"size\":4}"));
        clients[i]->send(post("again"));
        CHECK(clients[i]->response().ends_with("{\"size\":5}"));
    }
    CHECK(echo.waiting == kMaxPosts);
}

TEST_CASE("HTTP POST: beyond four some wait for a place, and are answered in their turn",
          "[status]") {
    Echo echo;
    HttpServerOptions options = with(echo);
    options.max_connections = 32;
    RunningServer server{options};
    std::vector<std::unique_ptr<RawClient>> clients;
    const auto enter = [&](std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            clients.push_back(std::make_unique<RawClient>(server.port()));
            clients.back()->send(post("wait"));
        }
    };
    enter(kMaxPosts);
    while (echo.waiting < kMaxPosts)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    enter(16 - kMaxPosts);
    // Half of the connections are taken: the next one is not to wait. It is seen once they are.
    const auto start = std::chrono::steady_clock::now();
    while (status_of(ask(server, post("wait"))) != 429)
        REQUIRE(std::chrono::steady_clock::now() - start < std::chrono::seconds{30});
    CHECK(status_of(ask(server, request("GET", "/livez"))) == 200);
    boost::asio::post(server.executor(), [&] { echo.gate->open(); });
    for (const auto& client : clients)
        CHECK(client->response().ends_with("{\"size\":4}"));
}

TEST_CASE("HTTP POST: who finds no place in its time is told to ask again", "[status]") {
    Echo echo;
    HttpServerOptions options = with(echo);
    options.max_connections = 32;
    RunningServer server{options};
    auto clients = take_all_places(server, echo);
    const auto start = std::chrono::steady_clock::now();
    CHECK(status_of(ask(server, post("late"))) == 429);
    CHECK(std::chrono::steady_clock::now() - start >= kMaxPostWait);
    boost::asio::post(server.executor(), [&] { echo.gate->open(); });
    for (const auto& client : clients)
        CHECK(client->response().ends_with("{\"size\":4}"));
}

TEST_CASE("PostPlaces: so many of all, and of one address; this machine is no single client",
          "[status]") {
    const auto at = [](const char* text) { return boost::asio::ip::make_address(text); };
    PostPlaces places;
    for (std::size_t i = 0; i < kMaxPostsOfAddress; ++i)
        REQUIRE(places.enter(at("192.0.2.1")));
    CHECK_FALSE(places.enter(at("192.0.2.1")));
    CHECK_FALSE(places.enter(at("::ffff:192.0.2.1")));
    CHECK(places.enter(at("2001:db8::1")));
    CHECK(places.enter(at("2001:db8::2")));
    CHECK_FALSE(places.enter(at("2001:db8::3")));
    CHECK_FALSE(places.enter(at("127.0.0.1")));
    places.leave(at("2001:db8::1"));
    CHECK_FALSE(places.enter(at("192.0.2.1")));
    places.leave(at("::ffff:192.0.2.1"));
    CHECK(places.enter(at("192.0.2.1")));
    PostPlaces local;
    for (std::size_t i = 0; i < kMaxPosts; ++i)
        CHECK(local.enter(at(i % 2 == 0 ? "127.0.0.1" : "::ffff:127.0.0.1")));
    CHECK_FALSE(local.enter(at("127.0.0.1")));
}
