#include <chrono>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <async/clock.hpp>
#include <async/task_scope.hpp>
#include <common/log.hpp>
#include <crypto/entropy.hpp>
#include <daemon/chosen_nodes.hpp>
#include <daemon/daemon.hpp>
#include <daemon/disk_space.hpp>
#include <daemon/loop_thread.hpp>
#include <daemon/memory_plan.hpp>
#include <daemon/node_finder.hpp>
#include <daemon/node_key.hpp>
#include <daemon/own_status.hpp>
#include <daemon/peer_hub.hpp>
#include <daemon/process_figures.hpp>
#include <daemon/query_service.hpp>
#include <daemon/service_watch.hpp>
#include <daemon/state_backend.hpp>
#include <daemon/status_report.hpp>
#include <daemon/version.hpp>
#include <eth/host.hpp>
#include <net/dns.hpp>
#include <net/tcp.hpp>
#include <status/board.hpp>
#include <status/http_server.hpp>
#include <storage/rocks_store.hpp>
#include <sync/downloader.hpp>

namespace fastsync::daemon {
namespace {

using async::Task;

/// How often the status is made anew, and how often the log gets a line of it.
constexpr Duration kStatusInterval = std::chrono::milliseconds{250};
constexpr Duration kSummaryInterval = std::chrono::seconds{10};
constexpr Duration kDiskInterval = std::chrono::seconds{1};

/// An address that cannot be had is the operator's to change.
Error as_config(Error error) {
    if (error.code == Errc::kConnect) error.code = Errc::kConfig;
    return error;
}

status::WallTime wall_now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

sync::Downloader::Options downloader_options(const RunConfig& config, const MemoryPlan& plan,
                                             async::Executor settling) {
    const bool exits = config.when_complete == RunConfig::WhenComplete::kExit;
    sync::Downloader::Options options;
    options.policy = {config.pivot, config.confirmations};
    options.when_complete =
        exits ? sync::Downloader::WhenComplete::kReturn : sync::Downloader::WhenComplete::kStay;
    options.settling = std::move(settling);
    options.pending_bytes = plan.pending_bytes;
    options.most_in_flight = config.max_requests_per_peer;
    return options;
}

Task<sync::SyncProgress> take_progress(const sync::Downloader& downloader) {
    co_return downloader.progress();
}

Task<std::vector<chain::BlockHeader>> take_completed(const sync::Downloader& downloader) {
    co_return downloader.completed_headers();
}

Task<rpc::CompleteState> take_state(const sync::Downloader& downloader) {
    co_return rpc::CompleteState{downloader.completed_root().value_or(Hash256{}),
                                 downloader.completed_headers()};
}

struct Threads {
    LoopThread disk{"fs-disk"};
    LoopThread net{"fs-net"};
    LoopThread sync{"fs-sync"};
    LoopThread merge{"fs-merge"};
};

class DaemonImpl final : public Daemon {
  public:
    DaemonImpl(RunConfig config, const MemoryPlan& plan, crypto::SecretKey key,
               std::unique_ptr<storage::RocksStore> store, ServiceLink* service)
        : config_(std::move(config)),
          service_(service != nullptr ? service : &silence_),
          key_(std::move(key)),
          store_(std::move(store)),
          net_clock_(async::make_system_clock(threads_.net.executor())),
          sync_clock_(async::make_system_clock(threads_.sync.executor())),
          downloader_(*store_, *sync_clock_, threads_.sync.executor(),
                      downloader_options(config_, plan, threads_.merge.executor())),
          hub_(downloader_, threads_.net.executor(), threads_.sync.executor()),
          backend_(config_.network, *store_, threads_.disk.executor()),
          buffers_(plan.buffer_bytes),
          queries_(config_.network, config_.listen.has_value(), *store_, threads_.disk.executor(),
                   *net_clock_),
          told_enough_(threads_.net.executor()) {}
    DaemonImpl(const DaemonImpl&) = delete;
    DaemonImpl& operator=(const DaemonImpl&) = delete;
    ~DaemonImpl() override { finish_threads(); }

    [[nodiscard]] Result<void> listen();
    [[nodiscard]] Result<void> run() override;
    void stop() override;
    void set_named_peers(std::vector<Enode> static_peers,
                         std::vector<NodeId> trusted_peers) override;
    [[nodiscard]] std::string enode() const override { return enode_; }
    [[nodiscard]] std::uint16_t http_port() const override {
        return http_ ? http_->port() : std::uint16_t{0};
    }

