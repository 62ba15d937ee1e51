#include <array>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <status/http_connection.hpp>

namespace fastsync::status {

using namespace asio::experimental::awaitable_operators;

namespace {

/// So much is read on after refusing.
constexpr std::size_t kLingerBytes = 256 * 1024;

std::string_view to_view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

error_code timed_out() noexcept {
    return asio::error::timed_out;
}

async::Task<error_code> until_timer(Connection& connection, async::Task<Transfer> operation) {
    auto first = co_await (std::move(operation) || connection.timer.async_wait(kUse));
    if (first.index() == 1) co_return timed_out();
    co_return std::get<0>(std::get<0>(first));
}

async::Task<Transfer> wait_readable(Connection& connection) {
    const auto [failed] = co_await connection.socket.async_wait(tcp::socket::wait_read, kUse);
    co_return Transfer{failed, std::size_t{0}};
}

async::Task<Transfer> read_header(Connection& c, Parser& parser) {
    co_return co_await http::async_read_header(c.socket, c.buffer, parser, kUse);
}

async::Task<Transfer> read_body(Connection& c, Parser& parser) {
    co_return co_await http::async_read(c.socket, c.buffer, parser, kUse);
}

async::Task<Transfer> drain(Connection& c) {
    std::array<char, 4096> sink;
    std::size_t total = 0;
    error_code failed;
    while (!failed && total < kLingerBytes) {
        const auto [ec, n] = co_await c.socket.async_read_some(asio::buffer(sink), kUse);
        failed = ec;
        total += n;
    }
    co_return Transfer{failed, total};
}

std::optional<HttpAnswer> explain(const error_code& failed, const Connection& connection,
                                  const Parser& parser) {
    if (failed == timed_out()) return refusal(408, "the request did not arrive in time");
    if (failed == http::error::body_limit) return refusal(413, "the request body is too large");
    if (failed == http::error::header_limit || failed == http::error::buffer_overflow) {
        const auto data = connection.buffer.cdata();
        const std::string_view unread{static_cast<const char*>(data.data()), data.size()};
        const bool line_done = !parser.get().target().empty() || unread.find('\n') < unread.size();
        return line_done ? refusal(431, "the request header is too large")
                         : refusal(414, "the request target is too long");
    }
    if (failed == http::error::end_of_stream) return std::nullopt;
    if (failed == http::error::partial_message) return refusal(400, "the request is cut off");
    if (failed.category() == http::make_error_code(http::error::bad_method).category()) {
        return refusal(400, "malformed request: " + failed.message());
    }
    return std::nullopt;
}

bool host_is_wrong(const Parser& parser) {
    const auto count = parser.get().count(http::field::host);
    if (parser.get().version() < 11) return count > 1;
    return count != 1 || parser.get()[http::field::host].empty();
}

HttpRequest to_request(const Parser& parser) {
    const auto& request = parser.get();
    return {to_view(request.method_string()), to_view(request.target()),
            to_view(request[http::field::host]), to_view(request[http::field::content_type])};
}

}  // namespace fastsync::status
