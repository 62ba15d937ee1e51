#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <daemon/config_source.hpp>
#include <daemon/networks.hpp>

namespace fastsync::daemon {

/// True when the command line names the network in a way that makes `key` of a configuration file
/// void: a preset against facts, a genesis file against a genesis hash.
[[nodiscard]] bool names_other_network(std::span<const GivenValue> command_line,
                                       std::string_view key);

/// The network that the keys network, genesis, network-id and genesis-hash name together.
/// @return kConfig naming the key: too little was said, or things that contradict each other
[[nodiscard]] Result<Network> choose_network(std::span<const GivenValue> values);

/// "mainnet, classic, …"
[[nodiscard]] std::string network_names();

}  // namespace fastsync::daemon
