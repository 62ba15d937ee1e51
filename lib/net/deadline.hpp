#pragma once

#include <utility>

#include <async/clock.hpp>
#include <async/task_scope.hpp>
#include <net/byte_stream.hpp>

namespace fastsync::net {

namespace detail {

struct Watch {
    async::Gate done;
    bool expired = false;
};

[[nodiscard]] async::Task<void> close_at(async::Clock& clock, TimePoint deadline,
                                         ByteStream& stream, Watch& watch);

}  // namespace detail

/// Runs `work`, which reads and writes `stream`. At `deadline` the stream is closed, which ends the
/// work, and the result is kTimeout.
template <class T>
[[nodiscard]] async::Task<Result<T>> with_deadline(async::Clock& clock, TimePoint deadline,
                                                   ByteStream& stream,
                                                   async::Task<Result<T>> work) {
    detail::Watch watch{async::Gate{stream.executor()}};
    async::TaskScope scope{stream.executor()};
    scope.spawn(detail::close_at(clock, deadline, stream, watch));
    Result<T> result = co_await std::move(work);
    watch.done.open();
    co_await scope.join();
    // A failure of the work's own, met before, says more than the clock does.
    if (watch.expired && (result || result.error().code == Errc::kClosed))
        co_return Error{Errc::kTimeout, "not done in time"};
    co_return result;
}

}  // namespace fastsync::net
