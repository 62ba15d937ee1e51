#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>
#include <variant>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http.hpp>

#include <async/gate.hpp>
#include <async/task_scope.hpp>
#include <common/log.hpp>
#include <net/address.hpp>
#include <status/http_connection.hpp>
#include <status/http_routes.hpp>
#include <status/http_server.hpp>
#include <status/post_places.hpp>

namespace fastsync::status {
namespace {

using std::chrono::milliseconds;

/// We read on for this long after refusing; see drain().
constexpr Duration kLingerTime = std::chrono::seconds{1};
/// Pause after a failed accept (no file descriptors left), so that it does not spin.
constexpr Duration kAcceptRetry = milliseconds{100};
/// How long a client keeps its place, whoever else comes: while it is to ask, and while it takes an
/// answer.
constexpr Duration kSpeakingTime = milliseconds{100};
constexpr Duration kReadingTime = std::chrono::seconds{1};
/// When to ask again if too many documents are being answered, seconds.
constexpr std::string_view kRetryAfter = "1";

class Server final : public HttpServer {
  public:
    Server(async::Executor executor, const HttpServerOptions& options, tcp::acceptor acceptor,
           const StatusBoard& board)
        : options_(options),
          acceptor_(std::move(acceptor)),
          board_(board),
          retry_(executor),
          place_freed_(executor),
          scope_(executor) {
        error_code failed;
        port_ = acceptor_.local_endpoint(failed).port();
    }

    [[nodiscard]] std::uint16_t port() const noexcept override { return port_; }
    [[nodiscard]] async::Task<void> run() override;
    void stop() noexcept override;

  private:
    enum class Next { kKeepOpen, kClose };
    using Moment = std::chrono::steady_clock::time_point;

    /// Keeps a connection known to stop() while its coroutine runs.
    struct Registered {
        Registered(std::unordered_set<Connection*>& all, Connection& one, asio::steady_timer& freed)
            : all_(all), one_(one), freed_(freed) {
            all_.insert(&one_);
        }
        Registered(const Registered&) = delete;
        Registered& operator=(const Registered&) = delete;
        ~Registered() {
            all_.erase(&one_);
            freed_.cancel();  // wakes who waits for a place
        }

      private:
        std::unordered_set<Connection*>& all_;
        Connection& one_;
        asio::steady_timer& freed_;
    };

    async::Task<void> wait_for_room();
    [[nodiscard]] std::optional<Moment> make_room(Moment now);
    async::Task<void> serve(tcp::socket socket);
    async::Task<Next> serve_one(Connection& connection);
    async::Task<error_code> read(Connection& connection, Parser& parser) const;
    async::Task<HttpAnswer> make_answer(Connection& connection, Parser& parser);
    async::Task<bool> wait_for_place(Connection& connection);
    void leave_place(Connection& connection);
    async::Task<Next> reply(Connection& connection, const Parser& parser, HttpAnswer what,
                            Next next) const;
    async::Task<void> linger(Connection& connection) const;

