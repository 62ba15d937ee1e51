#include "served_state.hpp"

namespace fastsync::test {

Result<bool> ServedItems::has(storage::ItemKind /*kind*/, const Hash256& hash) const {
    return items_.find(hash) != nullptr;
}

Result<Bytes> ServedItems::get(storage::ItemKind /*kind*/, const Hash256& hash) const {
    const devnet::StoredItem* const item = items_.find(hash);
    if (item == nullptr) return Error{Errc::kNotFound, "no such item"};
    return to_bytes(item->bytes());
}

sync::VerifyReport verify(const devnet::ItemStore& items, const Hash256& root) {
    return sync::verify_state(root, ServedItems{items});
}

}  // namespace fastsync::test
