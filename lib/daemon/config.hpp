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
    log::Level log_level = log::Level::kInfo;
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
};

/// Every key, in the order of the help. `--config FILE` is the command line's alone.
[[nodiscard]] std::span<const Setting> run_settings();

/// Reads the command line of `fastsyncd run` (without program and command name) and the file that
/// it names by --config. A key of the command line replaces the file's, a repeatable one as a
/// whole; naming the network by --network replaces the file's genesis, network-id and genesis-hash,
/// and the other way round.
///
/// @return kConfig with a sentence that names the option, or file, line and key
[[nodiscard]] Result<RunConfig> parse_run_config(std::span<const std::string> arguments);

/// The text of `fastsyncd run --help`.
[[nodiscard]] std::string run_help();

}  // namespace fastsync::daemon