    HttpServerOptions options_;
    tcp::acceptor acceptor_;
    const StatusBoard& board_;
    std::uint16_t port_ = 0;
    bool stopping_ = false;
    bool crowded_ = false;  ///< somebody waits for a place
    asio::steady_timer retry_;
    std::unordered_set<Connection*> served_;
    PostPlaces posts_;
    std::size_t posts_waiting_ = 0;
    async::Gate place_freed_;  ///< open only while it wakes those who wait
    async::TaskScope scope_;
};

async::Task<void> Server::run() {
    while (!stopping_) {
        auto [failed, socket] = co_await acceptor_.async_accept(kUse);
        if (stopping_) break;
        if (failed) {
            log::warn("status", "accept failed error=\"{}\"", failed.message());
            retry_.expires_after(kAcceptRetry);
            co_await retry_.async_wait(kUse);
            continue;
        }
        co_await wait_for_room();
        if (stopping_) break;
        scope_.spawn(serve(std::move(socket)));
    }
    co_await scope_.join();
}

/// Until there is a place. The system holds those who come meanwhile.
async::Task<void> Server::wait_for_room() {
    while (!stopping_) {
        const auto when = make_room(std::chrono::steady_clock::now());
        crowded_ = when.has_value();
        if (!when) co_return;
        retry_.expires_at(*when);  // or until a place is free
        co_await retry_.async_wait(kUse);
    }
}

/// Nothing when there is a place, else when to look again. If all are taken, the client that keeps
/// us waiting longest gives way once it has had its time, of those of the address that holds the
/// most places: whoever opens many connections and says nothing shuts out itself.
std::optional<Server::Moment> Server::make_room(Moment now) {
    std::map<asio::ip::address, std::size_t> held;
    std::size_t places = 0;
    for (const Connection* connection : served_) {
        if (connection->gave_way) continue;
        ++places;
        ++held[connection->address];
    }
    if (places < options_.max_connections) return std::nullopt;
    std::size_t most = 0;
    for (const auto& [address, count] : held)
        most = std::max(most, count);
    Moment next = now + kReadingTime;
    Connection* slowest = nullptr;
    for (Connection* connection : served_) {
        if (connection->gave_way || connection->working || held[connection->address] < most)
            continue;
        const Moment until =
            connection->waits_since + (connection->writing ? kReadingTime : kSpeakingTime);
        if (until > now) {
            next = std::min(next, until);
        } else if (slowest == nullptr || connection->waits_since < slowest->waits_since) {
            slowest = connection;
        }
    }
    if (slowest == nullptr) return next;
    slowest->gave_way = true;
    error_code ignored;
    slowest->socket.close(ignored);
    return std::nullopt;
}

void Server::stop() noexcept {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
    place_freed_.open();
    for (Connection* connection : served_)
        connection->socket.close(ignored);
}

async::Task<void> Server::serve(tcp::socket socket) {
    Connection connection{std::move(socket)};
    const Registered registered{served_, connection, retry_};
    // The await is a statement of its own: gcc 12 awaits before it looks at what stands left of
    // an && in the condition of a loop; a connection accepted just before stop() then held it up.
    Next next = Next::kKeepOpen;
    while (!stopping_ && next == Next::kKeepOpen)
        next = co_await serve_one(connection);
    co_await linger(connection);
}

async::Task<Server::Next> Server::serve_one(Connection& connection) {
    if (connection.buffer.size() == 0) {
        connection.timer.expires_after(options_.idle_timeout);
        const error_code silent = co_await until_timer(connection, wait_readable(connection));
        if (silent) co_return Next::kClose;
    }
    Parser parser;
    parser.header_limit(kMaxHttpHeader);
    parser.body_limit(options_.handler != nullptr ? options_.handler->max_body() : kMaxHttpBody);
    const error_code failed = co_await read(connection, parser);
    if (failed) {
        auto what = explain(failed, connection, parser);
        if (!what || !connection.socket.is_open()) co_return Next::kClose;
        if (what->status == 413 && is_post(to_request(parser)) && options_.handler != nullptr)
            what->body = options_.handler->too_large();
        co_return co_await reply(connection, parser, *std::move(what), Next::kClose);
    }
    if (host_is_wrong(parser)) {
        co_return co_await reply(connection, parser,
                                 refusal(400, "exactly one Host header is needed"), Next::kClose);
    }
    HttpAnswer what = co_await make_answer(connection, parser);
    // Whoever is to ask again later shall not keep a place until then. And while others wait, one
    // answer is what a place is for: who asks without a pause would never give way.
    const bool reusable =
        parser.is_done() && parser.get().keep_alive() && what.retry_after.empty() && !crowded_;
    const Next next = co_await reply(connection, parser, std::move(what),
                                     reusable ? Next::kKeepOpen : Next::kClose);
    if (connection.posting) leave_place(connection);
    co_return next;
}

async::Task<HttpAnswer> Server::make_answer(Connection& connection, Parser& parser) {
    const HttpRequest question = to_request(parser);
    if (options_.handler == nullptr || !is_post(question))
        co_return answer(question, options_.host_names, board_);
    if (auto refused = refuse_post(question, options_.host_names)) co_return *std::move(refused);
    if (!parser.is_done()) co_return refusal(417, "send the body without Expect");
    connection.working = true;
    connection.posting = co_await wait_for_place(connection);
    if (!connection.posting) {
        connection.working = false;
        // Not 503: client libraries ask again by themselves after 429 only.
        HttpAnswer busy{429, options_.handler->busy()};
        busy.retry_after = kRetryAfter;
        co_return busy;
    }
    std::string body = co_await options_.handler->answer(std::move(parser.get().body()));
    connection.working = false;
    co_return HttpAnswer{200, std::move(body)};
}

/// A library that asks many things at once shall not have to know how many: a few wait. Never so
/// many that they and those who are answered take half of the connections.
async::Task<bool> Server::wait_for_place(Connection& connection) {
    if (posts_.enter(connection.address)) co_return true;
    if (posts_waiting_ + kMaxPosts >= options_.max_connections / 2) co_return false;
    ++posts_waiting_;
    const auto until = std::chrono::steady_clock::now() + kMaxPostWait;
    bool entered = false;
    bool woken = true;
    while (woken && !entered && !stopping_) {
        woken = co_await place_freed_.wait_until(until);
        entered = !stopping_ && posts_.enter(connection.address);
    }
    --posts_waiting_;
    co_return entered;
}

void Server::leave_place(Connection& connection) {
    posts_.leave(connection.address);
    connection.posting = false;
    if (stopping_) return;
    place_freed_.open();
    place_freed_.reset();
}

async::Task<error_code> Server::read(Connection& connection, Parser& parser) const {
    connection.timer.expires_after(options_.request_timeout);
    const error_code failed = co_await until_timer(connection, read_header(connection, parser));
    if (failed || parser.is_done()) co_return failed;
    // A client that expects "100 Continue" holds its body back: the final answer is the reply.
    if (parser.get().count(http::field::expect) > 0) co_return error_code{};
    if (!is_post(to_request(parser))) {
        const auto announced = parser.content_length();
        if (announced && *announced > kMaxHttpBody) co_return http::error::body_limit;
        parser.body_limit(kMaxHttpBody);
    }
    co_return co_await until_timer(connection, read_body(connection, parser));
}

async::Task<Server::Next> Server::reply(Connection& connection, const Parser& parser,
                                        HttpAnswer what, Next next) const {
    const auto& request = parser.get();
    const auto fill = [&](auto& response) {
        response.version(request.version() == 10 ? 10 : 11);
        response.result(what.status);
        response.set(http::field::server, "fastsyncd/" + options_.version);
        response.set(http::field::content_type, to_beast(what.type));
        response.set(http::field::cache_control, "no-store");
        response.set("X-Content-Type-Options", "nosniff");
        if (!what.policy.empty()) response.set("Content-Security-Policy", to_beast(what.policy));
        if (!what.allow.empty()) response.set(http::field::allow, to_beast(what.allow));
        if (!what.retry_after.empty())
            response.set(http::field::retry_after, to_beast(what.retry_after));
        response.keep_alive(next == Next::kKeepOpen);
        response.content_length(what.body.size());
    };
    connection.timer.expires_after(options_.write_timeout);
    connection.waits_since = std::chrono::steady_clock::now();
    connection.writing = true;
    error_code failed;
    if (request.method() == http::verb::head) {
        http::response<http::empty_body> response;
        fill(response);
        failed = co_await until_timer(connection, write(connection, response));
    } else {
        http::response<http::string_body> response;
        fill(response);
        response.body() = std::move(what.body);
        failed = co_await until_timer(connection, write(connection, response));
    }
    connection.waits_since = std::chrono::steady_clock::now();
    connection.writing = false;
    if (!failed) co_return next;
    error_code ignored;
    connection.socket.close(ignored);
    co_return Next::kClose;
}

async::Task<void> Server::linger(Connection& connection) const {
    if (stopping_ || !connection.socket.is_open()) co_return;
    error_code failed;
    connection.socket.shutdown(tcp::socket::shutdown_send, failed);
    if (failed) co_return;
    connection.timer.expires_after(kLingerTime);
    (void)co_await until_timer(connection, drain(connection));
}

Error cannot_listen(const tcp::endpoint& endpoint, const error_code& failed) {
    const net::HostPort address{endpoint.address().to_string(), endpoint.port()};
    return {Errc::kConnect,
            "cannot serve HTTP on " + net::to_string(address) + ": " + failed.message()};
}

Result<tcp::acceptor> listen(async::Executor executor, const tcp::endpoint& endpoint) {
    tcp::acceptor acceptor{std::move(executor)};
    error_code failed;
    acceptor.open(endpoint.protocol(), failed);
    if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
    if (!failed) acceptor.bind(endpoint, failed);
    if (!failed) acceptor.listen(tcp::acceptor::max_listen_connections, failed);
    if (failed) return cannot_listen(endpoint, failed);
    return acceptor;
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::open(async::Executor executor,
                                                     const HttpServerOptions& options,
                                                     const StatusBoard& board) {
    error_code failed;
    const auto address = asio::ip::make_address(options.address, failed);
    if (failed)
        return Error{Errc::kConfig, "not an IP address to serve HTTP on: " + options.address};
    if (!address.is_loopback() && options.exposure != Exposure::kPublic) {
        return Error{Errc::kConfig, options.address +
                                        " is not a loopback address: serving HTTP there must be "
                                        "allowed explicitly (http-allow-public)"};
    }
    FASTSYNC_TRY(tcp::acceptor acceptor, listen(executor, {address, options.port}));
    return std::unique_ptr<HttpServer>{
        std::make_unique<Server>(executor, options, std::move(acceptor), board)};
}

}  // namespace fastsync::status
