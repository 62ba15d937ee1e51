#include <algorithm>
#include <iostream>
#include <optional>
#include <vector>

#include <daemon/config.hpp>
#include <daemon/environment.hpp>
#include <daemon/version.hpp>

#include "command.hpp"

namespace fastsync::app {
namespace {

constexpr std::string_view kCheck = "--check";
constexpr std::string_view kPrint = "--print-effective";

std::string help() {
    return "usage: fastsyncd config (--check | --print-effective) [options of fastsyncd run]\n\n"
           "Reads the configuration as fastsyncd run would, from the same options, environment "
           "and\n"
           "file, and opens nothing.\n\noptions:\n"
           "  --check            say whether it is valid, and what is wrong with it\n"
           "  --print-effective  print what holds as a configuration file, with the reason for "
           "each\n"
           "                     value as a comment\n"
           "  --config FILE      and all other options of fastsyncd run\n"
           "  --help             this text\n\n"
           "exit codes: 0 valid, 1 not\n";
}

void say_valid(const daemon::RunConfig& config) {
    std::cout << "the configuration is valid: network " << config.network.name << " ("
              << config.network.network_id << "), data-dir " << config.data_dir.string() << "\n";
}

int run(Arguments arguments) {
    std::vector<std::string> rest;
    std::optional<std::string_view> wish;
    for (const std::string& word : arguments) {
        if (word != kCheck && word != kPrint) {
            rest.push_back(word);
        } else if (wish && *wish != word) {
            return fail("config", {Errc::kConfig, "--check does not go with --print-effective"});
        } else {
            wish = word;
        }
    }
    const Error no_wish{Errc::kConfig, "give --check or --print-effective"};
    if (!wish && rest.empty()) return fail("config", no_wish);
    const auto read = daemon::read_run_config(rest, daemon::process_environment());
    if (!read) return fail("config", read.error());
    if (!wish) return fail("config", no_wish);
    if (*wish == kCheck) {
        say_valid(read->config);
        return kDone;
    }
    const auto text = daemon::to_toml(read->keys);
    if (!text) return fail("config", text.error());
    std::cout << "# effective configuration of fastsyncd " << daemon::version() << "\n" << *text;
    return kDone;
}

}  // namespace

Command config_command() {
    return {"config", "check the configuration of run, or print it", help, run};
}

}  // namespace fastsync::app
