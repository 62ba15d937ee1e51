#pragma once

#include <cstdint>

namespace fastsync::sync {

/// A share of the key space in units of 2^-62. Keys are hashes, hence uniform: a subtrie at nibble
/// depth d holds 16^-d of them. Shares are split in integers and remainders are credited at once,
/// so that the parts always add up to the whole and a finished sync is exactly 1.
using KeyShare = std::uint64_t;

inline constexpr KeyShare kWholeKeySpace = KeyShare{1} << 62U;
inline constexpr KeyShare kBranchSlots = 16;

[[nodiscard]] constexpr double as_fraction(KeyShare share) noexcept {
    return share == kWholeKeySpace
               ? 1.0
               : static_cast<double>(share) / static_cast<double>(kWholeKeySpace);
}

}  // namespace fastsync::sync
