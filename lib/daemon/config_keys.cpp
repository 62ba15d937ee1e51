#include <algorithm>
#include <array>

#include <boost/asio/ip/address.hpp>

#include <daemon/config_keys.hpp>
#include <daemon/config_value.hpp>

namespace fastsync::daemon {
namespace {

using Kind = KnownKey::Kind;

Result<bool> on_or_off(const GivenValue& given) {
    if (given.value == "true") return true;
    if (given.value == "false") return false;
    return complain(given, "must be true or false");
}

Result<net::HostPort> ip_and_port(const GivenValue& given) {
    auto parsed = net::parse_host_port(given.value);
    if (!parsed) return complain(given, "must be ADDR:PORT (" + parsed.error().detail + ")");
    boost::system::error_code failed;
    (void)boost::asio::ip::make_address(parsed->host, failed);
    if (failed) return complain(given, "must be ADDR:PORT with an IP address");
    return *std::move(parsed);
}

Result<void> set_data_dir(RunConfig& config, const GivenValue& given) {
    config.data_dir = given.value;
    return {};
}

/// The four keys of the network belong together: see choose_network().
Result<void> leave_to_network(RunConfig&, const GivenValue&) {
    return {};
}

Result<Enode> enode_url(const GivenValue& given) {
    auto enode = parse_enode(given.value);
    if (!enode) return complain(given, "must be an enode URL (" + enode.error().detail + ")");
    return enode;
}

Result<void> add_bootnode(RunConfig& config, const GivenValue& given) {
    FASTSYNC_TRY(Enode enode, enode_url(given));
    if (enode.udp_port == 0) return complain(given, "must be an enode with a UDP port");
    config.bootnodes.push_back(std::move(enode));
    return {};
}

Result<void> add_dns_list(RunConfig& config, const GivenValue& given) {
    if (!config.dns_lists) config.dns_lists.emplace();
    if (given.value == "off") return {};
    const auto link = discovery::parse_dns_link(given.value);
    if (!link) return complain(given, "must be off or enrtree://KEY@DOMAIN");
    config.dns_lists->push_back(*link);
    return {};
}

Result<void> add_trusted_peer(RunConfig& config, const GivenValue& given) {
    FASTSYNC_TRY(const Enode enode, enode_url(given));
    config.trusted_peers.push_back(enode.id);
    return {};
}

Result<void> set_no_discovery(RunConfig& config, const GivenValue& given) {
    FASTSYNC_TRY(const bool off, on_or_off(given));
    config.discovery = off ? RunConfig::Discovery::kOff : RunConfig::Discovery::kOn;
    return {};
}

Result<void> add_static_peer(RunConfig& config, const GivenValue& given) {
    FASTSYNC_TRY(Enode enode, enode_url(given));
    if (enode.tcp_port == 0) return complain(given, "must be an enode with a TCP port");
    config.static_peers.push_back(std::move(enode));
    return {};
}

Result<void> set_listen(RunConfig& config, const GivenValue& given) {
    if (given.value == "off") {
        config.listen.reset();
        return {};
    }
    FASTSYNC_TRY(config.listen, ip_and_port(given));
    return {};
}

Result<void> set_http(RunConfig& config, const GivenValue& given) {
    if (given.value == "off") {
        config.http.reset();
        return {};
    }
    FASTSYNC_TRY(auto address, ip_and_port(given));
    if (config.http) config.http->address = std::move(address);
    return {};
}

/// Comes after http in the table: an exposure without a server means nothing.
Result<void> set_http_allow_public(RunConfig& config, const GivenValue& given) {
    FASTSYNC_TRY(const bool allowed, on_or_off(given));
    if (allowed && config.http) config.http->exposure = HttpConfig::Exposure::kPublic;
    return {};
}

bool is_host_name(std::string_view text) {
    constexpr std::size_t kLongest = 253;
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    return !text.empty() && text.size() <= kLongest &&
           text.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<void> add_http_host(RunConfig& config, const GivenValue& given) {
    if (!is_host_name(given.value)) return complain(given, "must be a host name without a port");
    if (!config.http) return {};
    if (config.http->names.size() == kMostHostNames)
        return complain(given, "is one name too many: 16 may be given");
    config.http->names.push_back(given.value);
    return {};
}

Result<void> set_memory_budget(RunConfig& config, const GivenValue& given) {
    FASTSYNC_TRY(config.memory_budget,
                 number_of<std::size_t>(given, kLeastMemoryBudget, kMostMemoryBudget));
    return {};
}

Result<void> set_pivot(RunConfig& config, const GivenValue& given) {
    constexpr std::string_view kRoot = "root:";
    constexpr std::size_t kHashText = 2 + 2 * Hash256::kSize;
    const std::string_view text = given.value;
    if (text == "auto") {
        config.pivot = std::monostate{};
    } else if (text.starts_with(kRoot)) {
        FASTSYNC_TRY(const Hash256 root, hash_of(given, text.substr(kRoot.size())));
        config.pivot = sync::PinnedRoot{root};
    } else if (text.starts_with("0x") && text.size() == kHashText) {
        FASTSYNC_TRY(const Hash256 block, hash_of(given, text));
        config.pivot = sync::PinnedHash{block};
    } else {
        const auto block = number_of<chain::BlockNumber>(given, 0, UINT64_MAX);
        if (!block) {
            return complain(given,
                            "must be auto, a decimal block number, a block hash 0x... or "
                            "root:0x...");
        }
        config.pivot = sync::PinnedNumber{*block};
    }
    return {};
}

Result<void> set_confirmations(RunConfig& config, const GivenValue& given) {
    FASTSYNC_TRY(config.confirmations, number_of<std::size_t>(given, 0, kMostConfirmations));
    return {};
}

Result<void> set_exit_when_complete(RunConfig& config, const GivenValue& given) {
    FASTSYNC_TRY(const bool leave, on_or_off(given));
    config.when_complete = leave ? RunConfig::WhenComplete::kExit : RunConfig::WhenComplete::kStay;
    return {};
}

Result<void> set_max_peers(RunConfig& config, const GivenValue& given) {
    FASTSYNC_TRY(config.max_peers, number_of<std::size_t>(given, 1, kMostPeers));
    return {};
}

Result<void> set_max_requests_per_peer(RunConfig& config, const GivenValue& given) {
    FASTSYNC_TRY(config.max_requests_per_peer,
                 number_of<std::size_t>(given, 1, sync::PeerRate::kMaxWindow));
    return {};
}

Result<void> set_node_key(RunConfig& config, const GivenValue& given) {
    config.node_key = given.value;
    return {};
}

Result<void> set_log_level(RunConfig& config, const GivenValue& given) {
    const auto levels = log::parse_levels(given.value);
    if (!levels) {
        return complain(given, "must be a level, or levels of components behind commas (" +
                                   levels.error().detail + ")");
    }
    config.log_levels = *levels;
    return {};
}

Result<void> set_log_format(RunConfig& config, const GivenValue& given) {
    const auto format = log::parse_format(given.value);
    if (!format) return complain(given, "must be text or json");
    config.log_format = *format;
    return {};
}

constexpr std::array<ConfigKey, 23> kKeys{{
    {{"data-dir", "DIR", "", "folder of the database; needed", Kind::kValue}, set_data_dir},
    {{"network", "NAME", "", "a known network: sets network-id and genesis-hash", Kind::kValue},
     leave_to_network},
    {{"genesis", "FILE", "", "genesis.json of a network without a name here", Kind::kValue},
     leave_to_network},
    {{"network-id", "N", "", "network id; with genesis: where it is not the chain id",
      Kind::kNumberOrText},
     leave_to_network},
    {{"genesis-hash", "0xHASH", "", "hash of block 0, with network-id in place of genesis",
      Kind::kValue},
     leave_to_network},
    {{"static-peer", "ENODE", "", "enode://ID@HOST:PORT to stay connected with; repeatable",
      Kind::kRepeatable},
     add_static_peer},
    {{"trusted-peer", "ENODE", "", "a peer that finds a place however many there are; repeatable",
      Kind::kRepeatable},
     add_trusted_peer},
    {{"bootnode", "ENODE", "",
      "enode://ID@HOST:PORT to discover nodes from, not the network's own; repeatable",
      Kind::kRepeatable},
     add_bootnode},
    {{"dns-list", "URL", "", "enrtree://KEY@DOMAIN, a list of nodes in the DNS, or off; repeatable",
      Kind::kRepeatable},
     add_dns_list},
    {{"no-discovery", "true|false", "false", "look for no nodes, and answer none that look",
      Kind::kSwitch},
     set_no_discovery},
    {{"listen", "ADDR:PORT", "off", "accept peers here; off: none", Kind::kValue}, set_listen},
    {{"http", "ADDR:PORT", "127.0.0.1:8645", "tell the status here; off: nowhere", Kind::kValue},
     set_http},
    {{"http-allow-public", "true|false", "false", "allow http on an address other than loopback",
      Kind::kSwitch},
     set_http_allow_public},
    {{"http-host", "NAME", "", "a name by which http may be asked, besides IPs; repeatable",
      Kind::kRepeatable},
     add_http_host},
    {{"pivot", "P", "auto", "block to sync: auto (head - 64), N, block hash 0x..., or root:0x...",
      Kind::kNumberOrText},
     set_pivot},
    {{"confirmations", "N", "1", "further peers that must confirm the pivot, where there are any",
      Kind::kNumber},
     set_confirmations},
    {{"exit-when-complete", "true|false", "false", "exit when the state is complete",
      Kind::kSwitch},
     set_exit_when_complete},
    {{"max-peers", "N", "25", "most peers connected at once, 1 to 1000", Kind::kNumber},
     set_max_peers},
    {{"memory-budget", "MIB", "512", "memory of the process in MiB, 128 to 1048576", Kind::kNumber},
     set_memory_budget},
    {{"max-requests-per-peer", "N", "16", "most requests for state in flight at one peer, 1 to 16",
      Kind::kNumber},
     set_max_requests_per_peer},
    {{"node-key", "FILE", "", "secret key of this node (made if missing); default DIR/node.key",
      Kind::kValue},
     set_node_key},
    {{"log-level", "LEVELS", "info", "trace, debug, info, warn, error or off; info,eth=debug",
      Kind::kValue},
     set_log_level},
    {{"log-format", "FORMAT", "text", "form of the lines on standard error: text or json",
      Kind::kValue},
     set_log_format},
}};

}  // namespace

std::span<const ConfigKey> config_keys() {
    return kKeys;
}

}  // namespace fastsync::daemon
