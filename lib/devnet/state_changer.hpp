#pragma once

#include <cstdint>
#include <vector>

#include <chain/header.hpp>
#include <common/bytes.hpp>
#include <devnet/item_store.hpp>

namespace fastsync::devnet {

/// The state after a block, and what was added to the store for it.
struct ChangedState {
    Hash256 root;
    std::vector<Hash256> added;  ///< the state may do without some of them
};

/// Makes what a block does to the state `root`, a few dozen changes: balances, new accounts, a new
/// contract and one with the storage and code of another, slots set anew, added and deleted, slots
/// that change to and fro, and now and then an account destroyed. Its new items are added to
/// `items`. The same seed, number and state give the same.
/// @return kNotFound, kBadState naming the node: the state is not complete
[[nodiscard]] Result<ChangedState> change_state(ItemStore& items, std::uint64_t seed,
                                                chain::BlockNumber number, const Hash256& root);

}  // namespace fastsync::devnet
