#include <daemon/config.hpp>
#include <daemon/daemon.hpp>

#include "command.hpp"

namespace fastsync::app {
namespace {

int run(Arguments arguments) {
    const auto config = daemon::parse_run_config(arguments);
    if (!config) return fail("run", config.error());
    log::setup(config->log_level);
    return daemon::run_daemon(*config);
}

}  // namespace

Command run_command() {
    return {"run", "sync the state of a chain, and stay", daemon::run_help, run};
}

}  // namespace fastsync::app
