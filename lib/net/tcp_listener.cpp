#include <optional>

#include <boost/asio/redirect_error.hpp>

#include <common/log.hpp>
#include <net/tcp.hpp>

namespace fastsync::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

/// How long accepting rests after an error that the next attempt would meet again (no file handle
/// or memory left), doubled each time.
constexpr Duration kFirstRest = std::chrono::milliseconds{50};
constexpr Duration kLongestRest = std::chrono::seconds{2};
/// The log hears of it that often at most: strangers can bring it about.
constexpr Duration kWarnInterval = std::chrono::minutes{1};

/// Errors of one connection that went away before we took it: the next attempt meets another one.
bool concerns_one_connection(const error_code& error) {
    namespace e = boost::asio::error;
    return error == e::connection_aborted || error == e::connection_reset ||
           error == e::interrupted;
}

class TcpListener final : public Listener {
  public:
    TcpListener(const async::Executor& executor, async::Clock& clock, tcp::acceptor acceptor)
        : executor_(executor), clock_(clock), acceptor_(std::move(acceptor)), closed_(executor) {
        error_code ignored;
        port_ = acceptor_.local_endpoint(ignored).port();
    }

    [[nodiscard]] async::Task<Result<std::unique_ptr<ByteStream>>> accept() override {
        Duration rest = kFirstRest;
        while (!closed_.is_open()) {
            error_code failed;
            tcp::socket socket = co_await acceptor_.async_accept(
                executor_, boost::asio::redirect_error(boost::asio::use_awaitable, failed));
            if (closed_.is_open()) break;
            if (!failed) co_return make_tcp_stream(std::move(socket));
            if (concerns_one_connection(failed)) continue;
            warn(failed);
            (void)co_await clock_.sleep_until(clock_.now() + rest, &closed_);
            rest = std::min(rest * 2, kLongestRest);
        }
        co_return Error{Errc::kClosed, "the listener was closed"};
    }

    [[nodiscard]] std::uint16_t port() const override { return port_; }

    void close() noexcept override {
        closed_.open();
        error_code ignored;
        acceptor_.close(ignored);
    }

  private:
    void warn(const error_code& failed) {
        const TimePoint now = clock_.now();
        if (warned_ && now - *warned_ < kWarnInterval) return;
        warned_ = now;
        log::warn("net", "accepting rests reason=\"{}\" port={}", failed.message(), port_);
    }

    async::Executor executor_;
    async::Clock& clock_;
    tcp::acceptor acceptor_;
    async::Gate closed_;
    std::uint16_t port_ = 0;
    std::optional<TimePoint> warned_;
};

}  // namespace

Result<std::unique_ptr<Listener>> make_tcp_listener(async::Executor executor, async::Clock& clock,
                                                    const HostPort& address) {
    error_code failed;
    const auto host = boost::asio::ip::make_address(address.host, failed);
    if (failed) return Error{Errc::kConfig, "the address to listen on is no IP address"};
    const tcp::endpoint endpoint{host, address.port};
    tcp::acceptor acceptor{executor};
    acceptor.open(endpoint.protocol(), failed);
    if (!failed) acceptor.set_option(tcp::acceptor::reuse_address{true}, failed);
    if (!failed) acceptor.bind(endpoint, failed);
    if (!failed) acceptor.listen(boost::asio::socket_base::max_listen_connections, failed);
    if (failed)
        return Error{Errc::kConnect,
                     "cannot listen on " + to_string(address) + ": " + failed.message()};
    return std::unique_ptr<Listener>{
        std::make_unique<TcpListener>(executor, clock, std::move(acceptor))};
}

}  // namespace fastsync::net
