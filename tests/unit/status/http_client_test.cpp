#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include <status/http_client.hpp>
#include <status/json.hpp>

#include "http_fixture.hpp"
#include "sample.hpp"

using namespace fastsync;
using namespace fastsync::status;
using namespace fastsync::test;
using boost::asio::ip::tcp;
using std::chrono::milliseconds;

namespace {

/// Accepts one connection, says `bytes` and closes.
class OneShot {
  public:
    explicit OneShot(std::string bytes)
        : acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}),
          thread_([this, text = std::move(bytes)] {
              tcp::socket socket = acceptor_.accept();
              boost::system::error_code ignored;
              char request[2048];
              socket.read_some(boost::asio::buffer(request), ignored);
              boost::asio::write(socket, boost::asio::buffer(text), ignored);
          }) {}
    OneShot(const OneShot&) = delete;
    OneShot& operator=(const OneShot&) = delete;
    ~OneShot() { thread_.join(); }
    [[nodiscard]] HttpOrigin origin() const {
        return {"127.0.0.1", acceptor_.local_endpoint().port()};
    }

  private:
    boost::asio::io_context context_;
    tcp::acceptor acceptor_;
    std::thread thread_;
};

}  // namespace

TEST_CASE("http_get: fetches the status of a daemon", "[status]") {
    RunningServer server;
    const auto got = http_get({"127.0.0.1", server.port()}, "/status", std::chrono::seconds{5});
    REQUIRE(got);
    CHECK(got->status == 200);
    CHECK(got->body == to_json(full_snapshot()));
    CHECK(http_get({"127.0.0.1", server.port()}, "/x", std::chrono::seconds{5})->status == 404);
}

TEST_CASE("http_get: nobody listening is kConnect naming address and port", "[status]") {
    std::uint16_t port = 0;
    {
        RunningServer gone;
        port = gone.port();
    }
    const auto got = http_get({"127.0.0.1", port}, "/status", std::chrono::seconds{5});
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Errc::kConnect);
    CHECK(got.error().detail.find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
}

TEST_CASE("http_get: a server that never answers is kTimeout", "[status]") {
    boost::asio::io_context context;
    const tcp::acceptor mute{context, {boost::asio::ip::address_v4::loopback(), 0}};
    const auto got =
        http_get({"127.0.0.1", mute.local_endpoint().port()}, "/status", milliseconds{100});
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Errc::kTimeout);
}

TEST_CASE("http_get: an answer that is no HTTP is kMalformed, one too large kTooLarge",
          "[status]") {
    const OneShot junk{"SSH-2.0-OpenSSH_9.2\r\n\r\n"};
    CHECK(http_get(junk.origin(), "/", std::chrono::seconds{5}).error().code == Errc::kMalformed);
    const OneShot large{"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kMaxHttpReply + 1) +
                        "\r\n\r\n"};
    CHECK(http_get(large.origin(), "/", std::chrono::seconds{5}).error().code == Errc::kTooLarge);
}

TEST_CASE("parse_http_origin: host and port, with and without scheme", "[status]") {
    CHECK(*parse_http_origin("http://127.0.0.1:8645") == HttpOrigin{"127.0.0.1", 8645});
    CHECK(*parse_http_origin("http://127.0.0.1:8645/") == HttpOrigin{"127.0.0.1", 8645});
    CHECK(*parse_http_origin("localhost:1") == HttpOrigin{"localhost", 1});
    CHECK(*parse_http_origin("http://node") == HttpOrigin{"node", 80});
    CHECK(*parse_http_origin("http://[::1]:8645") == HttpOrigin{"::1", 8645});
    for (const char* wrong :
         {"", "http://", "https://127.0.0.1", "http://h:0", "http://h:65536", "http://h:8x",
          "http://h:", "http://h/status", "http://u@h", "[::1", "[::1]8645", "http://h:1:2"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_http_origin(wrong));
    }
}
