#include <atomic>
#include <csignal>
#include <thread>

#include <catch2/catch.hpp>

#include <daemon/stop_signals.hpp>

using namespace fastsync;
using namespace fastsync::daemon;
using namespace std::chrono_literals;

TEST_CASE("StopSignals: each SIGTERM and SIGINT is one call, on a thread of its own", "[daemon]") {
    std::atomic<int> calls{0};
    std::atomic<bool> elsewhere{true};
    const auto here = std::this_thread::get_id();
    const auto reached = [&](int count) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (calls < count && std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
        return calls == count;
    };
    {
        const StopSignals signals{[&] {
            if (std::this_thread::get_id() == here) elsewhere = false;
            ++calls;
        }};
        REQUIRE(std::raise(SIGTERM) == 0);
        REQUIRE(reached(1));
        REQUIRE(std::raise(SIGINT) == 0);
        REQUIRE(reached(2));
        REQUIRE(std::raise(SIGTERM) == 0);
        REQUIRE(reached(3));
        CHECK(elsewhere);
    }
    const StopSignals unused{[&] { ++calls; }};
    CHECK(calls == 3);
}
