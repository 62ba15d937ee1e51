#pragma once

#include <boost/asio/steady_timer.hpp>

#include <async/task.hpp>

namespace fastsync::async {

/// An event on one executor: open() wakes every waiter; it stays open until reset().
class Gate {
  public:
    explicit Gate(Executor executor);

    void open();
    void reset() noexcept { open_ = false; }
    [[nodiscard]] bool is_open() const noexcept { return open_; }
    /// Returns when the gate is open; at once if it is.
    [[nodiscard]] Task<void> wait();
    /// Returns true when the gate opened, false at `when`.
    [[nodiscard]] Task<bool> wait_until(boost::asio::steady_timer::time_point when);

  private:
    bool open_ = false;
    boost::asio::steady_timer timer_;
};

}  // namespace fastsync::async
