#pragma once

#include <map>
#include <optional>
#include <utility>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <async/task.hpp>
#include <common/result.hpp>
#include <eth/request_id.hpp>

namespace fastsync::eth {

/// The coroutines that wait for an answer of one kind, by their request.
template <class Answer>
class Waiting {
  public:
    /// One of them: registered as long as it lives, on the waiting coroutine's frame.
    class Waiter {
      public:
        Waiter(Waiting& all, RequestId id, const async::Executor& executor)
            : all_(all), id_(id), gate_(executor) {
            all_.waiters_.emplace(id, this);
        }
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        ~Waiter() { all_.waiters_.erase(id_); }

        /// Nothing at the deadline.
        async::Task<std::optional<Result<Answer>>> wait(async::Clock& clock, TimePoint deadline) {
            (void)co_await clock.sleep_until(deadline, &gate_);
            co_return std::move(outcome_);
        }
        void resolve(Result<Answer> outcome) {
            if (outcome_) return;
            outcome_.emplace(std::move(outcome));
            gate_.open();
        }

      private:
        Waiting& all_;
        RequestId id_;
        async::Gate gate_;
        std::optional<Result<Answer>> outcome_;
    };

    void resolve(RequestId id, Result<Answer> outcome) {
        if (const auto found = waiters_.find(id); found != waiters_.end())
            found->second->resolve(std::move(outcome));
    }
    void fail_all(const Error& error) {
        for (const auto& [id, waiter] : waiters_)
            waiter->resolve(error);
    }

  private:
    std::map<RequestId, Waiter*> waiters_;
};

}  // namespace fastsync::eth
