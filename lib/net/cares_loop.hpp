#pragma once

#include <set>
#include <string>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <async/task.hpp>
#include <common/result.hpp>

struct ares_channeldata;  // of c-ares: what its ares_channel points to

namespace fastsync::net {

/// Questions to the name servers that belong together, of c-ares: a channel of their own, so that
/// closing it concerns nobody else.
class CaresChannel {
  public:
    CaresChannel() = default;
    CaresChannel(const CaresChannel&) = delete;
    CaresChannel& operator=(const CaresChannel&) = delete;
    /// Questions still open are told ARES_EDESTRUCTION: what they write to must outlive it.
    ~CaresChannel();

    /// See make_txt_resolver().
    [[nodiscard]] Result<void> open(const std::string& servers);
    [[nodiscard]] ares_channeldata* get() const noexcept { return handle_; }

  private:
    ares_channeldata* handle_ = nullptr;
};

/// Lets c-ares work on one executor, without a thread of its own.
class CaresLoop {
  public:
    CaresLoop(async::Executor executor, async::Clock& clock)
        : executor_(std::move(executor)), clock_(clock) {}

    /// Waits until the library has something to do, or until `deadline`, and lets it.
    [[nodiscard]] async::Task<void> turn(ares_channeldata* channel, TimePoint deadline);
    /// Ends turns under way. Idempotent.
    void close() noexcept;
    [[nodiscard]] bool is_closed() const noexcept { return closed_; }
    [[nodiscard]] TimePoint now() const { return clock_.now(); }

  private:
    async::Executor executor_;
    async::Clock& clock_;
    std::set<async::Gate*> waiting_;
    bool closed_ = false;
};

}  // namespace fastsync::net
