#include "key_progress.hpp"

#include <cmath>
#include <iostream>

#include <fmt/core.h>
#include <unistd.h>

#include <status/text.hpp>

namespace fastsync::app {
namespace {

/// Where a key lies between the first, 0, and the last, 1.
double place_of(const Hash256& key) {
    double place = 0;
    double share = 1;
    for (std::size_t i = 0; i < 6; ++i) {
        share /= 256;
        place += share * key.data[i];
    }
    return place;
}

}  // namespace

KeyProgress::KeyProgress(const Hash256& start)
    : start_(place_of(start)), terminal_(::isatty(STDERR_FILENO) == 1) {}

KeyProgress::~KeyProgress() {
    if (drawn_) std::cerr << "\r\x1b[K" << std::flush;
}

bool KeyProgress::is_due() const {
    const auto pause = terminal_ ? std::chrono::milliseconds{500} : std::chrono::seconds{10};
    return Clock::now() - shown_ > pause;
}

void KeyProgress::show(const Hash256& key, const std::string& counted) {
    shown_ = Clock::now();
    const double done = place_of(key);
    std::string line = fmt::format("{:.2f} %  {}", std::floor(1e4 * done) / 100, counted);
    const double gained = done - start_;
    if (gained > 0) {
        const double spent = std::chrono::duration<double>(shown_ - began_).count();
        const double left = spent * (1 - done) / gained;
        line += "  about " + status::show_seconds(static_cast<std::uint64_t>(left)) + " left";
    }
    if (terminal_) {
        std::cerr << "\r" << line << "\x1b[K" << std::flush;
        drawn_ = true;
    } else {
        std::cerr << line << "  at 0x" << to_hex(key) << std::endl;
    }
}

}  // namespace fastsync::app
