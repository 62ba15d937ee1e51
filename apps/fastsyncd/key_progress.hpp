#pragma once

#include <chrono>
#include <string>

#include <common/bytes.hpp>

namespace fastsync::app {

/// How far a walk over all keys is, on standard error: in place on a terminal, a line every ten
/// seconds elsewhere. Keys are hashes and so spread evenly: the key tells the share that is done.
class KeyProgress {
  public:
    explicit KeyProgress(const Hash256& start);
    KeyProgress(const KeyProgress&) = delete;
    KeyProgress& operator=(const KeyProgress&) = delete;
    ~KeyProgress();

    /// @param counted  "12,345 accounts", asked for only when it is shown
    template <class Counted>
    void at(const Hash256& key, const Counted& counted) {
        // Asking the clock for each of a million rows costs more than writing it.
        if (++calls_ % 256 == 0 && is_due()) show(key, counted());
    }

  private:
    [[nodiscard]] bool is_due() const;
    void show(const Hash256& key, const std::string& counted);

    using Clock = std::chrono::steady_clock;

    double start_;
    bool terminal_;
    bool drawn_ = false;
    std::uint64_t calls_ = 0;
    Clock::time_point began_ = Clock::now();
    Clock::time_point shown_ = Clock::now();
};

}  // namespace fastsync::app
