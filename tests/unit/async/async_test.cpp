#include <chrono>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <async/task_scope.hpp>
#include <common/result.hpp>

#include "support/simulation.hpp"

using namespace fastsync;
using namespace std::chrono_literals;
using async::Gate;
using async::Task;
using async::TaskScope;
using test::Simulation;

namespace {

Task<void> note_wait(Gate& gate, std::vector<int>& order, int id) {
    co_await gate.wait();
    order.push_back(id);
}

Task<void> note_wait_until(Gate& gate, TimePoint when, std::vector<std::optional<bool>>& out,
                           std::size_t slot) {
    const bool opened = co_await gate.wait_until(when);
    out[slot] = opened;
}

Task<void> note_sleep(async::Clock& clock, Duration after,
                      std::vector<std::pair<int, Duration>>& log, int id, TimePoint start) {
    (void)co_await clock.sleep_until(start + after, nullptr);
    log.emplace_back(id, clock.now() - start);
}

Task<void> open_after(async::Clock& clock, TimePoint when, Gate& gate) {
    (void)co_await clock.sleep_until(when, nullptr);
    gate.open();
}

Task<void> join_then_flag(TaskScope& scope, bool& joined) {
    co_await scope.join();
    joined = true;
}

Task<std::thread::id> this_thread() {
    co_return std::this_thread::get_id();
}

Task<Result<int>> fail_there() {
    co_return Error{Errc::kNotFound, "there"};
}

Task<int> throw_there() {
    throw std::runtime_error("there");
    co_return 0;
}

Task<void> throw_out() {
    throw std::runtime_error("a bug of ours");
    co_return;
}

}  // namespace

TEST_CASE("Gate: open wakes every waiter and lets later ones pass", "[async]") {
    boost::asio::io_context context;
    Gate gate{context.get_executor()};
    TaskScope scope{context.get_executor()};
    std::vector<int> order;
    for (int i = 0; i < 5; ++i)
        scope.spawn(note_wait(gate, order, i));
    context.poll();
    CHECK(order.empty());
    gate.open();
    context.poll();
    CHECK(order.size() == 5);
    context.restart();
    scope.spawn(note_wait(gate, order, 5));
    context.run();
    CHECK(order.size() == 6);
    CHECK(scope.size() == 0);
}

TEST_CASE("Gate: open then reset still wakes those who waited, and only those", "[async]") {
    boost::asio::io_context context;
    Gate gate{context.get_executor()};
    TaskScope scope{context.get_executor()};
    std::vector<int> order;
    scope.spawn(note_wait(gate, order, 0));
    context.poll();
    gate.open();
    gate.reset();
    scope.spawn(note_wait(gate, order, 1));
    context.poll();
    CHECK(order == std::vector<int>{0});
    gate.open();
    context.run();
    CHECK(order == std::vector<int>{0, 1});
}

TEST_CASE("Gate: each waiter has its own deadline", "[async]") {
    boost::asio::io_context context;
    Gate gate{context.get_executor()};
    TaskScope scope{context.get_executor()};
    std::vector<std::optional<bool>> out(3);
    const TimePoint now = std::chrono::steady_clock::now();
    scope.spawn(note_wait_until(gate, now + 1h, out, 0));
    scope.spawn(note_wait_until(gate, now - 1s, out, 1));
    scope.spawn(note_wait_until(gate, now + 1h, out, 2));
    while (!out[1])
        context.run_one();
    CHECK(out[1] == false);
    CHECK_FALSE(out[0].has_value());
    gate.open();
    context.run();
    CHECK(out[0] == true);
    CHECK(out[2] == true);
}

TEST_CASE("Gate: may be destroyed before its waiters have run", "[async]") {
    boost::asio::io_context context;
    TaskScope scope{context.get_executor()};
    std::vector<int> order;
    std::vector<std::optional<bool>> out(1);
    {
        Gate opened{context.get_executor()};
        Gate dropped{context.get_executor()};
        scope.spawn(note_wait(opened, order, 0));
        scope.spawn(note_wait_until(dropped, TimePoint::max(), out, 0));
        context.poll();
        opened.open();
    }
    context.run();
    CHECK(order.size() == 1);
    CHECK(out[0] == true);
}

TEST_CASE("Gate: waits survive an io_context that is destroyed first", "[async]") {
    std::optional<boost::asio::io_context> context{std::in_place};
    std::vector<int> order;
    Gate gate{context->get_executor()};
    boost::asio::co_spawn(*context, note_wait(gate, order, 0), [](std::exception_ptr) {});
    boost::asio::co_spawn(*context, note_wait(gate, order, 1), [](std::exception_ptr) {});
    context->poll();
    context.reset();
    gate.open();
    CHECK(order.empty());
}

