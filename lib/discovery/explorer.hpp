#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include <crypto/entropy.hpp>
#include <discovery/lookup.hpp>
#include <discovery/node.hpp>

namespace fastsync::discovery {

/// A round: a lookup of ourselves, which makes us known to our neighbours, and so many of random
/// targets (devp2p discv4.md, and go-ethereum's number).
inline constexpr std::size_t kRandomLookups = 3;
/// Time between rounds, and while we know nobody.
inline constexpr Duration kRoundInterval = std::chrono::minutes{30};
inline constexpr Duration kLonelyInterval = std::chrono::seconds{10};
/// Pause between lookups that are made because somebody wants nodes: the first when the last one
/// found some, the other when many in a row found none.
inline constexpr Duration kShortPause = std::chrono::seconds{1};
inline constexpr Duration kLongPause = std::chrono::seconds{60};

/// Decides when to look up what; one lookup at a time.
class Explorer {
  public:
    enum class Appetite : std::uint8_t { kFull, kHungry };

    Explorer(const NodeId& self, Duration round_interval, TimePoint now)
        : self_(self), round_interval_(round_interval), next_round_(now), next_extra_(now) {}

    /// Whether somebody waits for nodes: then lookups go on between the rounds.
    void set_appetite(Appetite appetite) noexcept { appetite_ = appetite; }
    /// The target of the lookup to start now, if one is due and none is running.
    [[nodiscard]] std::optional<NodeId> next_target(TimePoint now, crypto::EntropySource& entropy);
    void started(Lookup lookup) { lookup_ = std::move(lookup); }
    /// The running lookup is over. @param asked  nodes it asked, @param known  nodes in the table
    void finished(std::size_t asked, std::size_t known, TimePoint now);
    /// Whom to ask has changed: a round is due at once, if none is under way.
    void hurry() noexcept { next_round_ = TimePoint::min(); }
    /// A node was found that was not known before.
    void found_one() noexcept { ++found_; }

    /// Null when none is running.
    [[nodiscard]] Lookup* lookup() noexcept { return lookup_ ? &*lookup_ : nullptr; }
    /// When next_target() will have one, unless a lookup is running.
    [[nodiscard]] TimePoint next_due() const noexcept;
    /// Rounds completed.
    [[nodiscard]] std::uint64_t rounds() const noexcept { return rounds_; }

  private:
    NodeId self_;
    Duration round_interval_;
    TimePoint next_round_;
    TimePoint next_extra_;
    Duration pause_ = kShortPause;
    Appetite appetite_ = Appetite::kFull;
    std::size_t left_ = 0;  ///< random lookups of the round under way
    bool in_round_ = false;
    std::size_t found_ = 0;  ///< since the last lookup ended
    std::uint64_t rounds_ = 0;
    std::optional<Lookup> lookup_;
};

}  // namespace fastsync::discovery
