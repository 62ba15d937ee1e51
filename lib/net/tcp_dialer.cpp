#include <optional>
#include <set>
#include <utility>
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
    explicit Attempt(const async::Executor& executor) : socket(executor) {}

    void end() {
        ended = true;
        error_code ignored;
        socket.close(ignored);
    }

    tcp::socket socket;
    bool ended = false;
};

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

tcp::endpoint endpoint_of(const IpAddress& address, std::uint16_t port) {
    error_code failed;
    return {boost::asio::ip::make_address(to_string(address), failed), port};
}

async::Task<void> close_at(async::Clock& clock, TimePoint deadline, tcp::socket& socket,
                           async::Gate& done, bool& late) {
    const bool in_time = co_await clock.sleep_until(deadline, &done);
    if (in_time) co_return;
    late = true;
    error_code ignored;
    socket.close(ignored);
}

class TcpDialer final : public Dialer {
  public:
    TcpDialer(async::Executor executor, async::Clock& clock, std::unique_ptr<HostResolver> resolver)
        : executor_(std::move(executor)), clock_(clock), resolver_(std::move(resolver)) {}

    [[nodiscard]] async::Task<Result<std::unique_ptr<ByteStream>>> dial(
        std::string host, std::uint16_t port, TimePoint deadline) override {
        if (closed_) co_return Error{Errc::kClosed, "dialer closed"};
        Attempt attempt{executor_};
        const Listed listed{attempts_, attempt};
        const auto endpoints = co_await resolve(std::move(host), port, deadline);
        if (attempt.ended) co_return Error{Errc::kClosed, "dialer closed"};
        if (!endpoints) co_return endpoints.error();
        Error failed{Errc::kConnect, "no address"};
        for (std::size_t i = 0; i < endpoints->size(); ++i) {
            const auto left = static_cast<std::int64_t>(endpoints->size() - i);
            const TimePoint now = clock_.now();
            const auto connected =
                co_await connect(attempt, (*endpoints)[i], now + (deadline - now) / left);
            if (attempt.ended) co_return Error{Errc::kClosed, "dialer closed"};
            if (connected) co_return make_tcp_stream(std::move(attempt.socket));
            failed = connected.error();
        }
        co_return failed;
    }

    void close() noexcept override {
        closed_ = true;
        if (resolver_ != nullptr) resolver_->close();
        for (Attempt* attempt : attempts_)
            attempt->end();
    }

  private:
    [[nodiscard]] async::Task<Result<std::vector<tcp::endpoint>>> resolve(std::string host,
                                                                          std::uint16_t port,
                                                                          TimePoint deadline) {
        error_code failed;
        const auto numeric = boost::asio::ip::make_address(host, failed);
        if (!failed) co_return std::vector<tcp::endpoint>{{numeric, port}};
        if (resolver_ == nullptr) co_return Error{Errc::kConnect, "no IP address: " + host};
        const TimePoint now = clock_.now();
        const auto found =
            co_await resolver_->resolve_host(std::move(host), now + (deadline - now) / 2);
        // Whatever it is to the resolver, to us it is a dial that came to nothing.
        if (!found) co_return Error{Errc::kConnect, found.error().detail};
        std::vector<tcp::endpoint> out;
        for (const IpAddress& address : *found)
            out.push_back(endpoint_of(address, port));
        co_return out;
    }

    [[nodiscard]] async::Task<Result<void>> connect(Attempt& attempt, tcp::endpoint endpoint,
                                                    TimePoint until) {
        error_code failed;
        attempt.socket.close(failed);
        async::Gate done{executor_};
        bool late = false;
        async::TaskScope scope{executor_};
        scope.spawn(close_at(clock_, until, attempt.socket, done, late));
        co_await attempt.socket.async_connect(
            endpoint, boost::asio::redirect_error(boost::asio::use_awaitable, failed));
        done.open();
        co_await scope.join();
        // A deadline that struck after the connection stood has closed the socket all the same.
        if (late) co_return Error{Errc::kTimeout, "no connection in time"};
        if (failed || !attempt.socket.is_open()) co_return Error{Errc::kConnect, failed.message()};
        co_return Result<void>{};
    }

    async::Executor executor_;
    async::Clock& clock_;
    std::unique_ptr<HostResolver> resolver_;
    std::set<Attempt*> attempts_;
    bool closed_ = false;
};

}  // namespace

std::unique_ptr<Dialer> make_tcp_dialer(async::Executor executor, async::Clock& clock,
                                        std::unique_ptr<HostResolver> resolver) {
    return std::make_unique<TcpDialer>(std::move(executor), clock, std::move(resolver));
}

}  // namespace fastsync::net
