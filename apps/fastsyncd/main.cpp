#include <algorithm>
#include <exception>
#include <iostream>
#include <vector>

#include <daemon/version.hpp>

#include "command.hpp"

namespace fastsync::app {
namespace {

std::vector<Command> commands() {
    return {
        run_command(),     status_command(), config_command(), verify_command(),
        account_command(), stats_command(),  export_command(), devnet_command(),
    };
}

void print_help(std::ostream& out) {
    out << "fastsyncd downloads the complete state of an Ethereum-family chain at one block.\n\n"
           "usage: fastsyncd COMMAND [options]\n"
           "       fastsyncd COMMAND --help\n"
           "       fastsyncd --version\n\n"
           "commands:\n";
    for (const Command& command : commands()) {
        std::string name{command.name};
        name.resize(10, ' ');
        out << "  " << name << command.summary << "\n";
    }
    out << "\nexit codes: 0 done, 1 configuration, 2 storage, 3 internal; of export 4: a part\n";
}

bool asks_help(Arguments arguments) {
    return std::any_of(arguments.begin(), arguments.end(),
                       [](const std::string& a) { return a == "--help" || a == "-h"; });
}

int complain(std::string_view sentence) {
    std::cerr << "fastsyncd: " << sentence << "; see fastsyncd --help\n";
    return kConfig;
}

int dispatch(Arguments arguments) {
    if (arguments.empty()) return complain("a command is needed");
    const std::string& first = arguments.front();
    if (first == "--help" || first == "-h") {
        print_help(std::cout);
        return kDone;
    }
    if (first == "--version") {
        std::cout << "fastsyncd " << daemon::version() << "\n";
        return kDone;
    }
    for (const Command& command : commands()) {
        if (command.name != first) continue;
        if (asks_help(arguments.subspan(1))) {
            std::cout << command.help();
            return kDone;
        }
        return command.run(arguments.subspan(1));
    }
    return complain((first.starts_with('-') ? "unknown option '" : "unknown command '") + first +
                    "'");
}

}  // namespace
}  // namespace fastsync::app

int main(int argc, char** argv) {
    try {
        const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
        return fastsync::app::dispatch(arguments);
    } catch (const std::exception& e) {
        // Nothing of ours throws: out of memory, or a bug in what we use.
        std::cerr << "fastsyncd: internal error: " << e.what() << "\n";
        return fastsync::app::kInternal;
    }
}
