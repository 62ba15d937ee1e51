#pragma once

#include <memory>
#include <optional>
#include <string>

#include <common/time.hpp>

namespace fastsync::daemon {

/// The service manager that started us, where one did that wants to be told (systemd: Type=notify).
class ServiceManager {
  public:
    virtual ~ServiceManager() = default;
    /// Sends one message: lines NAME=VALUE, see sd_notify(3). Blocks while its queue is full.
    virtual void tell(const std::string& message) = 0;
    /// How long it waits for a sign of life before it ends us; nothing: for ever.
    [[nodiscard]] virtual std::optional<Duration> patience() const = 0;
};

/// Null unless the environment names one (NOTIFY_SOCKET).
[[nodiscard]] std::unique_ptr<ServiceManager> find_service_manager();

}  // namespace fastsync::daemon
