#pragma once

#include <cstddef>

#include <async/gate.hpp>
#include <async/task.hpp>

namespace fastsync::async {

/// Owns running coroutines on one executor: nothing is detached, no child outlives its parent.
class TaskScope {
  public:
    explicit TaskScope(Executor executor);
    TaskScope(const TaskScope&) = delete;
    TaskScope& operator=(const TaskScope&) = delete;
    /// Asserts that every task has ended.
    ~TaskScope();

    /// Starts `task` now. An exception that leaves it ends the process: it is our bug.
    void spawn(Task<void> task);
    /// Returns when no task is left. The tasks must have been told to stop.
    [[nodiscard]] Task<void> join();
    [[nodiscard]] std::size_t size() const noexcept { return running_; }
    [[nodiscard]] const Executor& executor() const noexcept { return executor_; }

  private:
    Executor executor_;
    Gate idle_;
    std::size_t running_ = 0;
};

}  // namespace fastsync::async
