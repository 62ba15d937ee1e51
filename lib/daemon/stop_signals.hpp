#pragma once

#include <functional>

#include <boost/asio/signal_set.hpp>

#include <daemon/loop_thread.hpp>

namespace fastsync::daemon {

/// Turns SIGTERM and SIGINT into calls, as long as it lives: each signal one call, on a thread of
/// its own.
class StopSignals {
  public:
    explicit StopSignals(std::function<void()> stop);
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;
    ~StopSignals();

  private:
    void wait();

    std::function<void()> stop_;
    LoopThread thread_{"fs-signals"};
    boost::asio::signal_set signals_;
};

}  // namespace fastsync::daemon
