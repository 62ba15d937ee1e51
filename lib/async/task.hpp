#pragma once

#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace fastsync::async {

/// A coroutine. Lazy: it starts when awaited or spawned. Parameters are values or objects that
/// outlive the scope it runs in.
template <class T>
using Task = boost::asio::awaitable<T>;

using Executor = boost::asio::any_io_executor;

/// Runs `task` on `executor` and resumes the caller on its own executor: the only bridge between
/// threads.
template <class T>
Task<T> run_on(Executor executor, Task<T> task) {
    co_return co_await boost::asio::co_spawn(executor, std::move(task), boost::asio::use_awaitable);
}

}  // namespace fastsync::async
