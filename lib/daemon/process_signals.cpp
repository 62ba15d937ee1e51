#include <csignal>
#include <utility>

#include <boost/asio/post.hpp>

#include <common/log.hpp>
#include <daemon/process_signals.hpp>

namespace fastsync::daemon {

void ignore_hangup() noexcept {
    (void)std::signal(SIGHUP, SIG_IGN);
}

/// Until the signals are taken none gets in between.
ProcessSignals::HangupKept::HangupKept() : before_(std::signal(SIGHUP, SIG_IGN)) {}

ProcessSignals::HangupKept::~HangupKept() {
    (void)std::signal(SIGHUP, before_);
}

ProcessSignals::ProcessSignals(std::function<void()> stop, std::function<void()> reload)
    : stop_(std::move(stop)),
      reload_(std::move(reload)),
      signals_(thread_.executor(), SIGINT, SIGTERM, SIGHUP) {
    boost::asio::post(thread_.executor(), [this] { wait(); });
}

ProcessSignals::~ProcessSignals() {
    boost::asio::post(thread_.executor(), [this] {
        ended_ = true;  // a signal that came just now is not waited for anew
        signals_.cancel();
    });
    thread_.finish();
}

void ProcessSignals::wait() {
    signals_.async_wait([this](const boost::system::error_code& failed, int signal) {
        if (failed || ended_) return;
        if (signal == SIGHUP) {
            reload_();
        } else {
            log::info("daemon", "stopping signal={}", signal);
            stop_();
        }
        wait();
    });
}

}  // namespace fastsync::daemon
