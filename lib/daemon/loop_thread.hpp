#pragma once

#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <async/task.hpp>

namespace fastsync::daemon {

/// An io_context and the one thread that runs it.
class LoopThread {
  public:
    /// @param name  as the system's tools show it; at most 15 characters
    explicit LoopThread(const char* name);
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;
    ~LoopThread() { finish(); }

    [[nodiscard]] async::Executor executor() { return context_.get_executor(); }
    /// Runs what is left to run, then ends the thread. Idempotent.
    void finish();

  private:
    using Context = boost::asio::io_context;

    Context context_{1};
    boost::asio::executor_work_guard<Context::executor_type> work_{context_.get_executor()};
    std::thread thread_;
};

}  // namespace fastsync::daemon
