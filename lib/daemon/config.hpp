#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <common/log.hpp>
#include <common/result.hpp>
#include <daemon/config_source.hpp>
#include <daemon/networks.hpp>
#include <discovery/dns_tree.hpp>
#include <enode/enode.hpp>
#include <net/address.hpp>
#include <sync/peer_rate.hpp>
#include <sync/pivot.hpp>

namespace fastsync::daemon {

/// Where the status is told. The address is an IP address.
struct HttpConfig {
    enum class Exposure : std::uint8_t { kLoopbackOnly, kPublic };

    net::HostPort address{"127.0.0.1", 8645};
    Exposure exposure = Exposure::kLoopbackOnly;
    std::vector<std::string> names{};  ///< the server answers to, besides IP addresses

    friend bool operator==(const HttpConfig&, const HttpConfig&) = default;
};

/// All `fastsyncd run` is told, checked: paths are not empty, our own addresses are IP addresses,
/// numbers are in range, the network is known whole.
struct RunConfig {
    enum class WhenComplete : std::uint8_t { kStay, kExit };

    std::filesystem::path data_dir;
    Network network;
    std::vector<Enode> static_peers;
    std::vector<NodeId> trusted_peers;
    enum class Discovery : std::uint8_t { kOn, kOff };
    Discovery discovery = Discovery::kOn;
    std::vector<Enode> bootnodes;  ///< each with a UDP port
    /// Lists of nodes to read; nothing: the network's own.
    std::optional<std::vector<discovery::DnsLink>> dns_lists;
    std::optional<net::HostPort> listen;  ///< nothing: no incoming connections
    std::optional<HttpConfig> http = HttpConfig{};
    sync::PivotPin pivot;
    std::size_t confirmations = 1;  ///< further peers that confirm a pivot, where there are any
    WhenComplete when_complete = WhenComplete::kStay;
    std::size_t max_peers = 25;
    std::size_t memory_budget = 512;                                 ///< MiB; see memory_plan.hpp
    std::size_t max_requests_per_peer = sync::PeerRate::kMaxWindow;  ///< for state, in flight
    std::filesystem::path node_key;  ///< the file, made when it is not there
    log::Levels log_levels = log::Level::kInfo;
    log::Format log_format = log::Format::kText;

    /// Connected at once, those that always find a place counted.
    [[nodiscard]] std::size_t peers_at_most() const;
};

inline constexpr std::size_t kMostPeers = 1000;
inline constexpr std::size_t kMostConfirmations = 100;
/// Names of the status server.
inline constexpr std::size_t kMostHostNames = 16;
/// Bounds of the memory budget, MiB.
inline constexpr std::size_t kLeastMemoryBudget = 128;
inline constexpr std::size_t kMostMemoryBudget = 1024 * 1024;

/// One key of the configuration: `--key VALUE` on the command line, `key = VALUE` in the file.
struct Setting {
    std::string_view key;
    std::string_view value_name;
    std::string_view default_value;  ///< as it would be written; empty: there is none
    std::string_view help;
    KnownKey::Kind kind = KnownKey::Kind::kValue;
};

/// Every key, in the order of the help. `--config FILE` is for command line and environment alone.
[[nodiscard]] std::span<const Setting> run_settings();
/// The same, as a source of settings wants them.
[[nodiscard]] std::vector<KnownKey> run_keys();

/// What holds for one key, and why.
struct EffectiveKey {
    const Setting* setting = nullptr;
    std::vector<std::string> values;  ///< more than one of a repeatable key; none: nothing is set
    std::string source;               ///< "command line", "fastsyncd.toml:12", "default", …
};

struct EffectiveConfig {
    RunConfig config;
    std::vector<EffectiveKey> keys;  ///< every key, in the order of the help
};

/// Reads the command line of `fastsyncd run` (without program and command name), the environment
/// (words NAME=VALUE), and the file that either names as `config`. A key of the command line
/// replaces that of the environment, and this the file's, a repeatable one as a whole; naming the
/// network by --network replaces genesis, network-id and genesis-hash of what comes later, and the
/// other way round.
///
/// @return kConfig with a sentence that names the option, the variable, or file, line and key
[[nodiscard]] Result<EffectiveConfig> read_run_config(std::span<const std::string> arguments,
                                                      std::span<const std::string> environment);
/// The same without the reasons.
[[nodiscard]] Result<RunConfig> parse_run_config(std::span<const std::string> arguments,
                                                 std::span<const std::string> environment = {});

/// The form that the log of a wrong configuration should have, as far as it can be read: text where
/// it cannot.
[[nodiscard]] log::Format wished_log_format(std::span<const std::string> arguments,
                                            std::span<const std::string> environment);

/// A configuration file that says the same, with the source of each value as a comment.
/// @return kConfig naming the key: a value that TOML cannot hold, which is one that is not UTF-8
[[nodiscard]] Result<std::string> to_toml(std::span<const EffectiveKey> keys);

/// The keys whose values differ.
[[nodiscard]] std::vector<std::string_view> changed_keys(std::span<const EffectiveKey> before,
                                                         std::span<const EffectiveKey> after);

/// The text of `fastsyncd run --help`.
[[nodiscard]] std::string run_help();

}  // namespace fastsync::daemon
