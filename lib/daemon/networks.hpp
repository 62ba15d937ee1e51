#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <chain/fork_id.hpp>
#include <chain/header.hpp>
#include <common/bytes.hpp>
#include <eth/required_block.hpp>

namespace fastsync::daemon {

/// A chain: how peers tell it apart, and where they are found.
struct Network {
    std::string name;  ///< a preset's name, or "custom"
    std::uint64_t network_id = 0;
    Hash256 genesis_hash;
    std::optional<chain::ForkSchedule> forks{};   ///< nothing: not known
    std::optional<chain::BlockHeader> genesis{};  ///< block 0, where it is known
    std::vector<eth::RequiredBlock> required_blocks{};
    std::vector<std::string> bootnodes{};  ///< enode URLs
    std::string dns_tree{};                ///< "enrtree://…"; empty: none
    /// Of EIP-155; nothing where only the network id is known, which most chains have made the
    /// same.
    std::optional<std::uint64_t> chain_id{};

    friend bool operator==(const Network&, const Network&) = default;
};

/// Presets by name, in the order in which they are shown.
[[nodiscard]] std::span<const Network> known_networks();
/// Null when the name is not known.
[[nodiscard]] const Network* find_network(std::string_view name);

/// The network of a genesis.json: its block 0 is computed from the allocation, its forks are those
/// of the config, and so is its chain id where no `network_id` is given.
/// @return kConfig naming file and key: what load_genesis() says, no chain id, too many forks
[[nodiscard]] Result<Network> network_of_genesis(const std::filesystem::path& file,
                                                 std::optional<std::uint64_t> network_id);

}  // namespace fastsync::daemon
