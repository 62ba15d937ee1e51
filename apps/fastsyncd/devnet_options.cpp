#include "devnet_options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <vector>

#include <daemon/config_source.hpp>
#include <devnet/origin.hpp>

namespace fastsync::app {
namespace {

using daemon::GivenValue;
using daemon::KnownKey;

constexpr std::array<KnownKey, 12> kKeys{{{"listen"},
                                          {"state"},
                                          {"genesis"},
                                          {"chain"},
                                          {"accounts"},
                                          {"contracts"},
                                          {"seed"},
                                          {"blocks"},
                                          {"block-interval"},
                                          {"node-key"},
                                          {"network-id"},
                                          {"eth-version"}}};
constexpr double kShortestInterval = 0.001;  // seconds
constexpr double kLongestInterval = 86'400;
constexpr std::uint64_t kAnyNumber = std::numeric_limits<std::uint64_t>::max();

/// What was given on the command line, by key.
class Given {
  public:
    explicit Given(std::vector<GivenValue> values) : values_(std::move(values)) {}

    [[nodiscard]] const GivenValue* find(std::string_view key) const {
        const auto found = std::find_if(values_.begin(), values_.end(),
                                        [&](const GivenValue& v) { return v.key == key; });
        return found == values_.end() ? nullptr : &*found;
    }
    [[nodiscard]] std::optional<std::filesystem::path> path(std::string_view key) const {
        const GivenValue* const given = find(key);
        if (given == nullptr) return std::nullopt;
        return given->value;
    }
    /// Nothing when it was not given.
    [[nodiscard]] Result<std::optional<std::uint64_t>> number(std::string_view key,
                                                              std::uint64_t most) const {
        const GivenValue* const given = find(key);
        if (given == nullptr) return std::optional<std::uint64_t>{};
        std::uint64_t value = 0;
        const char* const end = given->value.data() + given->value.size();
        const auto [stop, failure] = std::from_chars(given->value.data(), end, value);
        if (failure != std::errc{} || stop != end || value > most) {
            return Error{Errc::kConfig,
                         given->origin + ": must be a number from 0 to " + std::to_string(most)};
        }
        return std::optional{value};
    }
    /// kConfig when `key` was given together with one of `others`.
    [[nodiscard]] Result<void> alone(std::string_view key,
                                     std::initializer_list<std::string_view> others) const {
        const GivenValue* const given = find(key);
        if (given == nullptr) return {};
        for (const std::string_view other : others) {
            if (const GivenValue* const clash = find(other)) {
                return Error{Errc::kConfig, clash->origin + ": does not go with " + given->origin};
            }
        }
        return {};
    }

