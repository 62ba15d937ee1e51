#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include <common/result.hpp>
#include <daemon/config.hpp>
#include <daemon/service_link.hpp>

namespace fastsync::daemon {

/// Reads the configuration again and puts in force what needs no new start: the log levels, and who
/// the static and trusted peers are.
class Reloader {
  public:
    /// Is told the static and the trusted peers when they have changed.
    using PeersSink = std::function<void(std::vector<Enode>, std::vector<NodeId>)>;

    /// @param now   what was read at the start
    /// @param read  reads it once more
    /// @param link  told before and after
    Reloader(EffectiveConfig now, std::function<Result<EffectiveConfig>()> read, ServiceLink& link)
        : now_(std::move(now)), read_(std::move(read)), link_(link) {}

    /// What was read, what is in force from now on, and what waits for a start goes to the log. A
    /// configuration that is wrong changes nothing. Reading may take long, where a disk hangs: from
    /// one thread at a time, and none that others wait for.
    void reload();
    /// Whom to tell, from now on; null: nobody, what is read has no effect any more. From any
    /// thread: who was there before is not told when it has returned.
    void attach(PeersSink sink);

  private:
    void apply(EffectiveConfig next);
    void apply_peers(RunConfig next);

    EffectiveConfig now_;
    std::function<Result<EffectiveConfig>()> read_;
    ServiceLink& link_;
    std::mutex mutex_;
    PeersSink sink_;
};

}  // namespace fastsync::daemon
