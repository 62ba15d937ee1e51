#include <algorithm>

#include <boost/asio/ip/address.hpp>
#include <fmt/core.h>

#include <daemon/config.hpp>
#include <daemon/config_keys.hpp>
#include <daemon/config_source.hpp>
#include <daemon/config_value.hpp>
#include <daemon/memory_plan.hpp>
#include <daemon/network_choice.hpp>
#include <daemon/node_key.hpp>

namespace fastsync::daemon {
namespace {

using Kind = KnownKey::Kind;
using Values = std::vector<GivenValue>;

constexpr std::string_view kDataDir = "data-dir";
constexpr std::string_view kNodeKey = "node-key";

bool is_loopback(const net::HostPort& address) {
    boost::system::error_code failed;
    const auto ip = boost::asio::ip::make_address(address.host, failed);
    return !failed && ip.is_loopback();
}

/// What `upper` says, and of `lower` what that does not replace.
Values merge(Values upper, Values lower) {
    Values out = upper;
    for (GivenValue& given : lower) {
        const bool replaced =
            find(upper, given.key) != nullptr || names_other_network(upper, given.key);
        if (!replaced) out.push_back(std::move(given));
    }
    return out;
}

/// The folder that systemd made for a unit with StateDirectory=; nothing outside of one.
std::optional<std::string> state_directory(std::span<const std::string> environment) {
    constexpr std::string_view kName = "STATE_DIRECTORY=";
    for (const std::string& word : environment) {
        if (!word.starts_with(kName)) continue;
        const std::string all = word.substr(kName.size());
        const std::string first = all.substr(0, all.find(':'));
        if (!first.empty()) return first;
    }
    return std::nullopt;
}

/// All three sources, the command line first.
Result<Values> read_values(std::span<const std::string> arguments,
                           std::span<const std::string> environment) {
    const std::vector<KnownKey> file_keys = run_keys();
    std::vector<KnownKey> keys = file_keys;
    keys.push_back({"config"});
    FASTSYNC_TRY(Values values, parse_arguments(arguments, keys));
    FASTSYNC_TRY(Values from_environment, parse_environment(environment, keys));
    values = merge(std::move(values), std::move(from_environment));
    if (const GivenValue* const named = find(values, "config")) {
        FASTSYNC_TRY(Values file, read_config_file(named->value, file_keys));
        values = merge(std::move(values), std::move(file));
    }
    if (const auto folder = state_directory(environment); folder && !find(values, kDataDir)) {
        values.push_back(
            {std::string{kDataDir}, *folder, "STATE_DIRECTORY", "default, from STATE_DIRECTORY"});
    }
    return values;
}

Result<void> check_whole(const RunConfig& config, const Values& values) {
    const bool guarded =
        config.http && config.http->exposure == HttpConfig::Exposure::kLoopbackOnly;
    if (guarded && !is_loopback(config.http->address)) {
        return complain(*find(values, "http"),
                        "must be a loopback address unless http-allow-public is true");
    }
    const auto plan = plan_memory(config.memory_budget << 20U, config.peers_at_most());
    if (!plan) return plan.error();
    return {};
}

Result<RunConfig> build(const Values& values) {
    RunConfig config;
    for (const ConfigKey& key : config_keys()) {
        for (const GivenValue& given : values) {
            if (given.key == key.setting.key) FASTSYNC_CHECK(key.apply(config, given));
        }
    }
    if (config.data_dir.empty())
        return Error{Errc::kConfig, "data-dir is missing: give --data-dir DIR"};
    FASTSYNC_TRY(config.network, choose_network(values));
    if (config.node_key.empty()) config.node_key = config.data_dir / kNodeKeyFile;
    FASTSYNC_CHECK(check_whole(config, values));
    return config;
}

EffectiveKey effective(const Setting& setting, const Values& values, const RunConfig& config) {
    EffectiveKey out{&setting, {}, "default"};
    for (const GivenValue& given : values) {
        if (given.key != setting.key) continue;
        if (out.values.empty()) out.source = given.source;
        out.values.push_back(given.value);
    }
    if (!out.values.empty()) return out;
    if (setting.key == kNodeKey) out.values.push_back(config.node_key.string());
    if (!setting.default_value.empty()) out.values.emplace_back(setting.default_value);
    return out;
}

}  // namespace

std::size_t RunConfig::peers_at_most() const {
    return max_peers + static_peers.size() + trusted_peers.size();
}

std::span<const Setting> run_settings() {
    static const auto settings = [] {
        std::vector<Setting> out;
        for (const ConfigKey& key : config_keys())
            out.push_back(key.setting);
        return out;
    }();
    return settings;
}

std::vector<KnownKey> run_keys() {
    std::vector<KnownKey> keys;
    for (const Setting& setting : run_settings())
        keys.push_back({setting.key, setting.kind});
    return keys;
}

Result<EffectiveConfig> read_run_config(std::span<const std::string> arguments,
                                        std::span<const std::string> environment) {
    FASTSYNC_TRY(const Values values, read_values(arguments, environment));
    FASTSYNC_TRY(RunConfig config, build(values));
    std::vector<EffectiveKey> keys;
    for (const Setting& setting : run_settings())
        keys.push_back(effective(setting, values, config));
    return EffectiveConfig{std::move(config), std::move(keys)};
}

Result<RunConfig> parse_run_config(std::span<const std::string> arguments,
                                   std::span<const std::string> environment) {
    FASTSYNC_TRY(EffectiveConfig read, read_run_config(arguments, environment));
    return std::move(read.config);
}

log::Format wished_log_format(std::span<const std::string> arguments,
                              std::span<const std::string> environment) {
    const auto values = read_values(arguments, environment);
    if (!values) return log::Format::kText;
    const GivenValue* const given = find(*values, "log-format");
    return given == nullptr ? log::Format::kText
                            : log::parse_format(given->value).value_or(log::Format::kText);
}

std::string run_help() {
    static constexpr std::size_t kColumn = 34;
    const auto entry = [](std::string option, std::string_view help, std::string_view standard) {
        option.resize(std::max(kColumn, option.size() + 2), ' ');
        option.append(help);
        if (!standard.empty()) option.append(" [").append(standard).append("]");
        return option.append("\n");
    };
    std::string out =
        "usage: fastsyncd run --data-dir DIR (--network NAME | --genesis FILE |\n"
        "                     --network-id N --genesis-hash 0xHASH) [options]\n\n"
        "Downloads the complete state of one block from peers, proves it and keeps it in DIR.\n"
        "SIGTERM and SIGINT stop it cleanly; a later start goes on where it stopped. SIGHUP makes\n"
        "it read the configuration again: log-level, static-peer and trusted-peer hold at once, "
        "the\n"
        "rest with a new start.\n\n"
        "options:\n";
    for (const Setting& s : run_settings()) {
        std::string option = "  --" + std::string{s.key};
        option += s.kind == Kind::kSwitch ? fmt::format("[={}]", s.value_name)
                                          : fmt::format(" {}", s.value_name);
        out += entry(option, s.help, s.default_value);
    }
    out += entry("  --config FILE", "TOML with the keys above without --", "");
    out += entry("  --help", "this text", "");
    out +=
        "\nEach option may be given in the environment too: --max-peers as FASTSYNCD_MAX_PEERS,\n"
        "repeatable ones with commas. The command line wins over that, and that over the file.\n";
    return out + "\nnetworks: " + network_names() + "\n";
}

}  // namespace fastsync::daemon
