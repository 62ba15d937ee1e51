#pragma once

#include <cstdint>
#include <vector>

#include <common/bytes.hpp>

namespace fastsync::devnet {

/// As what an item is referred to: it decides what the item refers to in turn.
enum class ItemUse : std::uint8_t { kAccountNode = 1, kStorageNode = 2, kCode = 4 };

struct ItemReference {
    Hash256 hash;
    ItemUse use = ItemUse::kAccountNode;
};

/// Appends what an item refers to, once for each place: child nodes; storage tries and codes of
/// accounts. The empty trie and the empty code are no items.
/// @return kBadState when the item is no node of a state
[[nodiscard]] Result<void> append_references(ItemUse use, ByteView item,
                                             std::vector<ItemReference>& out);

}  // namespace fastsync::devnet
