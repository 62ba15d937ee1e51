#pragma once

#include <functional>
#include <vector>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <daemon/service_link.hpp>

namespace fastsync::daemon {

/// How often the service manager is told, at the longest.
inline constexpr Duration kServiceInterval = std::chrono::seconds{1};

/// Tells the service manager that we are ready, what we do, and that we live: the last only after
/// every thread that must live has answered. On the thread of its clock, which is one of them.
class ServiceWatch {
  public:
    struct Parts {
        ServiceLink& link;
        async::Clock& clock;
        /// Threads that must answer before we call ourselves alive.
        std::vector<async::Executor> threads{};
        /// What we do, in words. On this thread.
        std::function<std::string()> words{};
        /// Whether we serve. May block: it runs on `slow`, until it was true once.
        std::function<bool()> serves{};
        async::Executor slow{};
    };

    explicit ServiceWatch(Parts parts) : parts_(std::move(parts)) {}

    /// Returns when `enough` opens; does nothing when nobody listens.
    [[nodiscard]] async::Task<void> run(async::Gate& enough);

  private:
    [[nodiscard]] async::Task<void> look();
    [[nodiscard]] Duration interval() const;

    Parts parts_;
    bool ready_ = false;
};

}  // namespace fastsync::daemon
