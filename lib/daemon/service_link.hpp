#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include <daemon/service_manager.hpp>

namespace fastsync::daemon {

/// Longest status text that a service manager is told, bytes.
inline constexpr std::size_t kMaxServiceStatus = 240;

/// What we tell the service manager, in an order that makes sense to it. From any thread.
class ServiceLink {
  public:
    /// @param manager  null: nobody is told anything
    explicit ServiceLink(ServiceManager* manager) : manager_(manager) {}

    [[nodiscard]] bool listens() const noexcept { return manager_ != nullptr; }
    [[nodiscard]] std::optional<Duration> patience() const {
        return listens() ? manager_->patience() : std::nullopt;
    }
    /// We serve. Once; not after stopping().
    void ready();
    /// One line for a person. Sent when it changed; what could end the line or a message is not.
    void status(std::string_view text);
    /// Every thread that must live does.
    void alive();
    /// Between the two the configuration is read again.
    void reloading();
    void reloaded();
    /// The end has begun. Once.
    void stopping();

  private:
    void tell(const std::string& message);

    ServiceManager* manager_;
    std::mutex mutex_;
    std::string told_status_;
    bool ready_ = false;
    bool stopping_ = false;
};

}  // namespace fastsync::daemon
