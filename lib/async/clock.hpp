#pragma once

#include <memory>

#include <async/gate.hpp>
#include <async/task.hpp>
#include <common/time.hpp>

namespace fastsync::async {

/// Time as a seam: the system's steady clock, or a simulation that jumps. Lives on one executor.
class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual TimePoint now() const = 0;
    /// Returns at `when`, or as soon as `gate` (may be null) opens. True when the gate opened.
    [[nodiscard]] virtual Task<bool> sleep_until(TimePoint when, Gate* gate) = 0;
};

/// steady_clock and Asio timers on `executor`.
[[nodiscard]] std::unique_ptr<Clock> make_system_clock(Executor executor);

}  // namespace fastsync::async
