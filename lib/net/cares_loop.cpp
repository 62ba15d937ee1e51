#include <array>
#include <memory>
#include <vector>

#include <ares.h>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <sys/time.h>
#include <unistd.h>

#include <async/task_scope.hpp>
#include <net/cares_loop.hpp>

namespace fastsync::net {
namespace {

using boost::asio::posix::stream_descriptor;

/// For one server and try, milliseconds; and tries.
constexpr int kServerTimeoutMs = 2000;
constexpr int kTries = 3;
/// Longest wait between two looks at a question, should no socket say anything.
constexpr Duration kLongestWait = std::chrono::seconds{1};

/// The library, started once for the process and never ended.
bool library_started() {
    static const bool started = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
    return started;
}

/// A socket the library wants watched.
struct Watched {
    ares_socket_t socket = ARES_SOCKET_BAD;
    bool reads = false;
    bool writes = false;
};

std::vector<Watched> watched_sockets(ares_channel channel) {
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
    const auto bits =
        static_cast<unsigned>(ares_getsock(channel, sockets.data(), ARES_GETSOCK_MAXNUM));
    std::vector<Watched> out;
    for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
        const bool reads = (bits >> i & 1U) != 0;
        const bool writes = (bits >> (i + ARES_GETSOCK_MAXNUM) & 1U) != 0;
        if (reads || writes) out.push_back({sockets[i], reads, writes});
    }
    return out;
}

async::Task<void> open_when(stream_descriptor& descriptor, stream_descriptor::wait_type what,
                            async::Gate& gate) {
    boost::system::error_code ignored;
    co_await descriptor.async_wait(
        what, boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    gate.open();
}

/// Keeps a gate on the list of those close() opens.
class Listed {
  public:
    Listed(std::set<async::Gate*>& all, async::Gate& gate) : all_(all), gate_(&gate) {
        all_.insert(gate_);
    }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() { all_.erase(gate_); }

  private:
    std::set<async::Gate*>& all_;
    async::Gate* gate_;
};

Duration time_left(ares_channel channel) {
    timeval longest{std::chrono::duration_cast<std::chrono::seconds>(kLongestWait).count(), 0};
    timeval storage{};
    const timeval* left = ares_timeout(channel, &longest, &storage);
    return std::chrono::seconds{left->tv_sec} + std::chrono::microseconds{left->tv_usec};
}

void process(ares_channel channel, const std::vector<Watched>& sockets) {
    for (const Watched& watched : sockets)
        ares_process_fd(channel, watched.reads ? watched.socket : ARES_SOCKET_BAD,
                        watched.writes ? watched.socket : ARES_SOCKET_BAD);
    // And what has timed out.
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

}  // namespace

CaresChannel::~CaresChannel() {
    if (handle_ != nullptr) ares_destroy(handle_);
}

Result<void> CaresChannel::open(const std::string& servers) {
    ares_options options{};
    options.timeout = kServerTimeoutMs;
    options.tries = kTries;
    if (!library_started() ||
        ares_init_options(&handle_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) != ARES_SUCCESS)
        return Error{Errc::kConnect, "the name resolver cannot be started"};
    if (!servers.empty() && ares_set_servers_ports_csv(handle_, servers.c_str()) != ARES_SUCCESS)
        return Error{Errc::kConfig, "no list of name servers: " + servers};
    return {};
}

async::Task<void> CaresLoop::turn(ares_channeldata* channel, TimePoint deadline) {
    const std::vector<Watched> sockets = watched_sockets(channel);
    async::Gate gate{executor_};
    const Listed listed{waiting_, gate};
    async::TaskScope scope{executor_};
    std::vector<std::unique_ptr<stream_descriptor>> descriptors;
    for (const Watched& watched : sockets) {
        // A copy: the library closes its own whenever it likes.
        const int copy = ::dup(watched.socket);
        if (copy < 0) continue;
        descriptors.push_back(std::make_unique<stream_descriptor>(executor_, copy));
        if (watched.reads)
            scope.spawn(open_when(*descriptors.back(), stream_descriptor::wait_read, gate));
        if (watched.writes)
            scope.spawn(open_when(*descriptors.back(), stream_descriptor::wait_write, gate));
    }
    const TimePoint until = std::min(deadline, clock_.now() + time_left(channel));
    const bool woken = co_await clock_.sleep_until(until, &gate);
    boost::system::error_code ignored;
    for (const auto& descriptor : descriptors)
        descriptor->close(ignored);
    co_await scope.join();
    if (!closed_) process(channel, woken ? sockets : std::vector<Watched>{});
}

void CaresLoop::close() noexcept {
    closed_ = true;
    for (async::Gate* gate : waiting_)
        gate->open();
}

}  // namespace fastsync::net
