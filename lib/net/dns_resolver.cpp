#include <array>
#include <optional>
#include <set>
#include <utility>

#include <ares.h>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <sys/time.h>
#include <unistd.h>

#include <async/task_scope.hpp>
#include <net/dns.hpp>

namespace fastsync::net {
namespace {

using boost::asio::posix::stream_descriptor;

constexpr int kClassInternet = 1;
constexpr int kTypeTxt = 16;
/// For one server and try, milliseconds; and tries.
constexpr int kServerTimeoutMs = 2000;
constexpr int kTries = 3;
/// Longest wait between two looks at a question, should no socket say anything.
constexpr Duration kLongestWait = std::chrono::seconds{1};
/// Texts and bytes of them taken from one answer.
constexpr std::size_t kMaxTexts = 64;
constexpr std::size_t kMaxTextBytes = 64UL * 1024;

/// The library, started once for the process and never ended.
bool library_started() {
    static const bool started = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
    return started;
}

struct Answer {
    bool done = false;
    int status = ARES_ECANCELLED;
    std::vector<std::string> texts;
};

std::vector<std::string> texts_of(const ares_txt_ext* first) {
    std::vector<std::string> out;
    std::size_t bytes = 0;
    for (const ares_txt_ext* part = first; part != nullptr; part = part->next) {
        bytes += part->length;
        if (bytes > kMaxTextBytes) break;
        if (part->record_start != 0 || out.empty()) {
            if (out.size() >= kMaxTexts) break;
            out.emplace_back();
        }
        out.back().append(reinterpret_cast<const char*>(part->txt), part->length);
    }
    return out;
}

void on_answer(void* context, int status, int, unsigned char* bytes, int size) {
    auto& answer = *static_cast<Answer*>(context);
    answer.done = true;
    answer.status = status;
    if (status != ARES_SUCCESS) return;
    ares_txt_ext* texts = nullptr;
    answer.status = ares_parse_txt_reply_ext(bytes, size, &texts);
    if (answer.status == ARES_SUCCESS) answer.texts = texts_of(texts);
    if (texts != nullptr) ares_free_data(texts);
}

/// One question: a channel of its own, so that closing it concerns nobody else.
class Channel {
  public:
    Channel() = default;
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel() {
        if (handle_ != nullptr) ares_destroy(handle_);
    }

    [[nodiscard]] Result<void> open(const std::string& servers) {
        ares_options options{};
        options.timeout = kServerTimeoutMs;
        options.tries = kTries;
        if (!library_started() ||
            ares_init_options(&handle_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) !=
                ARES_SUCCESS)
            return Error{Errc::kConnect, "the name resolver cannot be started"};
        if (!servers.empty() &&
            ares_set_servers_ports_csv(handle_, servers.c_str()) != ARES_SUCCESS)
            return Error{Errc::kConfig, "no list of name servers: " + servers};
        return {};
    }
    [[nodiscard]] ares_channel get() const noexcept { return handle_; }

  private:
    ares_channel handle_ = nullptr;
};

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

Error error_of(int status, const std::string& name) {
    if (status == ARES_ENOTFOUND || status == ARES_ENODATA)
        return {Errc::kNotFound, "no TXT record at " + name};
    return {Errc::kConnect, "cannot resolve " + name + ": " + ares_strerror(status)};
}

class CaresResolver final : public TxtResolver {
  public:
    CaresResolver(async::Executor executor, async::Clock& clock, std::string servers)
        : executor_(std::move(executor)), clock_(clock), servers_(std::move(servers)) {}

    [[nodiscard]] async::Task<Result<std::vector<std::string>>> resolve_txt(
        std::string name, TimePoint deadline) override {
        // Before the channel: the library still tells it when the channel goes.
        Answer answer;
        Channel channel;
        FASTSYNC_CO_CHECK(channel.open(servers_));
        if (!closed_)
            ares_query(channel.get(), name.c_str(), kClassInternet, kTypeTxt, on_answer, &answer);
        while (!answer.done && !closed_ && clock_.now() < deadline)
            co_await turn(channel.get(), deadline);
        if (closed_) co_return Error{Errc::kClosed, "the resolver was closed"};
        if (!answer.done) co_return Error{Errc::kTimeout, "no answer in time for " + name};
        if (answer.status != ARES_SUCCESS) co_return error_of(answer.status, name);
        co_return std::move(answer.texts);
    }

    void close() noexcept override {
        closed_ = true;
        for (async::Gate* gate : waiting_)
            gate->open();
    }

  private:
    /// Waits until the library has something to do, and lets it.
    async::Task<void> turn(ares_channel channel, TimePoint deadline) {
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

    static Duration time_left(ares_channel channel) {
        timeval longest{std::chrono::duration_cast<std::chrono::seconds>(kLongestWait).count(), 0};
        timeval storage{};
        const timeval* left = ares_timeout(channel, &longest, &storage);
        return std::chrono::seconds{left->tv_sec} + std::chrono::microseconds{left->tv_usec};
    }

    static void process(ares_channel channel, const std::vector<Watched>& sockets) {
        for (const Watched& watched : sockets)
            ares_process_fd(channel, watched.reads ? watched.socket : ARES_SOCKET_BAD,
                            watched.writes ? watched.socket : ARES_SOCKET_BAD);
        // And what has timed out.
        ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }

    async::Executor executor_;
    async::Clock& clock_;
    std::string servers_;
    std::set<async::Gate*> waiting_;
    bool closed_ = false;
};

}  // namespace

Result<std::unique_ptr<TxtResolver>> make_txt_resolver(async::Executor executor,
                                                       async::Clock& clock, std::string servers) {
    Channel probe;
    FASTSYNC_CHECK(probe.open(servers));
    return std::unique_ptr<TxtResolver>{
        std::make_unique<CaresResolver>(std::move(executor), clock, std::move(servers))};
}

}  // namespace fastsync::net
