#pragma once

#include <filesystem>

#include <devnet/dev_chain.hpp>
#include <devnet/state_generator.hpp>

namespace fastsync::devnet {

/// Network id of a made-up chain, and of a genesis that names none.
inline constexpr std::uint64_t kDefaultNetworkId = 1337;
/// Most blocks a chain starts with: headers stay in memory.
inline constexpr chain::BlockNumber kMaxFirstBlocks = 1'000'000;

/// A chain over the state of a genesis file (see chain::load_genesis), which no block changes.
/// @param blocks  number of the head
/// @return kConfig, kStorage naming the file
[[nodiscard]] Result<DevChain> chain_from_genesis(const std::filesystem::path& file,
                                                  chain::BlockNumber blocks);

/// The chain of a genesis file whose blocks go-ethereum has exported: see append_exported(). Of its
/// states only that of block 0 is there.
/// @param until  number of the last block taken, where there are as many
/// @return kConfig, kStorage naming the file
[[nodiscard]] Result<DevChain> chain_from_export(const std::filesystem::path& genesis,
                                                 const std::filesystem::path& blocks,
                                                 chain::BlockNumber until);

/// The last so many blocks of a chain over a made-up state change it (see change_state()): the
/// state of a pivot below them is the made-up one, the head's is another.
inline constexpr chain::BlockNumber kChangingBlocks = 8;

/// A chain over a made-up state.
/// @return kConfig: a size that cannot be
[[nodiscard]] Result<DevChain> chain_from_size(const StateSize& size, chain::BlockNumber blocks);

}  // namespace fastsync::devnet
