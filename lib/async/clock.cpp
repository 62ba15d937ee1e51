#include <chrono>
#include <utility>

#include <async/clock.hpp>

namespace fastsync::async {
namespace {

class SystemClock final : public Clock {
  public:
    explicit SystemClock(Executor executor) : executor_(std::move(executor)) {}

    [[nodiscard]] TimePoint now() const override { return std::chrono::steady_clock::now(); }

    [[nodiscard]] Task<bool> sleep_until(TimePoint when, Gate* gate) override {
        if (gate != nullptr) co_return co_await gate->wait_until(when);
        Gate never{executor_};
        co_return co_await never.wait_until(when);
    }

  private:
    Executor executor_;
};

}  // namespace

std::unique_ptr<Clock> make_system_clock(Executor executor) {
    return std::make_unique<SystemClock>(std::move(executor));
}

}  // namespace fastsync::async
