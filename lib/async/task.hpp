#pragma once

#include <optional>
#include <type_traits>
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

namespace detail {
// co_spawn wants a result that can be default-constructed; a Result cannot.
template <class T>
Task<std::optional<T>> boxed(Task<T> task) {
    co_return std::optional<T>{co_await std::move(task)};
}
}  // namespace detail

/// Runs `task` on `executor` and resumes the caller on its own executor: the only bridge between
/// threads.
template <class T>
Task<T> run_on(Executor executor, Task<T> task) {
    if constexpr (std::is_void_v<T>) {
        co_await boost::asio::co_spawn(executor, std::move(task), boost::asio::use_awaitable);
    } else {
        std::optional<T> result = co_await boost::asio::co_spawn(
            executor, detail::boxed<T>(std::move(task)), boost::asio::use_awaitable);
        co_return *std::move(result);
    }
}

}  // namespace fastsync::async
