#pragma once

#include <map>

#include <boost/asio/io_context.hpp>

#include <async/clock.hpp>
#include <async/task.hpp>

namespace fastsync::test {

/// Virtual time over one io_context: it jumps to the next sleeper when nothing else can run. One
/// thread; only memory streams, no sockets.
class Simulation final : public async::Clock {
  public:
    Simulation() = default;

    [[nodiscard]] TimePoint now() const override { return now_; }
    [[nodiscard]] async::Task<bool> sleep_until(TimePoint when, async::Gate* gate) override;
    [[nodiscard]] async::Executor executor() { return context_.get_executor(); }

    /// Runs `main` to its end. Fails the test when nothing can run any more and nobody sleeps, or
    /// when virtual time passes now() + `limit`.
    void run(async::Task<void> main, Duration limit = std::chrono::hours{24});

  private:
    void run_ready();

    boost::asio::io_context context_;
    TimePoint now_{std::chrono::hours{1}};
    std::multimap<TimePoint, async::Gate::Waiter*> sleepers_;
};

}  // namespace fastsync::test
