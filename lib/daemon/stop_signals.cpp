#include <csignal>
#include <utility>

#include <boost/asio/post.hpp>

#include <common/log.hpp>
#include <daemon/stop_signals.hpp>

namespace fastsync::daemon {

StopSignals::StopSignals(std::function<void()> stop)
    : stop_(std::move(stop)), signals_(thread_.executor(), SIGINT, SIGTERM) {
    boost::asio::post(thread_.executor(), [this] { wait(); });
}

StopSignals::~StopSignals() {
    boost::asio::post(thread_.executor(), [this] { signals_.cancel(); });
    thread_.finish();
}

void StopSignals::wait() {
    signals_.async_wait([this](const boost::system::error_code& failed, int signal) {
        if (failed) return;
        log::info("daemon", "stopping signal={}", signal);
        stop_();
        wait();
    });
}

}  // namespace fastsync::daemon
