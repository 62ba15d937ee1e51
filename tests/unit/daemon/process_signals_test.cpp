#include <atomic>
#include <csignal>
#include <thread>

#include <catch2/catch.hpp>

#include <daemon/process_signals.hpp>

using namespace fastsync;
using namespace fastsync::daemon;
using namespace std::chrono_literals;

TEST_CASE("ProcessSignals: each signal is one call, on a thread of its own", "[daemon]") {
    std::atomic<int> calls{0};
    std::atomic<int> reloads{0};
    std::atomic<bool> elsewhere{true};
    const auto here = std::this_thread::get_id();
    const auto reached = [&](int count) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (calls < count && std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
        return calls == count;
    };
    {
        const ProcessSignals signals{[&] {
                                         if (std::this_thread::get_id() == here) elsewhere = false;
                                         ++calls;
                                     },
                                     [&] { ++reloads; }};
        REQUIRE(std::raise(SIGTERM) == 0);
        REQUIRE(reached(1));
        REQUIRE(std::raise(SIGINT) == 0);
        REQUIRE(reached(2));
        REQUIRE(std::raise(SIGTERM) == 0);
        REQUIRE(reached(3));
        CHECK(elsewhere);
        CHECK(reloads == 0);
        REQUIRE(std::raise(SIGHUP) == 0);
        REQUIRE(std::raise(SIGTERM) == 0);
        REQUIRE(reached(4));
        // Which of two signals at once is told first is the system's choice.
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (reloads == 0 && std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
        CHECK(reloads == 1);
    }
    const ProcessSignals unused{[&] { ++calls; }, [&] { ++reloads; }};
    CHECK(calls == 4);
    CHECK(reloads == 1);
}

TEST_CASE("ProcessSignals: it ends while signals come", "[daemon]") {
    std::atomic<bool> reloading{false};
    std::atomic<bool> go_on{false};
    std::atomic<int> stops{0};
    std::thread later;
    {
        const ProcessSignals signals{[&] { ++stops; },
                                     [&] {
                                         reloading = true;
                                         while (!go_on)
                                             std::this_thread::yield();
                                     }};
        REQUIRE(std::raise(SIGHUP) == 0);
        while (!reloading)
            std::this_thread::yield();
        // Told once the reload is over, behind the end.
        REQUIRE(std::raise(SIGTERM) == 0);
        later = std::thread{[&] {
            std::this_thread::sleep_for(100ms);
            go_on = true;
        }};
    }
    later.join();
    CHECK(stops <= 1);
}

TEST_CASE("ProcessSignals: a hangup before and after them ends nothing", "[daemon]") {
    const auto before = std::signal(SIGHUP, SIG_DFL);
    ignore_hangup();
    REQUIRE(std::raise(SIGHUP) == 0);
    std::atomic<int> reloads{0};
    {
        const ProcessSignals signals{[] {}, [&] { ++reloads; }};
        REQUIRE(std::raise(SIGHUP) == 0);
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (reloads == 0 && std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
        CHECK(reloads == 1);
    }
    REQUIRE(std::raise(SIGHUP) == 0);
    CHECK(reloads == 1);
    // Where it was to end the process, it is to do so again.
    CHECK(std::signal(SIGHUP, SIG_DFL) == SIG_IGN);
    {
        const ProcessSignals signals{[] {}, [] {}};
    }
    CHECK(std::signal(SIGHUP, before) == SIG_DFL);
}
