#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <async/task_scope.hpp>
#include <status/http_server.hpp>

namespace fastsync::test {

/// A status server on a free loopback port, on a thread of its own.
class RunningServer {
  public:
    explicit RunningServer(status::HttpServerOptions options = {});
    RunningServer(const RunningServer&) = delete;
    RunningServer& operator=(const RunningServer&) = delete;
    ~RunningServer();

    [[nodiscard]] std::uint16_t port() const { return server_->port(); }
    [[nodiscard]] status::StatusBoard& board() { return board_; }
    [[nodiscard]] async::Executor executor() { return context_.get_executor(); }
    /// Stops it and waits for the end of its thread.
    void stop();

  private:
    boost::asio::io_context context_{1};
    status::StatusBoard board_;
    std::unique_ptr<status::HttpServer> server_;
    std::unique_ptr<async::TaskScope> scope_;
    std::thread thread_;
};

/// A blocking client that sends what it is told, byte for byte.
class RawClient {
  public:
    /// @param from  the address it comes from: one of loopback's
    explicit RawClient(std::uint16_t port, const char* from = "127.0.0.1");

    /// False when the server has closed.
    bool send(std::string_view bytes);
    /// Reads one response by its Content-Length (none is read after HEAD); empty at the end of the
    /// stream. Fails the test after 10 s of silence.
    [[nodiscard]] std::string response(std::string_view method = "GET");
    /// True when the server closes, false when it says anything.
    [[nodiscard]] bool closed();
    /// Tells the server that nothing follows.
    void finish_sending();

  private:
    /// False at the end of the stream.
    bool fill();

    boost::asio::io_context context_;
    boost::asio::ip::tcp::socket socket_{context_};
    std::string buffer_;
};

/// Sends `bytes` over a fresh connection and returns the answer.
[[nodiscard]] std::string ask(const RunningServer& server, std::string_view bytes);
[[nodiscard]] bool has(const std::string& text, std::string_view part);
/// "HTTP/1.1 404 Not Found..." to 404; 0 for anything else.
[[nodiscard]] int status_of(std::string_view response);
/// A request with a Host header and nothing else.
[[nodiscard]] std::string request(std::string_view method, std::string_view target);

}  // namespace fastsync::test
