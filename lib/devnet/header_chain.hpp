#pragma once

#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <chain/header.hpp>
#include <common/bytes.hpp>
#include <common/u256.hpp>

namespace fastsync::devnet {

/// The header of a block without transactions on top of `parent`. Everything but the state follows
/// from the parent.
[[nodiscard]] chain::BlockHeader make_child(const chain::BlockHeader& parent,
                                            const Hash256& state_root);
/// The header of a block 0 over a made-up state.
[[nodiscard]] chain::BlockHeader make_first(const Hash256& state_root);

/// Linked headers from block 0 on.
class HeaderChain {
  public:
    /// kMalformed when `genesis` is not block 0.
    [[nodiscard]] static Result<HeaderChain> from(chain::BlockHeader genesis);

    /// kMalformed when it does not link to the head.
    [[nodiscard]] Result<void> append(chain::BlockHeader header);

    [[nodiscard]] const chain::BlockHeader& genesis() const { return headers_.front(); }
    [[nodiscard]] const chain::BlockHeader& head() const { return headers_.back(); }
    /// Null when there is none.
    [[nodiscard]] const chain::BlockHeader* find(chain::BlockNumber number) const;
    [[nodiscard]] const chain::BlockHeader* find(const Hash256& hash) const;
    /// Of all blocks together.
    [[nodiscard]] const U256& total_difficulty() const noexcept { return total_difficulty_; }

  private:
    void add(chain::BlockHeader header);

    std::vector<chain::BlockHeader> headers_;
    boost::unordered_flat_map<Hash256, chain::BlockNumber, FixedHasher<Hash256>> numbers_;
    U256 total_difficulty_ = 0;
};

}  // namespace fastsync::devnet
