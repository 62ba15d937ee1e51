#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <map>

namespace fastsync::rlpx {

/// The memory that connections hold together: what came and is not a whole message yet, and what
/// waits to be sent. When it is used up, the connection that holds most of it ends. Lives on one
/// executor, and longer than the connections.
class BufferPool {
  public:
    /// A connection that holds no more than this is never ended.
    static constexpr std::size_t kAlwaysAllowed = 256U * 1024;

    /// @param limit  bytes
    explicit BufferPool(std::size_t limit = std::numeric_limits<std::size_t>::max())
        : limit_(limit) {}
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;

    /// What one connection holds.
    class Share {
      public:
        /// @param pool   null: without a limit
        /// @param evict  ends the connection
        Share(BufferPool* pool, std::function<void()> evict);
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share();

        /// The connection holds so many bytes now. Whoever holds most is ended if that is too much
        /// for all, be it this one.
        void hold(std::size_t bytes);

      private:
        BufferPool* pool_;
    };

    [[nodiscard]] std::size_t used() const noexcept { return used_; }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    /// Connections ended so far.
    [[nodiscard]] std::size_t evictions() const noexcept { return evictions_; }

  private:
    struct Holder {
        std::function<void()> evict;
        std::size_t held = 0;
        bool evicted = false;
    };

    void hold(const Share* share, std::size_t bytes);
    void make_room();

    std::size_t limit_;
    std::size_t used_ = 0;
    std::size_t evictions_ = 0;
    std::map<const Share*, Holder> holders_;
};

}  // namespace fastsync::rlpx