  private:
    [[nodiscard]] Result<std::unique_ptr<net::Listener>> open_listener();
    [[nodiscard]] Result<void> open_finder(std::uint16_t tcp_port);
    [[nodiscard]] Result<void> open_http();
    [[nodiscard]] Task<Result<void>> run_all();
    [[nodiscard]] Task<void> run_host();
    [[nodiscard]] Task<void> end_net();
    [[nodiscard]] Task<void> tell_status();
    [[nodiscard]] Task<void> publish();
    void watch_disk();
    [[nodiscard]] Task<void> offer_completed();
    [[nodiscard]] ServiceWatch::Parts service_parts(async::Clock& clock);
    [[nodiscard]] bool serves() const;
    void log_summary(const status::StatusSnapshot& snapshot);
    void finish_threads();

    RunConfig config_;
    ServiceLink silence_{nullptr};
    ServiceLink* service_;  ///< never null
    crypto::SecretKey key_;
    std::unique_ptr<storage::RocksStore> store_;
    Threads threads_;
    std::unique_ptr<async::Clock> net_clock_;
    std::unique_ptr<async::Clock> sync_clock_;
    sync::Downloader downloader_;
    PeerHub hub_;
    StateBackend backend_;
    std::unique_ptr<NodeFinder> finder_;
    rlpx::BufferPool buffers_;  ///< outlives the connections
    std::unique_ptr<eth::Host> host_;
    status::StatusBoard board_;
    QueryService queries_;  ///< outlives the server
    std::unique_ptr<status::HttpServer> http_;
    std::string enode_;

