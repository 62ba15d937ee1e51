#pragma once

#include <functional>

#include <boost/asio/signal_set.hpp>

#include <daemon/loop_thread.hpp>

namespace fastsync::daemon {

/// SIGHUP does nothing from now on, until ProcessSignals takes it: whoever asks a daemon that opens
/// its database, or closes it, to read its configuration again shall not end it.
void ignore_hangup() noexcept;

/// Turns SIGTERM and SIGINT into calls of `stop` and SIGHUP into calls of `reload`, as long as it
/// lives: each signal one call, on a thread of its own.
/// When it ends they do again what they did before.
class ProcessSignals {
  public:
    ProcessSignals(std::function<void()> stop, std::function<void()> reload);
    ProcessSignals(const ProcessSignals&) = delete;
    ProcessSignals& operator=(const ProcessSignals&) = delete;
    ~ProcessSignals();

  private:
    void wait();

    /// Asio forgets what a signal did before.
    class HangupKept {
      public:
        HangupKept();
        HangupKept(const HangupKept&) = delete;
        HangupKept& operator=(const HangupKept&) = delete;
        ~HangupKept();

      private:
        void (*before_)(int);
    };

    HangupKept hangup_;  ///< outlives the signals
    std::function<void()> stop_;
    std::function<void()> reload_;
    bool ended_ = false;  // on the thread
    LoopThread thread_{"fs-signals"};
    boost::asio::signal_set signals_;
};

}  // namespace fastsync::daemon
