#pragma once

#include <cstdint>

#include <devnet/dev_chain.hpp>
#include <devnet/state_window.hpp>

namespace fastsync::devnet {

/// Makes a chain grow: each block changes the state, and the states that have become too old are
/// no more served.
class BlockMaker {
  public:
    /// @param seed  another one makes other changes
    explicit BlockMaker(DevChain& chain, std::uint64_t seed = 1)
        : chain_(chain), seed_(seed), window_(chain.items()) {}

    /// Keeps of the chain what a growing one keeps. Once, before make().
    /// @return as StateWindow::take_over()
    [[nodiscard]] Result<void> start() { return window_.take_over(chain_.header_chain()); }
    /// Adds a block, which is the new head.
    /// @return kNotFound, kBadState: the state is not complete
    [[nodiscard]] Result<void> make();

  private:
    DevChain& chain_;
    std::uint64_t seed_;
    StateWindow window_;
};

}  // namespace fastsync::devnet
