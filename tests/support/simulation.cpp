#include "support/simulation.hpp"

#include <catch2/catch.hpp>

namespace fastsync::test {
namespace {

/// Takes the sleeper off the list however its wait ends.
template <class Map>
class Entry {
  public:
    Entry(Map& map, TimePoint when, async::Gate::Waiter* waiter)
        : map_(map), where_(map.emplace(when, waiter)) {}
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry() { map_.erase(where_); }

  private:
    Map& map_;
    typename Map::iterator where_;
};

}  // namespace

async::Task<bool> Simulation::sleep_until(TimePoint when, async::Gate* gate) {
    async::Gate never{executor()};
    async::Gate& chosen = gate != nullptr ? *gate : never;
    if (chosen.is_open()) co_return true;
    async::Gate::Waiter waiter{executor()};
    const Entry entry{sleepers_, when, &waiter};
    // A sleep into the past still lets others run: it ends at the next jump, which moves nothing.
    co_return co_await waiter.wait_at(chosen);
}

void Simulation::run_ready() {
    context_.restart();
    while (context_.poll() != 0) {
    }
}

void Simulation::run(async::Task<void> main, Duration limit) {
    bool done = false;
    const TimePoint end = now_ + limit;
    boost::asio::co_spawn(context_, std::move(main), [&done](std::exception_ptr escaped) {
        done = true;
        if (escaped) std::rethrow_exception(escaped);
    });
    run_ready();
    while (!done) {
        if (sleepers_.empty()) FAIL("the simulation is stuck: nothing can run, nobody sleeps");
        const TimePoint next = std::max(now_, sleepers_.begin()->first);
        if (next > end) FAIL("the simulation passed its limit");
        now_ = next;
        // All that are due, so that nobody overtakes; they leave the list when they run.
        const auto due = sleepers_.upper_bound(now_);
        for (auto it = sleepers_.begin(); it != due; ++it)
            it->second->wake();
        run_ready();
    }
}

}  // namespace fastsync::test
