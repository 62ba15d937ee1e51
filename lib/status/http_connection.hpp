#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <async/task.hpp>
#include <status/http_routes.hpp>
#include <status/http_server.hpp>

/// One connection of the HTTP server, and what is done with its bytes; for the .cpp files of this
/// library alone.
namespace fastsync::status {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

inline constexpr auto kUse = asio::as_tuple(asio::use_awaitable);

/// Room for a header at its limit and what was sent behind it.
inline constexpr std::size_t kMaxBuffer = 2 * kMaxHttpHeader;

struct Connection {
    explicit Connection(tcp::socket s) : socket(std::move(s)), timer(socket.get_executor()) {
        error_code ignored;
        address = socket.remote_endpoint(ignored).address();
    }

    tcp::socket socket;
    asio::steady_timer timer;  ///< ends whatever is being waited for
    boost::beast::flat_buffer buffer{kMaxBuffer};
    asio::ip::address address;  ///< of the client
    /// Since when the client keeps us waiting.
    std::chrono::steady_clock::time_point waits_since = std::chrono::steady_clock::now();
    bool writing = false;   ///< an answer is on its way
    bool working = false;   ///< an answer is being made: we keep the client waiting
    bool posting = false;   ///< has one of the places of PostPlaces
    bool gave_way = false;  ///< closed, for another one needed the place
};

using Parser = http::request_parser<http::string_body>;
using Transfer = std::tuple<error_code, std::size_t>;

/// An operation that was cut off by its timer.
[[nodiscard]] error_code timed_out() noexcept;

/// Awaits `operation` until the connection's timer, which the caller has set, expires.
[[nodiscard]] async::Task<error_code> until_timer(Connection& connection,
                                                  async::Task<Transfer> operation);

[[nodiscard]] async::Task<Transfer> wait_readable(Connection& connection);
[[nodiscard]] async::Task<Transfer> read_header(Connection& connection, Parser& parser);
[[nodiscard]] async::Task<Transfer> read_body(Connection& connection, Parser& parser);
/// Reads on after our last word: a socket closed while the peer's bytes are unread resets the
/// connection, and the reset can overtake our answer. Ends after a bounded number of bytes.
[[nodiscard]] async::Task<Transfer> drain(Connection& connection);
template <class Response>
[[nodiscard]] async::Task<Transfer> write(Connection& connection, Response& response) {
    co_return co_await http::async_write(connection.socket, response, kUse);
}

/// What to say to a request that could not be read; nothing when the other side is gone.
[[nodiscard]] std::optional<HttpAnswer> explain(const error_code& failed,
                                                const Connection& connection, const Parser& parser);
/// RFC 9112 section 3.2: HTTP/1.1 has exactly one Host.
[[nodiscard]] bool host_is_wrong(const Parser& parser);
/// The part of what was read that decides the answer.
[[nodiscard]] HttpRequest to_request(const Parser& parser);

[[nodiscard]] inline boost::beast::string_view to_beast(std::string_view text) noexcept {
    return {text.data(), text.size()};
}

}  // namespace fastsync::status
