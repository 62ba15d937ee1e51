#pragma once

#include <cstdint>
#include <vector>

#include <devnet/item_store.hpp>

namespace fastsync::devnet {

/// What makes an account a contract.
struct GeneratedContract {
    Hash256 storage_root;
    Hash256 code_hash;
};

/// Makes `count` contracts, adds their storage tries and codes to `items`. See generate_state().
[[nodiscard]] std::vector<GeneratedContract> generate_contracts(std::uint64_t seed,
                                                                std::uint64_t count, bool giant,
                                                                ItemStore& items);

}  // namespace fastsync::devnet
