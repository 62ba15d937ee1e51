#include <daemon/config.hpp>
#include <daemon/daemon.hpp>
#include <daemon/environment.hpp>
#include <daemon/stop_signals.hpp>
#include <daemon/version.hpp>

#include "command.hpp"

namespace fastsync::app {
namespace {

int run(Arguments arguments) {
    auto config = daemon::parse_run_config(arguments, daemon::process_environment());
    if (!config) return fail("run", config.error());
    log::setup(config->log_level);
    log::info("daemon", "fastsyncd version={} network={} network_id={} genesis={} data_dir=\"{}\"",
              daemon::version(), config->network.name, config->network.network_id,
              to_hex0x(config->network.genesis_hash), config->data_dir.string());
    auto opened = daemon::Daemon::open(*std::move(config));
    if (!opened) return fail("run", with_repair_hint(opened.error()));
    daemon::Daemon& node = **opened;
    if (const std::string enode = node.enode(); !enode.empty())
        log::info("daemon", "listening enode={}", enode);
    if (node.http_port() != 0) log::info("daemon", "http port={}", node.http_port());
    const daemon::StopSignals signals{[&node] { node.stop(); }};
    const auto ended = node.run();
    if (!ended) return fail("run", with_repair_hint(ended.error()));
    log::info("daemon", "stopped");
    return kDone;
}

}  // namespace

Command run_command() {
    return {"run", "sync the state of a chain, and stay", daemon::run_help, run};
}

}  // namespace fastsync::app
