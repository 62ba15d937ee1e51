#pragma once

#include <vector>

#include <boost/asio/steady_timer.hpp>

#include <async/task.hpp>
#include <common/time.hpp>

namespace fastsync::async {

/// An event on one executor: open() wakes every waiter; it stays open until reset(). The gate may
/// be destroyed as soon as it was opened, even before its waiters have run; destroying it opens it.
class Gate {
  public:
    /// One wait in progress. Only clocks need it: wake() ends the wait as its deadline would.
    class Waiter {
      public:
        explicit Waiter(const Executor& executor, TimePoint deadline = TimePoint::max())
            : timer_(executor, deadline) {}
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        ~Waiter() { leave(); }

        void wake() { timer_.cancel(); }
        /// The gate opened: forgets the gate, ends the wait.
        void release();
        /// Waits at `gate`; true when it opened.
        [[nodiscard]] Task<bool> wait_at(Gate& gate);

      private:
        void leave() noexcept;

        boost::asio::steady_timer timer_;
        Gate* gate_ = nullptr;  ///< null once the gate has let it go
        std::size_t slot_ = 0;
        bool opened_ = false;
    };

    explicit Gate(Executor executor) : executor_(std::move(executor)) {}
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;
    ~Gate() { open(); }

    void open();
    void reset() noexcept { open_ = false; }
    [[nodiscard]] bool is_open() const noexcept { return open_; }
    /// Returns when the gate is open; at once if it is.
    [[nodiscard]] Task<void> wait();
    /// Returns true when the gate opened, false at `when`.
    [[nodiscard]] Task<bool> wait_until(TimePoint when);
    [[nodiscard]] const Executor& executor() const noexcept { return executor_; }

  private:
    Executor executor_;
    std::vector<Waiter*> waiters_;
    bool open_ = false;
};

}  // namespace fastsync::async