  private:
    std::vector<GivenValue> values_;
};

Result<DevnetOrigin> origin_of(const Given& given) {
    FASTSYNC_CHECK(
        given.alone("state", {"genesis", "chain", "accounts", "contracts", "seed", "blocks"}));
    FASTSYNC_CHECK(given.alone("genesis", {"accounts", "contracts", "seed"}));
    if (auto folder = given.path("state")) return DevnetOrigin{StateFolder{*std::move(folder)}};
    // Blocks are made on top of a state, and that of the last one is not there.
    FASTSYNC_CHECK(given.alone("chain", {"block-interval"}));
    if (auto file = given.path("genesis"))
        return DevnetOrigin{GenesisFile{*std::move(file), given.path("chain")}};
    if (const GivenValue* const chain = given.find("chain"))
        return Error{Errc::kConfig, chain->origin + ": needs --genesis"};
    devnet::StateSize size;
    FASTSYNC_TRY(const auto accounts, given.number("accounts", devnet::kMaxAccounts));
    FASTSYNC_TRY(const auto contracts, given.number("contracts", devnet::kMaxAccounts));
    FASTSYNC_TRY(const auto seed, given.number("seed", kAnyNumber));
    size.accounts = accounts.value_or(size.accounts);
    size.contracts = contracts.value_or(size.accounts / 10);
    size.seed = seed.value_or(size.seed);
    if (size.accounts == 0) return Error{Errc::kConfig, "--accounts: must be at least 1"};
    if (size.contracts > size.accounts) {
        return Error{Errc::kConfig, "--contracts: must not be more than the accounts"};
    }
    return DevnetOrigin{size};
}

Result<std::optional<Duration>> interval_of(const Given& given) {
    const GivenValue* const interval = given.find("block-interval");
    if (interval == nullptr) return std::optional<Duration>{};
    const std::string& text = interval->value;
    double seconds = 0;
    const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool number = failure == std::errc{} && stop == text.data() + text.size();
    // Not-a-number is in no range.
    if (!number || !(seconds >= kShortestInterval && seconds <= kLongestInterval)) {
        return Error{Errc::kConfig,
                     interval->origin + ": must be a number of seconds from 0.001 to 86400"};
    }
    return std::optional{from_seconds(seconds)};
}

/// Null when it was not given.
Result<const eth::Version*> eth_version_of(const Given& given) {
    FASTSYNC_TRY(const auto number, given.number("eth-version", kAnyNumber));
    if (!number) return static_cast<const eth::Version*>(nullptr);
    const auto versions = eth::supported_versions();
    const auto found = std::find_if(versions.begin(), versions.end(),
                                    [&](const eth::Version& v) { return v.number == *number; });
    if (found == versions.end()) {
        return Error{Errc::kConfig, "--eth-version: must be a number from " +
                                        std::to_string(versions.front().number) + " to " +
                                        std::to_string(versions.back().number)};
    }
    return &*found;
}

}  // namespace

std::string devnet_help() {
    return "usage: fastsyncd devnet --listen ADDR:PORT [--state DIR |\n"
           "                        --genesis FILE [--chain FILE] |\n"
           "                        --accounts N --contracts M --seed S] [options]\n\n"
           "A peer that serves a chain and its states over the real wire: for tests, trials and\n"
           "measurements. It dials nobody.\n\noptions:\n"
           "  --listen ADDR:PORT  where to listen; port 0 lets the system choose; needed\n"
           "  --state DIR         a chain from headers.rlp, nodes.bin, codes.bin and meta.json\n"
           "  --genesis FILE      a chain over the state of a genesis.json\n"
           "  --chain FILE        with --genesis: its blocks, as geth export writes them; of the\n"
           "                      states only that of block 0 is there\n"
           "  --accounts N        a chain over a made-up state: so many accounts ... [10000]\n"
           "  --contracts M       ... of which so many have code and storage [N / 10]\n"
           "  --seed S            ... and another state for another number [1]\n"
           "  --blocks B          number of the head; not with --state [128; with --chain its\n"
           "                      last, at most 1000000]\n"
           "  --block-interval SECONDS\n"
           "                      make another block that often, each with a changed state; the\n"
           "                      states of the last 128 blocks are served [no more blocks]\n"
           "  --node-key FILE     secret key of the node, 64 hex digits; made when it is not\n"
           "                      there [a new one each time, kept nowhere]\n"
           "  --network-id N      instead of the chain's own\n"
           "  --eth-version N     offer eth/N only, 63 to 68, and nodedata/1: from 67 on eth "
           "itself\n"
           "                      has no node data [63 to 66]\n"
           "  --help              this text\n\n"
           "Prints network_id, genesis_hash, state_root and head (of the last block) and its\n"
           "enode URL, a line each, as soon as it listens.\n\n"
           "exit codes: 0 asked to stop, 1 options or files, 3 internal\n";
}

Result<DevnetOptions> parse_devnet_options(Arguments arguments) {
    FASTSYNC_TRY(auto values, daemon::parse_arguments(arguments, kKeys));
    const Given given{std::move(values)};
    DevnetOptions out;
    const GivenValue* const listen = given.find("listen");
    if (listen == nullptr) return Error{Errc::kConfig, "give --listen ADDR:PORT"};
    auto address = net::parse_host_port(listen->value);
    if (!address) return Error{Errc::kConfig, listen->origin + ": " + address.error().detail};
    out.listen = *std::move(address);
    FASTSYNC_TRY(out.origin, origin_of(given));
    FASTSYNC_TRY(out.blocks, given.number("blocks", devnet::kMaxFirstBlocks));
    FASTSYNC_TRY(out.block_interval, interval_of(given));
    out.node_key = given.path("node-key");
    FASTSYNC_TRY(out.network_id, given.number("network-id", kAnyNumber));
    FASTSYNC_TRY(out.eth_version, eth_version_of(given));
    return out;
}

}  // namespace fastsync::app
