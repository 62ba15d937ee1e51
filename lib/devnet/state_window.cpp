#include <algorithm>

#include <devnet/state_window.hpp>
#include <trie/constants.hpp>

namespace fastsync::devnet {

Result<void> StateWindow::take_over(const HeaderChain& chain) {
    const chain::BlockNumber head = chain.head().number;
    const chain::BlockNumber count = std::min<chain::BlockNumber>(kStatesKept, head + 1);
    for (chain::BlockNumber number = head + 1 - count; number <= head; ++number) {
        Hash256 root = chain.find(number)->state_root;
        const bool there = number == head || items_.find(root) != nullptr;
        if (!there) root = trie::kEmptyRoot;
        if (const auto held = references_.hold(root); !held) {
            return Error{held.error().code, "the state of block " + std::to_string(number) +
                                                " is not complete: " + held.error().detail};
        }
        roots_.push_back(root);
    }
    items_.erase_unreferenced();
    return {};
}

Result<void> StateWindow::add(const Hash256& root, const std::vector<Hash256>& added) {
    FASTSYNC_CHECK(references_.hold(root));
    roots_.push_back(root);
    for (const Hash256& hash : added) {
        StoredItem* const item = items_.find(hash);
        if (item != nullptr && item->references == 0) items_.erase(*item);
    }
    if (roots_.size() > kStatesKept) {
        references_.release(roots_.front());
        roots_.pop_front();
    }
    return {};
}

}  // namespace fastsync::devnet
