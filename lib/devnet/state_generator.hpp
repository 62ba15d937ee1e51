#pragma once

#include <cstdint>

#include <devnet/item_store.hpp>

namespace fastsync::devnet {

/// How large a made-up state is. The same values give the same state everywhere.
struct StateSize {
    std::uint64_t accounts = 10'000;
    std::uint64_t contracts = 1'000;  ///< so many of the accounts
    std::uint64_t seed = 1;
    bool giant = false;  ///< one contract holds about a third of all slots
};

/// Most accounts we make: some 40 GiB of items.
inline constexpr std::uint64_t kMaxAccounts = 100'000'000;

/// Makes a state like those of public chains and adds its items to `items`: accounts without code;
/// contracts whose storage sizes are heavy-tailed (the largest holds a good share of all slots, the
/// rest have a few), some with the very storage of another, with all but one slot of another's, or
/// with none; codes that many contracts share.
/// @return the state root; kConfig when there are no accounts, too many, or more contracts than
/// accounts
[[nodiscard]] Result<Hash256> generate_state(const StateSize& size, ItemStore& items);

}  // namespace fastsync::devnet
