#pragma once

#include <functional>

#include <boost/asio/signal_set.hpp>

#include <daemon/loop_thread.hpp>

namespace fastsync::daemon {

/// Turns SIGTERM and SIGINT into calls of `stop` and SIGHUP into calls of `reload`, as long as it
/// lives: each signal one call, on a thread of its own.
class ProcessSignals {
  public:
    ProcessSignals(std::function<void()> stop, std::function<void()> reload);
    ProcessSignals(const ProcessSignals&) = delete;
    ProcessSignals& operator=(const ProcessSignals&) = delete;
    ~ProcessSignals();

  private:
    void wait();

    std::function<void()> stop_;
    std::function<void()> reload_;
    bool ended_ = false;  // on the thread
    LoopThread thread_{"fs-signals"};
    boost::asio::signal_set signals_;
};

}  // namespace fastsync::daemon
