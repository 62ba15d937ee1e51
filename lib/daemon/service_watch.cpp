#include <algorithm>

#include <daemon/service_watch.hpp>

namespace fastsync::daemon {
namespace {

async::Task<void> answer() {
    co_return;
}

async::Task<bool> ask(const std::function<bool()>& question) {
    co_return question();
}

}  // namespace

/// Two signs of life for each that is waited for, and not so many that they cost something.
Duration ServiceWatch::interval() const {
    const auto patience = parts_.link.patience();
    return patience ? std::min(kServiceInterval, *patience / 2) : kServiceInterval;
}

async::Task<void> ServiceWatch::run(async::Gate& enough) {
    if (!parts_.link.listens()) co_return;
    const Duration pause = interval();
    while (!enough.is_open()) {
        co_await look();
        (void)co_await parts_.clock.sleep_until(parts_.clock.now() + pause, &enough);
    }
}

async::Task<void> ServiceWatch::look() {
    for (const async::Executor& thread : parts_.threads)
        co_await async::run_on(thread, answer());
    if (parts_.link.patience()) parts_.link.alive();
    if (!ready_) {
        ready_ = co_await async::run_on(parts_.slow, ask(parts_.serves));
        if (ready_) parts_.link.ready();
    }
    parts_.link.status(parts_.words());
}

}  // namespace fastsync::daemon
