#pragma once

#include <vector>

#include <common/bytes.hpp>
#include <devnet/item_references.hpp>
#include <devnet/item_store.hpp>

namespace fastsync::devnet {

/// Knows which items of a store the held states need, by counting the places that refer to each: in
/// items that are needed themselves, and held states. What no place refers to any more is erased.
///
/// An item that several parents share, or that a later state makes anew, stays until the last place
/// is gone. Its own references are counted when it is first held, so items may be added in any
/// order.
class StateReferences {
  public:
    explicit StateReferences(ItemStore& items) : items_(items) {}

    /// Holds a state whose items are all there; the same one may be held more than once.
    /// kNotFound naming what is missing, kBadState naming what is no node: the counts are of no
    /// more use.
    [[nodiscard]] Result<void> hold(const Hash256& root);
    /// Lets go of a state that is held.
    void release(const Hash256& root);

  private:
    ItemStore& items_;
    std::vector<ItemReference> todo_;
};

}  // namespace fastsync::devnet
