#pragma once

#include <deque>
#include <vector>

#include <common/bytes.hpp>
#include <devnet/header_chain.hpp>
#include <devnet/item_store.hpp>
#include <devnet/state_references.hpp>

namespace fastsync::devnet {

/// Full nodes keep the states of so many blocks, the head's among them.
inline constexpr std::size_t kStatesKept = 128;

/// Keeps the items of the last kStatesKept states of a growing chain, and no others.
class StateWindow {
  public:
    explicit StateWindow(ItemStore& items) : items_(items), references_(items) {}

    /// Takes over the items of a chain's last states, those that are there; erases all others.
    /// Once, before add().
    /// @return kNotFound, kBadState: the head's state is not there, or one of the others is only in
    /// part
    [[nodiscard]] Result<void> take_over(const HeaderChain& chain);
    /// The next block's state; the oldest is let go when it is one too many.
    /// @param added  the items that were added for it, and maybe more: those that it does not need
    /// are erased
    /// @return as take_over()
    [[nodiscard]] Result<void> add(const Hash256& root, const std::vector<Hash256>& added);

  private:
    ItemStore& items_;
    StateReferences references_;
    std::deque<Hash256> roots_;  ///< of the last blocks; kEmptyRoot for a state we do not have
};

}  // namespace fastsync::devnet
