#include "http_fixture.hpp"

#include <array>
#include <cstdlib>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/time.h>

#include "sample.hpp"

namespace fastsync::test {

namespace asio = boost::asio;

RunningServer::RunningServer(status::HttpServerOptions options) {
    if (options.version.empty()) options.version = "1.2.3";
    board_.publish(std::make_shared<status::StatusSnapshot>(full_snapshot()));
    auto server = status::HttpServer::open(context_.get_executor(), options, board_);
    REQUIRE(server);
    server_ = *std::move(server);
    scope_ = std::make_unique<async::TaskScope>(context_.get_executor());
    scope_->spawn(server_->run());
    thread_ = std::thread{[this] { context_.run(); }};
}

RunningServer::~RunningServer() {
    stop();
}

void RunningServer::stop() {
    if (!thread_.joinable()) return;
    asio::post(context_, [this] { server_->stop(); });
    thread_.join();  // run() of the context ends when nothing is left to do
    CHECK(scope_->size() == 0);
}

RawClient::RawClient(std::uint16_t port, const char* from) {
    socket_.open(asio::ip::tcp::v4());
    socket_.bind({asio::ip::make_address(from), 0});
    socket_.connect({asio::ip::address_v4::loopback(), port});
    const timeval patience{10, 0};
    REQUIRE(::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience,
                         sizeof patience) == 0);
}

bool RawClient::send(std::string_view bytes) {
    boost::system::error_code failed;
    asio::write(socket_, asio::buffer(bytes), failed);
    return !failed;
}

bool RawClient::fill() {
    // The plain system call: Asio would wait on after the receive timeout.
    std::array<char, 4096> chunk;
    const ssize_t got = ::recv(socket_.native_handle(), chunk.data(), chunk.size(), 0);
    if (got < 0) {
        const int why = errno;
        REQUIRE(why != EAGAIN);
        return false;
    }
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    return got > 0;
}

std::string RawClient::response(std::string_view method) {
    std::size_t head = std::string::npos;
    while ((head = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) return {};
    }
    std::size_t total = head + 4;
    const std::size_t length = buffer_.find("Content-Length: ");
    if (method != "HEAD" && length < head) {
        total += std::strtoul(buffer_.c_str() + length + 16, nullptr, 10);
    }
    while (buffer_.size() < total) {
        if (!fill()) return {};
    }
    std::string out = buffer_.substr(0, total);
    buffer_.erase(0, total);
    return out;
}

bool RawClient::closed() {
    return buffer_.empty() && !fill() && buffer_.empty();
}

void RawClient::finish_sending() {
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send);
}

std::string ask(const RunningServer& server, std::string_view bytes) {
    RawClient client{server.port()};
    client.send(bytes);
    return client.response();
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

int status_of(std::string_view response) {
    if (!response.starts_with("HTTP/1.") || response.size() < 12) return 0;
    return std::atoi(std::string{response.substr(9, 3)}.c_str());
}

std::string request(std::string_view method, std::string_view target) {
    return std::string{method} + " " + std::string{target} + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

}  // namespace fastsync::test
