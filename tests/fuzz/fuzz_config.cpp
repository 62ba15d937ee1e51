// The first byte chooses: the text of a configuration file, or a command line whose arguments are
// the lines of the input. Whatever is refused is refused with a sentence; whatever is accepted is
// in range. Files are not read: what they hold is other fuzzers' work.

#include <daemon/config.hpp>
#include <daemon/config_source.hpp>
#include <net/address.hpp>
#include <status/http_client.hpp>

#include "fuzz_input.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;
using daemon::KnownKey;

const std::vector<KnownKey>& keys() {
    static const std::vector<KnownKey> all = daemon::run_keys();
    return all;
}

void check_error(const Error& error) {
    FASTSYNC_ASSERT(error.code == Errc::kConfig && !error.detail.empty());
}

void check_file(std::string_view text) {
    const auto values = daemon::parse_config_text(text, "fastsyncd.toml", keys());
    if (!values) {
        check_error(values.error());
        FASTSYNC_ASSERT(values.error().detail.starts_with("fastsyncd.toml:"));
        return;
    }
    for (const daemon::GivenValue& given : *values)
        FASTSYNC_ASSERT(!given.key.empty() && !given.value.empty());
}

/// Whatever was accepted is in range, and printed it is a file that gives the same.
void check_config(const daemon::EffectiveConfig& read) {
    const daemon::RunConfig& config = read.config;
    FASTSYNC_ASSERT(!config.data_dir.empty());
    FASTSYNC_ASSERT(config.max_peers >= 1 && config.max_peers <= daemon::kMostPeers);
    FASTSYNC_ASSERT(config.confirmations <= daemon::kMostConfirmations);
    for (const Enode& peer : config.static_peers)
        FASTSYNC_ASSERT(peer.tcp_port != 0);
    const auto text = daemon::to_toml(read.keys);
    if (!text) return check_error(text.error());
    const auto again = daemon::parse_config_text(*text, "printed", keys());
    FASTSYNC_ASSERT(again);
    std::size_t count = 0;
    for (const daemon::EffectiveKey& key : read.keys)
        count += key.values.size();
    FASTSYNC_ASSERT(again->size() == count);
}

bool names_a_file(std::string_view argument) {
    return argument.starts_with("--genesis") || argument.starts_with("--config");
}

void check_arguments(std::string_view text) {
    std::vector<std::string> arguments;
    while (!text.empty() && arguments.size() < 64) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const bool takes_hash = line.starts_with("--genesis-hash");
        if (takes_hash || !names_a_file(line)) arguments.emplace_back(line);
    }
    // The same words as a command line, and as an environment.
    const auto config = daemon::read_run_config(arguments, {});
    const auto environment = daemon::parse_environment(arguments, keys());
    if (!environment) check_error(environment.error());
    if (!config) return check_error(config.error());
    check_config(*config);
}

void check_address(std::string_view text) {
    if (const auto parsed = net::parse_host_port(text)) {
        const auto again = net::parse_host_port(net::to_string(*parsed));
        FASTSYNC_ASSERT(again && *again == *parsed);
    }
    if (const auto origin = status::parse_http_origin(text)) {
        FASTSYNC_ASSERT(!origin->host.empty() && origin->port != 0);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    const Byte form = script.byte();
    const std::string_view text = text_of(script.rest());
    if (form == 'f')
        check_file(text);
    else if (form == 'h')
        check_address(text);
    else
        check_arguments(text);
    return 0;
}
