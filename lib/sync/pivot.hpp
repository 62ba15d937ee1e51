#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <chain/header.hpp>
#include <common/bytes.hpp>

namespace fastsync::sync {

/// The pivot lies this many blocks below the head: deep enough not to be reorganised away, fresh
/// enough that peers, who keep about 128 states, serve it for a while.
inline constexpr chain::BlockNumber kPivotDistance = 64;
/// A pivot is stale at head >= pivot + kStaleDistance: 2 blocks before common peers drop its state.
inline constexpr chain::BlockNumber kStaleDistance = 128 - 2;

/// What the operator wants instead of head - 64. Such a pivot never moves.
struct PinnedNumber {
    chain::BlockNumber number = 0;
};
struct PinnedHash {
    Hash256 hash;
};
struct PinnedRoot {
    Hash256 root;
};
using PivotPin = std::variant<std::monostate, PinnedNumber, PinnedHash, PinnedRoot>;

[[nodiscard]] constexpr bool is_pinned(const PivotPin& pin) noexcept {
    return pin.index() != 0;
}

/// head - 64, or the genesis on a shorter chain.
[[nodiscard]] constexpr chain::BlockNumber pivot_number(chain::BlockNumber head) noexcept {
    return head >= kPivotDistance ? head - kPivotDistance : 0;
}
[[nodiscard]] constexpr bool is_stale(chain::BlockNumber pivot, chain::BlockNumber head) noexcept {
    return head >= pivot && head - pivot >= kStaleDistance;
}

/// kMalformed unless each header names the one before it as its parent.
[[nodiscard]] Result<void> check_linked(std::span<const chain::BlockHeader> headers);

/// The state to sync. With a pinned root there is no header.
struct Pivot {
    Hash256 state_root;
    std::vector<chain::BlockHeader> headers;  ///< pivot ... head, linked; empty for a pinned root

    [[nodiscard]] const chain::BlockHeader* header() const noexcept {
        return headers.empty() ? nullptr : &headers.front();
    }
    [[nodiscard]] const chain::BlockHeader* head() const noexcept {
        return headers.empty() ? nullptr : &headers.back();
    }
};

/// Whether the pivot before this one was to be kept as long as it could be.
enum class PivotBefore : std::uint8_t {
    kKept,
    kGivenUp,  ///< its root turned out false, or no connected peer serves it any more
};

/// What the choice of a pivot promises. A pinned pivot is what was pinned. Any other one only moves
/// forward: it is never a block below the pivot before on the same chain. A lower number is right
/// when the pivot before was given up, or is not on the new chain: after a reorganisation, or when
/// all who are connected, perhaps after a restart, are on another or a shorter chain.
/// @return what promise is broken; empty when none is
[[nodiscard]] std::string check_move(const PivotPin& pin, const std::optional<Pivot>& before,
                                     PivotBefore fate, const Pivot& chosen);
/// The new pivot has a lower number, for whatever reason.
[[nodiscard]] bool goes_back(const std::optional<Pivot>& before, const Pivot& chosen) noexcept;

}  // namespace fastsync::sync
