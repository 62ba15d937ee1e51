#include <boost/asio/post.hpp>
#include <unistd.h>

#include <daemon/config.hpp>
#include <daemon/daemon.hpp>
#include <daemon/environment.hpp>
#include <daemon/loop_thread.hpp>
#include <daemon/process_signals.hpp>
#include <daemon/reload.hpp>
#include <daemon/version.hpp>

#include "command.hpp"

namespace fastsync::app {
namespace {

void log_start(const daemon::RunConfig& config) {
    log::info("daemon", "fastsyncd version={} network={} network_id={} genesis={} data_dir=\"{}\"",
              daemon::version(), config.network.name, config.network.network_id,
              to_hex0x(config.network.genesis_hash), config.data_dir.string());
}

void log_addresses(const daemon::Daemon& node) {
    if (const std::string enode = node.enode(); !enode.empty())
        log::info("daemon", "listening enode={}", enode);
    if (node.http_port() != 0) log::info("daemon", "http port={}", node.http_port());
}

/// Whoever closes the terminal has no other way to stop what runs in it.
bool in_terminal() {
    return ::isatty(STDERR_FILENO) == 1;
}

/// Tells the daemon of other peers as long as it lives.
class PeersAttached {
  public:
    PeersAttached(daemon::Reloader& reloader, daemon::Daemon& node) : reloader_(reloader) {
        reloader_.attach([&node](std::vector<Enode> static_peers, std::vector<NodeId> trusted) {
            node.set_named_peers(std::move(static_peers), std::move(trusted));
        });
    }
    ~PeersAttached() { reloader_.attach(nullptr); }
    PeersAttached(const PeersAttached&) = delete;
    PeersAttached& operator=(const PeersAttached&) = delete;

  private:
    daemon::Reloader& reloader_;
};

/// @param slow  the executor of a thread that may hang: the file may be on a disk that does
int run_daemon(const daemon::EffectiveConfig& config, daemon::ServiceLink& link,
               daemon::Reloader& reloader, const async::Executor& slow) {
    link.status("opening the database");
    auto opened = daemon::Daemon::open(config.config, &link);
    if (!opened) return fail("run", with_repair_hint(opened.error()));
    daemon::Daemon& node = **opened;
    log_addresses(node);
    const std::function<void()> stop = [&node] { node.stop(); };
    const std::function<void()> reload = [&reloader, slow] {
        boost::asio::post(slow, [&reloader] { reloader.reload(); });
    };
    const PeersAttached attached{reloader, node};
    const daemon::ProcessSignals signals{stop, in_terminal() ? stop : reload};
    const auto ended = node.run();
    if (!ended) return fail("run", with_repair_hint(ended.error()));
    log::info("daemon", "stopped");
    return kDone;
}

int run(Arguments arguments) {
    if (!in_terminal()) daemon::ignore_hangup();
    const auto read = [arguments] {
        return daemon::read_run_config(arguments, daemon::process_environment());
    };
    const auto config = read();
    if (!config) {
        log::setup(log::Level::kInfo,
                   daemon::wished_log_format(arguments, daemon::process_environment()));
        return fail("run", config.error());
    }
    log::setup(config->config.log_levels, config->config.log_format);
    log_start(config->config);
    const auto manager = daemon::find_service_manager();
    daemon::ServiceLink link{manager.get()};
    daemon::Reloader reloader{*config, read, link};
    daemon::LoopThread reloading{"fs-reload"};  // ends before what it uses, after the daemon
    return run_daemon(*config, link, reloader, reloading.executor());
}

}  // namespace

Command run_command() {
    return {"run", "sync the state of a chain, and stay", daemon::run_help, run};
}

}  // namespace fastsync::app
