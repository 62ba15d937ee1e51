#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include <common/time.hpp>
#include <devnet/state_generator.hpp>
#include <eth/version.hpp>
#include <net/address.hpp>

#include "command.hpp"

namespace fastsync::app {

/// Where the chain of a devnet comes from.
struct StateFolder {
    std::filesystem::path folder;
};
struct GenesisFile {
    std::filesystem::path file;
    std::optional<std::filesystem::path> blocks{};  ///< an export; nothing: blocks are made
};
using DevnetOrigin = std::variant<devnet::StateSize, StateFolder, GenesisFile>;

struct DevnetOptions {
    net::HostPort listen;
    DevnetOrigin origin;
    std::optional<std::uint64_t> blocks;  ///< number of the head
    std::optional<Duration> block_interval;
    std::optional<std::filesystem::path> node_key;
    std::optional<std::uint64_t> network_id;    ///< instead of the chain's own
    const eth::Version* eth_version = nullptr;  ///< the only one offered; null: those of the daemon
};

/// kConfig with a sentence that names the option.
[[nodiscard]] Result<DevnetOptions> parse_devnet_options(Arguments arguments);
[[nodiscard]] std::string devnet_help();

}  // namespace fastsync::app