TEST_CASE("TaskScope: join returns when the last task has ended", "[async]") {
    boost::asio::io_context context;
    Gate first{context.get_executor()};
    Gate second{context.get_executor()};
    TaskScope scope{context.get_executor()};
    TaskScope watcher{context.get_executor()};
    std::vector<int> order;
    bool joined = false;
    scope.spawn(note_wait(first, order, 1));
    scope.spawn(note_wait(second, order, 2));
    watcher.spawn(join_then_flag(scope, joined));
    first.open();
    context.poll();
    CHECK_FALSE(joined);
    CHECK(scope.size() == 1);
    second.open();
    context.run();
    CHECK(joined);
}

TEST_CASE("TaskScope: an exception that leaves a task ends the process with a message", "[async]") {
    int fds[2];
    REQUIRE(::pipe(fds) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::dup2(fds[1], STDERR_FILENO);
        std::signal(SIGABRT, SIG_DFL);
        boost::asio::io_context context;
        TaskScope scope{context.get_executor()};
        scope.spawn(throw_out());
        context.run();
        ::_exit(0);
    }
    ::close(fds[1]);
    std::string said;
    char buffer[256];
    for (ssize_t n = 0; (n = ::read(fds[0], buffer, sizeof buffer)) > 0;)
        said.append(buffer, static_cast<std::size_t>(n));
    ::close(fds[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGABRT);
    CHECK_THAT(said, Catch::Contains("a bug of ours"));
}

TEST_CASE("run_on: the task runs there, the caller resumes here", "[async]") {
    boost::asio::io_context here;
    boost::asio::io_context there;
    auto guard = boost::asio::make_work_guard(there);
    std::thread thread{[&there] { there.run(); }};
    const auto there_id = thread.get_id();
    int crossings = 0;
    auto main = [](async::Executor executor, std::thread::id expected, int& count) -> Task<void> {
        const auto home = std::this_thread::get_id();
        for (int i = 0; i < 500; ++i) {
            const bool ran_there = co_await async::run_on(executor, this_thread()) == expected;
            const bool back_home = std::this_thread::get_id() == home;
            if (ran_there && back_home) ++count;
        }
        const Result<int> failed = co_await async::run_on(executor, fail_there());
        CHECK(failed.error().code == Errc::kNotFound);
        bool thrown = false;
        try {
            (void)co_await async::run_on(executor, throw_there());
        } catch (const std::runtime_error&) {
            thrown = true;
        }
        CHECK(thrown);
    };
    {
        TaskScope scope{here.get_executor()};
        scope.spawn(main(there.get_executor(), there_id, crossings));
        here.run();
    }
    guard.reset();
    thread.join();
    CHECK(crossings == 500);
}

TEST_CASE("SystemClock: sleeps until the time or the gate, whichever is first", "[async]") {
    boost::asio::io_context context;
    const auto clock = async::make_system_clock(context.get_executor());
    Gate gate{context.get_executor()};
    auto main = [](async::Clock& time, Gate& door) -> Task<void> {
        const TimePoint start = time.now();
        const auto early = co_await time.sleep_until(start + 5ms, nullptr);
        CHECK_FALSE(early);
        const auto gated = co_await time.sleep_until(start + 10ms, &door);
        CHECK_FALSE(gated);
        CHECK(time.now() >= start + 10ms);
        door.open();
        const auto opened = co_await time.sleep_until(start + 1h, &door);
        CHECK(opened);
    };
    TaskScope scope{context.get_executor()};
    scope.spawn(main(*clock, gate));
    context.run();
}

TEST_CASE("Simulation: hours pass at once and in order", "[async]") {
    Simulation sim;
    std::vector<std::pair<int, Duration>> log;
    const TimePoint start = sim.now();
    TaskScope scope{sim.executor()};
    scope.spawn(note_sleep(sim, 3h, log, 3, start));
    scope.spawn(note_sleep(sim, 1h, log, 1, start));
    scope.spawn(note_sleep(sim, 2h, log, 2, start));
    sim.run(scope.join());
    CHECK(log == std::vector<std::pair<int, Duration>>{{1, 1h}, {2, 2h}, {3, 3h}});
}

TEST_CASE("Simulation: a gate ends a sleep before its time", "[async]") {
    Simulation sim;
    Gate gate{sim.executor()};
    auto main = [](Simulation& time, Gate& door, TaskScope& tasks) -> Task<void> {
        const TimePoint start = time.now();
        tasks.spawn(open_after(time, start + 7s, door));
        const auto open_again = co_await time.sleep_until(start + 1h, &door);
        CHECK(open_again);
        CHECK(time.now() == start + 7s);
        co_await tasks.join();
    };
    TaskScope scope{sim.executor()};
    sim.run(main(sim, gate, scope));
}
