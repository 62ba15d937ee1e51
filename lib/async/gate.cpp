#include <utility>

#include <boost/asio/redirect_error.hpp>

#include <async/gate.hpp>
#include <common/assert.hpp>

namespace fastsync::async {

void Gate::Waiter::release() {
    // The waiter carries the news itself: it may run when the gate is long gone.
    gate_ = nullptr;
    opened_ = true;
    timer_.cancel();
}

void Gate::Waiter::leave() noexcept {
    if (gate_ == nullptr) return;
    auto& waiters = std::exchange(gate_, nullptr)->waiters_;
    FASTSYNC_ASSERT(slot_ < waiters.size() && waiters[slot_] == this);
    waiters[slot_] = waiters.back();
    waiters[slot_]->slot_ = slot_;
    waiters.pop_back();
}

Task<bool> Gate::Waiter::wait_at(Gate& gate) {
    if (gate.open_) co_return true;
    FASTSYNC_ASSERT(gate_ == nullptr);
    gate_ = &gate;
    slot_ = gate.waiters_.size();
    opened_ = false;
    gate.waiters_.push_back(this);
    boost::system::error_code ignored;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    // A coroutine destroyed in mid-wait (an io_context that goes down) leaves by the destructor.
    leave();
    co_return opened_;
}

void Gate::open() {
    open_ = true;
    for (Waiter* waiter : std::exchange(waiters_, {}))
        waiter->release();
}

Task<void> Gate::wait() {
    if (open_) co_return;
    Waiter waiter{executor_};
    (void)co_await waiter.wait_at(*this);
}

Task<bool> Gate::wait_until(TimePoint when) {
    if (open_) co_return true;
    Waiter waiter{executor_, when};
    co_return co_await waiter.wait_at(*this);
}

}  // namespace fastsync::async
