#include <optional>
#include <set>
#include <vector>

#include <boost/asio/redirect_error.hpp>

#include <async/task_scope.hpp>
#include <net/tcp.hpp>

namespace fastsync::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

/// What one dial holds: closing it ends whatever step is under way.
struct Attempt {
    explicit Attempt(const async::Executor& executor)
        : resolver(executor), socket(executor), done(executor) {}

    tcp::resolver resolver;
    tcp::socket socket;
    void end(Errc reason) {
        if (ended) return;
        ended = reason;
        resolver.cancel();
        error_code ignored;
        socket.close(ignored);
    }

    async::Gate done;
    std::optional<Errc> ended;
};

async::Task<void> close_at(async::Clock& clock, TimePoint deadline, Attempt& attempt) {
    const bool done = co_await clock.sleep_until(deadline, &attempt.done);
    if (done) co_return;
    attempt.end(Errc::kTimeout);
}

async::Task<Result<std::vector<tcp::endpoint>>> resolve(Attempt& attempt, const std::string& host,
                                                        std::uint16_t port) {
    error_code failed;
    const auto numeric = boost::asio::ip::make_address(host, failed);
    if (!failed) co_return std::vector<tcp::endpoint>{{numeric, port}};
    const auto found = co_await attempt.resolver.async_resolve(
        host, std::to_string(port),
        boost::asio::redirect_error(boost::asio::use_awaitable, failed));
    if (failed) co_return Error{Errc::kConnect, "cannot resolve the name: " + failed.message()};
    std::vector<tcp::endpoint> out;
    for (const auto& entry : found)
        out.push_back(entry.endpoint());
    co_return out;
}

async::Task<Result<void>> connect(Attempt& attempt, const std::string& host, std::uint16_t port) {
    FASTSYNC_CO_TRY(const auto endpoints, co_await resolve(attempt, host, port));
    error_code failed = boost::asio::error::host_not_found;
    for (const tcp::endpoint& endpoint : endpoints) {
        if (attempt.ended) break;
        error_code ignored;
        attempt.socket.close(ignored);
        co_await attempt.socket.async_connect(
            endpoint, boost::asio::redirect_error(boost::asio::use_awaitable, failed));
        // A deadline that struck after the connection stood has closed the socket all the same.
        if (!failed && attempt.socket.is_open()) co_return Result<void>{};
    }
    co_return Error{Errc::kConnect, failed.message()};
}

class TcpDialer final : public Dialer {
  public:
    TcpDialer(async::Executor executor, async::Clock& clock)
        : executor_(std::move(executor)), clock_(clock) {}

    [[nodiscard]] async::Task<Result<std::unique_ptr<ByteStream>>> dial(
        std::string host, std::uint16_t port, TimePoint deadline) override {
        if (closed_) co_return Error{Errc::kClosed, "dialer closed"};
        Attempt attempt{executor_};
        const Listed listed{attempts_, attempt};
        async::TaskScope scope{executor_};
        scope.spawn(close_at(clock_, deadline, attempt));
        const Result<void> connected = co_await connect(attempt, host, port);
        attempt.done.open();
        co_await scope.join();
        if (attempt.ended == Errc::kTimeout)
            co_return Error{Errc::kTimeout, "no connection in time"};
        if (attempt.ended) co_return Error{*attempt.ended, "dialer closed"};
        if (!connected) co_return connected.error();
        co_return make_tcp_stream(std::move(attempt.socket));
    }

    void close() noexcept override {
        closed_ = true;
        for (Attempt* attempt : attempts_)
            attempt->end(Errc::kClosed);
    }

  private:
    /// Keeps an attempt on the list of those close() ends.
    class Listed {
      public:
        Listed(std::set<Attempt*>& all, Attempt& attempt) : all_(all), attempt_(&attempt) {
            all_.insert(attempt_);
        }
        Listed(const Listed&) = delete;
        Listed& operator=(const Listed&) = delete;
        ~Listed() { all_.erase(attempt_); }

      private:
        std::set<Attempt*>& all_;
        Attempt* attempt_;
    };

    async::Executor executor_;
    async::Clock& clock_;
    std::set<Attempt*> attempts_;
    bool closed_ = false;
};

}  // namespace

std::unique_ptr<Dialer> make_tcp_dialer(async::Executor executor, async::Clock& clock) {
    return std::make_unique<TcpDialer>(std::move(executor), clock);
}

}  // namespace fastsync::net
