#pragma once

#include <functional>

#include <common/result.hpp>
#include <daemon/config.hpp>
#include <daemon/service_link.hpp>

namespace fastsync::daemon {

/// Reads the configuration again and puts in force what needs no new start, which is the log
/// level. From one thread at a time.
class Reloader {
  public:
    /// @param now   what was read at the start
    /// @param read  reads it once more
    /// @param link  told before and after
    Reloader(EffectiveConfig now, std::function<Result<EffectiveConfig>()> read, ServiceLink& link)
        : now_(std::move(now)), read_(std::move(read)), link_(link) {}

    /// What was read, what is in force from now on, and what waits for a start goes to the log. A
    /// configuration that is wrong changes nothing.
    void reload();

  private:
    void apply(EffectiveConfig next);

    EffectiveConfig now_;
    std::function<Result<EffectiveConfig>()> read_;
    ServiceLink& link_;
};

}  // namespace fastsync::daemon
