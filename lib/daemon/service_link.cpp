#include <algorithm>
#include <ctime>

#include <daemon/service_link.hpp>

namespace fastsync::daemon {
namespace {

/// Peers have a say in what is told: a line more would be a message of their own.
std::string one_line(std::string_view text) {
    std::string line{text.substr(0, kMaxServiceStatus)};
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c < ' ' || c > '~'; }, ' ');
    return line;
}

std::uint64_t monotonic_microseconds() {
    timespec now{};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec) / 1000U;
}

}  // namespace

void ServiceLink::tell(const std::string& message) {
    if (manager_ != nullptr) manager_->tell(message);
}

void ServiceLink::ready() {
    const std::lock_guard lock{mutex_};
    if (ready_ || stopping_) return;
    ready_ = true;
    tell("READY=1");
}

void ServiceLink::status(std::string_view text) {
    std::string line = one_line(text);
    const std::lock_guard lock{mutex_};
    if (line == told_status_) return;
    told_status_ = std::move(line);
    tell("STATUS=" + told_status_);
}

void ServiceLink::alive() {
    tell("WATCHDOG=1");
}

void ServiceLink::reloading() {
    const std::lock_guard lock{mutex_};
    if (!ready_ || stopping_) return;
    tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_microseconds()));
}

void ServiceLink::reloaded() {
    const std::lock_guard lock{mutex_};
    if (!ready_ || stopping_) return;
    tell("READY=1");
}

void ServiceLink::stopping() {
    const std::lock_guard lock{mutex_};
    if (stopping_) return;
    stopping_ = true;
    tell("STOPPING=1");
}

}  // namespace fastsync::daemon
