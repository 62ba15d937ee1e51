#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <common/time.hpp>
#include <sync/invariants.hpp>
#include <sync/peer_ledger.hpp>
#include <sync/state_sync.hpp>

namespace fastsync::sync {

/// Looks after a state sync from beside: says in words when nothing comes any more, and finds tasks
/// that the scheduler has lost. A core: time is an argument.
class Watchdog {
  public:
    /// So long nothing useful may come before it is said. A request times out after 6 s at first.
    static constexpr Duration kPatience = std::chrono::seconds{15};
    /// How often the books are looked through.
    static constexpr Duration kCheckInterval = std::chrono::seconds{5};
    /// What is done about a promise of the scheduler that is broken.
    enum class Breach : std::uint8_t {
        kIsTheEnd,   ///< of the program: debug builds check every invariant
        kIsCounted,  ///< release builds count lost tasks, and say so
    };

    explicit Watchdog(Breach breach = kCheckInvariants ? Breach::kIsTheEnd : Breach::kIsCounted)
        : breach_(breach) {}

    /// Something useful came, or a root begins.
    void moved(TimePoint now) noexcept { last_move_ = now; }
    /// Looks at the sync, at most every kCheckInterval.
    void look(const StateSync& sync, const PeerLedger& ledger, TimePoint now);
    /// The sync is given up for tasks it lost; they stay counted.
    void gave_up(std::size_t lost) noexcept {
        lost_before_ += lost;
        lost_now_ = 0;
    }

    /// In words that nothing comes and from whom it should; empty while something does.
    [[nodiscard]] std::string stalled(const PeerLedger& ledger, TimePoint now) const;
    /// Tasks lost since the start: 0, or we have a bug.
    [[nodiscard]] std::size_t lost_tasks() const noexcept { return lost_before_ + lost_now_; }

  private:
    Breach breach_;
    std::optional<TimePoint> last_move_;
    std::optional<TimePoint> last_look_;
    std::size_t lost_before_ = 0;
    std::size_t lost_now_ = 0;
};

}  // namespace fastsync::sync
