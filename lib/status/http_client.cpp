#include <charconv>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <async/task.hpp>
#include <status/http_client.hpp>

namespace fastsync::status {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kUse = asio::as_tuple(asio::use_awaitable);

Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (failed != std::errc{} || end != text.data() + text.size() || port == 0) {
        return Error{Errc::kMalformed, "not a port: " + std::string{text}};
    }
    return port;
}

std::string host_header(const HttpOrigin& origin) {
    const bool v6 = origin.host.find(':') != std::string::npos;
    return (v6 ? "[" + origin.host + "]" : origin.host) + ":" + std::to_string(origin.port);
}

Error describe(const error_code& failed, const HttpOrigin& origin) {
    const std::string where = host_header(origin) + ": ";
    if (failed == beast::error::timeout) return {Errc::kTimeout, where + "no answer in time"};
    if (failed == http::error::body_limit || failed == http::error::header_limit) {
        return {Errc::kTooLarge, where + "the answer is too large"};
    }
    if (failed.category() == http::make_error_code(http::error::bad_method).category()) {
        return {Errc::kMalformed, where + "no HTTP answer: " + failed.message()};
    }
    return {Errc::kConnect, where + failed.message()};
}

async::Task<Result<HttpReply>> fetch(beast::tcp_stream& stream, const HttpOrigin& origin,
                                     std::string path) {
    http::request<http::empty_body> request{http::verb::get, path, 11};
    request.set(http::field::host, host_header(origin));
    request.set(http::field::user_agent, "fastsyncd");
    request.keep_alive(false);
    const auto [unsent, sent] = co_await http::async_write(stream, request, kUse);
    if (unsent) co_return describe(unsent, origin);

    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(kMaxHttpReply);
    const auto [unread, got] = co_await http::async_read(stream, buffer, parser, kUse);
    if (unread) co_return describe(unread, origin);
    co_return HttpReply{parser.get().result_int(), std::move(parser.get().body())};
}

/// One request and where it stands: outlives its coroutine.
struct Call {
    beast::tcp_stream stream;
    HttpOrigin origin;
    std::string path;
    Result<HttpReply> outcome{Error{Errc::kClosed, "the request did not end"}};
};

async::Task<void> make(Call& call, tcp::resolver::results_type addresses, Duration timeout) {
    call.stream.expires_after(timeout);
    const auto [failed, reached] = co_await call.stream.async_connect(addresses, kUse);
    if (failed) {
        call.outcome = describe(failed, call.origin);
    } else {
        call.outcome = co_await fetch(call.stream, call.origin, call.path);
    }
}

}  // namespace

Result<HttpOrigin> parse_http_origin(std::string_view url) {
    const std::string shown{url};
    if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
        if (url.substr(0, scheme) != "http") {
            return Error{Errc::kMalformed, "only http:// is spoken: " + shown};
        }
        url.remove_prefix(scheme + 3);
    }
    if (url.ends_with('/')) url.remove_suffix(1);
    if (url.find_first_of("/?#@ ") != std::string_view::npos) {
        return Error{Errc::kMalformed, "expected http://HOST:PORT without a path: " + shown};
    }
    HttpOrigin out;
    std::string_view port;
    if (const std::size_t end = url.find(']');
        url.starts_with('[') && end != std::string_view::npos) {
        out.host = url.substr(1, end - 1);
        port = url.substr(end + 1);
    } else {
        const std::size_t colon = std::min(url.find(':'), url.size());
        out.host = url.substr(0, colon);
        port = url.substr(colon);
    }
    if (out.host.empty()) return Error{Errc::kMalformed, "no host in the URL: " + shown};
    if (!port.empty()) {
        if (port.front() != ':') return Error{Errc::kMalformed, "not a URL: " + shown};
        FASTSYNC_TRY(out.port, parse_port(port.substr(1)));
    }
    return out;
}

Result<HttpReply> http_get(const HttpOrigin& origin, std::string_view path, Duration timeout) {
    asio::io_context context{1};
    error_code failed;
    tcp::resolver resolver{context};
    const auto addresses = resolver.resolve(origin.host, std::to_string(origin.port), failed);
    if (failed) return describe(failed, origin);

    Call call{beast::tcp_stream{context}, origin, std::string{path}};
    asio::co_spawn(context, make(call, addresses, timeout), [&](std::exception_ptr escaped) {
        if (escaped) call.outcome = Error{Errc::kClosed, "the request failed"};
    });
    context.run();
    return std::move(call.outcome);
}

}  // namespace fastsync::status