    // On the net thread.
    async::Gate told_enough_;
    TimePoint started_{};
    TimePoint next_summary_{};
    TimePoint next_disk_look_{};
    std::optional<sync::SyncPhase> phase_;
    status::WallTime phase_since_{};
    std::optional<status::ProcessStatus> process_;
    std::optional<Hash256> offered_;  ///< the last of the headers that were offered
};

Result<std::unique_ptr<net::Listener>> DaemonImpl::open_listener() {
    if (!config_.listen) return std::unique_ptr<net::Listener>{};
    auto listener = net::make_tcp_listener(threads_.net.executor(), *net_clock_, *config_.listen);
    if (!listener) return as_config(listener.error());
    const std::uint16_t port = (*listener)->port();
    enode_ = to_string(Enode{key_.public_key(), config_.listen->host, port, port});
    return listener;
}

/// Discovery shares the address of the listener, so that one URL names both.
Result<void> DaemonImpl::open_finder(std::uint16_t tcp_port) {
    const std::filesystem::path known = config_.data_dir / kNodesFile;
    std::vector<Enode> bootnodes = bootnodes_for(config_);
    std::vector<discovery::DnsLink> dns_lists = dns_lists_for(config_);
    // Nothing to start from, and nobody who could find us: no socket for that.
    const bool hopeless = bootnodes.empty() && dns_lists.empty() && !config_.listen &&
                          !std::filesystem::exists(known);
    if (config_.discovery == RunConfig::Discovery::kOff || hopeless) return {};
    FinderOptions options;
    options.address = config_.listen.value_or(net::HostPort{"0.0.0.0", 0});
    options.address.port = tcp_port;
    options.tcp_port = tcp_port;
    FASTSYNC_TRY(options.hosts, net::make_host_resolver(threads_.net.executor(), *net_clock_, ""));
    options.bootnodes = std::move(bootnodes);
    options.nodes_file = known;
    if (!dns_lists.empty()) {
        auto resolver = net::make_txt_resolver(threads_.net.executor(), *net_clock_, "");
        if (resolver) {
            options.resolver = *std::move(resolver);
        } else {
            // There are other ways to find nodes.
            log::warn("discovery", "dns lists are not read: {}", resolver.error().message());
        }
    }
    options.dns_lists = std::move(dns_lists);
    const eth::ChainIdentity who = backend_.identity();
    options.forks = who.forks;
    options.head = who.head;
    FASTSYNC_TRY(finder_,
                 NodeFinder::open(threads_.net.executor(), threads_.disk.executor(), *net_clock_,
                                  crypto::system_entropy(), key_, std::move(options)));
    return {};
}

Result<void> DaemonImpl::open_http() {
    if (!config_.http) return {};
    status::HttpServerOptions options;
    options.address = config_.http->address.host;
    options.port = config_.http->address.port;
    options.exposure = config_.http->exposure == HttpConfig::Exposure::kPublic
                           ? status::Exposure::kPublic
                           : status::Exposure::kLoopbackOnly;
    options.host_names = config_.http->names;
    options.version = version();
    options.handler = &queries_;
    auto http = status::HttpServer::open(threads_.net.executor(), options, board_);
    if (!http) return as_config(http.error());
    http_ = *std::move(http);
    // Who asks from now on is told something.
    const LooksForNodes looks = finder_ ? LooksForNodes::kYes : LooksForNodes::kNo;
    board_.publish(std::make_shared<const status::StatusSnapshot>(
        starting_snapshot(config_.network, wall_now(), looks)));
    return {};
}

Result<void> DaemonImpl::listen() {
    const async::Executor net = threads_.net.executor();
    FASTSYNC_TRY(std::unique_ptr<net::Listener> listener, open_listener());
    const std::uint16_t port = listener ? listener->port() : std::uint16_t{0};
    FASTSYNC_CHECK(open_finder(port));
    FASTSYNC_CHECK(open_http());
    FASTSYNC_TRY(auto hosts, net::make_host_resolver(net, *net_clock_, ""));
    rlpx::LocalNode local{key_, client_name(), port, {}, &buffers_};
    eth::HostOptions options{config_.static_peers, config_.trusted_peers, config_.max_peers,
                             finder_.get(), config_.network.required_blocks};
    host_ = std::make_unique<eth::Host>(net, *net_clock_, crypto::system_entropy(),
                                        std::move(local), backend_,
                                        net::make_tcp_dialer(net, *net_clock_, std::move(hosts)),
                                        std::move(listener), std::move(options), &hub_);
    hub_.attach(host_.get());
    return {};
}

Result<void> DaemonImpl::run() {
    boost::asio::io_context main;
    std::optional<Result<void>> outcome;
    struct Body {
        static Task<void> run(DaemonImpl& self, std::optional<Result<void>>& out) {
            out = co_await self.run_all();
        }
    };
    async::TaskScope scope{main.get_executor()};
    scope.spawn(Body::run(*this, outcome));
    main.run();
    finish_threads();
    FASTSYNC_ASSERT(outcome.has_value());
    return *std::move(outcome);
}

/// On the main thread: starts what lives on the others and waits for it.
Task<Result<void>> DaemonImpl::run_all() {
    const async::Executor main = co_await boost::asio::this_coro::executor;
    const async::Executor net = threads_.net.executor();
    async::TaskScope scope{main};
    started_ = net_clock_->now();
    next_summary_ = started_ + kSummaryInterval;
    if (http_) scope.spawn(async::run_on(net, http_->run()));
    scope.spawn(async::run_on(net, tell_status()));
    if (finder_) scope.spawn(async::run_on(net, finder_->run()));
    scope.spawn(async::run_on(net, run_host()));
    const std::unique_ptr<async::Clock> clock = async::make_system_clock(main);
    ServiceWatch watch{service_parts(*clock)};
    async::Gate watched_enough{main};
    scope.spawn(watch.run(watched_enough));
    Result<void> outcome = co_await async::run_on(threads_.sync.executor(), downloader_.run());
    service_->stopping();
    watched_enough.open();
    co_await async::run_on(net, end_net());
    co_await scope.join();
    co_return outcome;
}

/// On the net thread. What the last sessions gave is known when the host has ended.
Task<void> DaemonImpl::run_host() {
    co_await host_->run();
    if (finder_) co_await finder_->save();
}

/// On the net thread.
Task<void> DaemonImpl::end_net() {
    queries_.stop();
    co_await publish();
    told_enough_.open();
    host_->stop();
    if (http_) http_->stop();
}

/// The threads without which nothing goes on; that of the disk may wait long for a reason.
ServiceWatch::Parts DaemonImpl::service_parts(async::Clock& clock) {
    return {*service_,
            clock,
            {threads_.net.executor(), threads_.sync.executor()},
            [this] {
                const auto snapshot = board_.read();
                return snapshot ? status_words(*snapshot) : std::string{"starting"};
            },
            [this] { return serves(); },
            threads_.disk.executor()};
}

/// Whether the status is really told, or, without a server, there is one. Blocks.
bool DaemonImpl::serves() const {
    if (!http_) return board_.read() != nullptr;
    return status_is_told({config_.http->address.host, http_->port()});
}

void DaemonImpl::stop() {
    service_->stopping();
    boost::asio::post(threads_.net.executor(), [this] { host_->stop_growing(); });
    boost::asio::post(threads_.sync.executor(), [this] { downloader_.stop(); });
}

void DaemonImpl::set_named_peers(std::vector<Enode> static_peers,
                                 std::vector<NodeId> trusted_peers) {
    boost::asio::post(threads_.net.executor(), [this, known = std::move(static_peers),
                                                trusted = std::move(trusted_peers)]() mutable {
        host_->set_named_peers(std::move(known), std::move(trusted));
    });
}

/// On the net thread: the status board, the log's summary, and what peers are offered.
Task<void> DaemonImpl::tell_status() {
    while (!told_enough_.is_open()) {
        watch_disk();
        co_await publish();
        co_await offer_completed();
        (void)co_await net_clock_->sleep_until(net_clock_->now() + kStatusInterval, &told_enough_);
    }
}

Task<void> DaemonImpl::publish() {
    const sync::SyncProgress progress =
        co_await async::run_on(threads_.sync.executor(), take_progress(downloader_));
    if (phase_ != progress.phase) {
        phase_ = progress.phase;
        phase_since_ = wall_now();
    }
    const TimePoint now = net_clock_->now();
    const auto uptime = static_cast<std::uint64_t>(to_seconds(now - started_));
    std::optional<FinderFigures> found;
    if (finder_)
        found = FinderFigures{finder_->stats(), finder_->dns_stats(), finder_->remembered(),
                              finder_->unresolved(), finder_->elsewhere()};
    auto snapshot = std::make_shared<const status::StatusSnapshot>(
        make_snapshot(progress, figures_of(*host_, std::move(found)),
                      {config_.network, phase_since_, uptime, now, process_}));
    log_summary(*snapshot);
    if (progress.completed_root && queries_.root() != progress.completed_root)
        queries_.offer(co_await async::run_on(threads_.sync.executor(), take_state(downloader_)));
    queries_.update(progress, snapshot->peers.connected);
    board_.publish(std::move(snapshot));
}

/// Stops while there is room left to do so in order.
void DaemonImpl::watch_disk() {
    if (net_clock_->now() < next_disk_look_) return;
    next_disk_look_ = net_clock_->now() + kDiskInterval;
    process_ = process_figures(config_.data_dir);
    const auto room = check_disk_space(config_.data_dir);
    if (room) return;
    boost::asio::post(threads_.sync.executor(),
                      [this, error = room.error()] { downloader_.fail(error); });
}

void DaemonImpl::log_summary(const status::StatusSnapshot& snapshot) {
    if (net_clock_->now() < next_summary_) return;
    next_summary_ = net_clock_->now() + kSummaryInterval;
    if (snapshot.phase == status::Phase::kComplete) return;
    const Summary summary = summary_of(snapshot);
    if (log::enabled(log::Level::kInfo, "status"))
        log::write(log::Level::kInfo, "status", summary.format, summary.values);
}

Task<void> DaemonImpl::offer_completed() {
    auto headers = co_await async::run_on(threads_.sync.executor(), take_completed(downloader_));
    if (headers.empty() || headers.back().hash == offered_) co_return;
    offered_ = headers.back().hash;
    backend_.offer(std::move(headers));
    if (finder_) finder_->moved(backend_.identity().head);
    host_->announce({backend_.head()->hash, backend_.head()->number});
}

/// The order matters: the last sessions are let go of on the sync thread and end on the net thread.
void DaemonImpl::finish_threads() {
    threads_.disk.finish();
    threads_.merge.finish();
    threads_.sync.finish();
    threads_.net.finish();
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::open(RunConfig config, ServiceLink* service) {
    FASTSYNC_TRY(const MemoryPlan plan,
                 plan_memory(config.memory_budget << 20U, config.peers_at_most()));
    FASTSYNC_CHECK(check_disk_space(config.data_dir));
    FASTSYNC_TRY(crypto::SecretKey key,
                 load_or_create_node_key(config.node_key, crypto::system_entropy()));
    storage::StoreOptions options = plan.store;
    options.neighbours = {std::string{kNodeKeyFile}, std::string{kNodeKeyDraft},
                          std::string{kNodesFile}, std::string{kNodesDraft}};
    FASTSYNC_TRY(
        auto store,
        storage::RocksStore::open_or_create(
            config.data_dir, {config.network.network_id, config.network.genesis_hash}, options));
    auto daemon = std::make_unique<DaemonImpl>(std::move(config), plan, std::move(key),
                                               std::move(store), service);
    FASTSYNC_CHECK(daemon->listen());
    return std::unique_ptr<Daemon>{std::move(daemon)};
}

}  // namespace fastsync::daemon
