#include <cstdio>
#include <cstdlib>
#include <exception>

#include <async/task_scope.hpp>
#include <common/assert.hpp>

namespace fastsync::async {
namespace {

[[noreturn]] void die(const std::exception_ptr& escaped) noexcept {
    const char* what = "of unknown type";
    std::string text;
    try {
        std::rethrow_exception(escaped);
    } catch (const std::exception& e) {
        text = e.what();
        what = text.c_str();
    } catch (...) {  // NOLINT(bugprone-empty-catch): `what` says it
    }
    std::fprintf(stderr, "fastsyncd: an exception left a task: %s\n", what);
    std::abort();
}

}  // namespace

TaskScope::TaskScope(Executor executor) : executor_(std::move(executor)), idle_(executor_) {}

TaskScope::~TaskScope() {
    FASTSYNC_ASSERT(running_ == 0);
}

void TaskScope::spawn(Task<void> task) {
    ++running_;
    boost::asio::co_spawn(executor_, std::move(task), [this](std::exception_ptr escaped) {
        if (escaped) die(escaped);
        if (--running_ == 0) idle_.open();
    });
}

Task<void> TaskScope::join() {
    while (running_ > 0) {
        idle_.reset();
        co_await idle_.wait();
    }
}

}  // namespace fastsync::async
