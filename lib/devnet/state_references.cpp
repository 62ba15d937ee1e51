#include <array>

#include <devnet/state_references.hpp>
#include <trie/constants.hpp>

namespace fastsync::devnet {
namespace {

constexpr std::array kUses{ItemUse::kAccountNode, ItemUse::kStorageNode, ItemUse::kCode};

bool has_use(const StoredItem& item, ItemUse use) {
    return (item.uses & static_cast<std::uint8_t>(use)) != 0;
}

}  // namespace

Result<void> StateReferences::hold(const Hash256& root) {
    if (root == trie::kEmptyRoot) return {};
    todo_.assign(1, {root, ItemUse::kAccountNode});
    while (!todo_.empty()) {
        const ItemReference reference = todo_.back();
        todo_.pop_back();
        StoredItem* const item = items_.find(reference.hash);
        if (item == nullptr) {
            return Error{Errc::kNotFound, "item " + to_hex0x(reference.hash) + " is missing"};
        }
        ++item->references;
        if (has_use(*item, reference.use)) continue;  // what it refers to is counted
        item->uses |= static_cast<std::uint8_t>(reference.use);
        if (const auto known = append_references(reference.use, item->bytes(), todo_); !known) {
            return Error{known.error().code,
                         "item " + to_hex0x(reference.hash) + ": " + known.error().detail};
        }
    }
    return {};
}

void StateReferences::release(const Hash256& root) {
    if (root == trie::kEmptyRoot) return;
    todo_.assign(1, {root, ItemUse::kAccountNode});
    while (!todo_.empty()) {
        StoredItem* const item = items_.find(todo_.back().hash);
        todo_.pop_back();
        FASTSYNC_ASSERT(item != nullptr && item->references > 0);
        if (--item->references > 0) continue;
        for (const ItemUse use : kUses) {
            if (!has_use(*item, use)) continue;
            const auto known = append_references(use, item->bytes(), todo_);
            FASTSYNC_ASSERT(known.has_value());
        }
        items_.erase(*item);
    }
}

}  // namespace fastsync::devnet
