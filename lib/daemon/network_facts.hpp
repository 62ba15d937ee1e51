#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fastsync::daemon {

/// A block that tells one chain from another of the same genesis.
struct RequiredBlockFact {
    std::uint64_t number = 0;
    std::string_view hash;  ///< 64 hex digits
};

/// Whether all forks of a chain are listed. Chains that never told a fork id to anyone have none.
enum class Schedule : std::uint8_t { kUnknown, kKnown };

/// What is compiled in about one network. Forks ascending, each once, without those at genesis.
struct NetworkFacts {
    std::string_view name;
    std::uint64_t network_id = 0;
    std::uint64_t chain_id = 0;      ///< of EIP-155; 0: the same as the network id
    std::string_view genesis_hash;   ///< 64 hex digits
    std::uint64_t genesis_time = 0;  ///< Unix seconds
    Schedule schedule = Schedule::kUnknown;
    std::span<const std::uint64_t> fork_blocks{};
    std::span<const std::uint64_t> fork_times{};
    std::span<const RequiredBlockFact> required_blocks{};
    std::string_view dns_tree{};  ///< "enrtree://…"; empty: none
};

[[nodiscard]] std::span<const NetworkFacts> network_facts() noexcept;
/// Enode URLs.
[[nodiscard]] std::span<const std::string_view> bootnodes_of(std::string_view network) noexcept;

}  // namespace fastsync::daemon
