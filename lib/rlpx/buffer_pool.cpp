#include <algorithm>
#include <utility>

#include <rlpx/buffer_pool.hpp>

namespace fastsync::rlpx {

BufferPool::Share::Share(BufferPool* pool, std::function<void()> evict) : pool_(pool) {
    if (pool_ != nullptr) pool_->holders_.emplace(this, Holder{std::move(evict)});
}

BufferPool::Share::~Share() {
    if (pool_ == nullptr) return;
    const auto own = pool_->holders_.find(this);
    pool_->used_ -= own->second.held;
    pool_->holders_.erase(own);
}

void BufferPool::Share::hold(std::size_t bytes) {
    if (pool_ != nullptr) pool_->hold(this, bytes);
}

void BufferPool::hold(const Share* share, std::size_t bytes) {
    Holder& holder = holders_.at(share);
    if (holder.evicted) return;
    used_ += bytes;
    used_ -= std::exchange(holder.held, bytes);
    if (used_ > limit_) make_room();
}

void BufferPool::make_room() {
    const auto holds_less = [](const auto& a, const auto& b) {
        return a.second.held < b.second.held;
    };
    while (used_ > limit_) {
        const auto most = std::max_element(holders_.begin(), holders_.end(), holds_less);
        if (most->second.held <= kAlwaysAllowed) return;
        ++evictions_;
        most->second.evicted = true;
        used_ -= std::exchange(most->second.held, 0);
        most->second.evict();
    }
}

}  // namespace fastsync::rlpx
