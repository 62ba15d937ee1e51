#include <cstdlib>
#include <cstring>

#include <systemd/sd-daemon.h>

#include <common/log.hpp>
#include <daemon/service_manager.hpp>

namespace fastsync::daemon {
namespace {

class Systemd final : public ServiceManager {
  public:
    void tell(const std::string& message) override {
        const int sent = sd_notify(0, message.c_str());
        if (sent < 0)
            log::warn("daemon", "service manager cannot be told: {}", std::strerror(-sent));
    }
    [[nodiscard]] std::optional<Duration> patience() const override {
        std::uint64_t microseconds = 0;
        if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
        return std::chrono::microseconds{microseconds};
    }
};

}  // namespace

std::unique_ptr<ServiceManager> find_service_manager() {
    const char* const socket = std::getenv("NOTIFY_SOCKET");
    if (socket == nullptr || *socket == '\0') return nullptr;
    return std::make_unique<Systemd>();
}

}  // namespace fastsync::daemon
