#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include <status/snapshot.hpp>

namespace fastsync::status {

/// Where the latest snapshot hangs: any thread may publish, any thread may read. The lock covers
/// the exchange of one pointer.
class StatusBoard {
  public:
    void publish(std::shared_ptr<const StatusSnapshot> snapshot) {
        // The old one is destroyed after the lock is gone.
        const std::lock_guard lock{mutex_};
        latest_.swap(snapshot);
    }
    /// Null until the first publish().
    [[nodiscard]] std::shared_ptr<const StatusSnapshot> read() const {
        const std::lock_guard lock{mutex_};
        return latest_;
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const StatusSnapshot> latest_;
};

}  // namespace fastsync::status
