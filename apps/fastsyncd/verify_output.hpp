#pragma once

#include <chrono>
#include <string_view>

#include <sync/closure.hpp>
#include <sync/verify.hpp>

namespace fastsync::app {

/// Reports on standard output, for a person or as one JSON object.
void show(const sync::VerifyReport& report, bool json);
void show(const sync::ItemsReport& report, bool json);

/// Names bad items on standard error, and how many more there are.
void name_bad(std::string_view what, const sync::BadItems& bad);

/// Counts on a terminal's last line, twice a second; nothing where standard error is none.
class Ticker {
  public:
    explicit Ticker(std::string_view doing) : doing_{doing} {}
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;
    ~Ticker();

    sync::VerifyStep operator()(const sync::VerifyReport& so_far) {
        return draw(so_far.items, so_far.bytes);
    }
    sync::VerifyStep operator()(const sync::ItemsReport& so_far) {
        return draw(so_far.items(), so_far.bytes);
    }

  private:
    sync::VerifyStep draw(std::uint64_t items, std::uint64_t bytes);

    std::string_view doing_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace fastsync::app
