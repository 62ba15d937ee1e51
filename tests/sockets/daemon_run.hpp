#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include <common/time.hpp>
#include <daemon/daemon.hpp>
#include <status/snapshot.hpp>

namespace fastsync::test {

/// How long a test waits for what must come.
inline constexpr Duration kPatience = std::chrono::seconds{60};

/// True as soon as `condition` holds; false after `patience`.
[[nodiscard]] bool await(const std::function<bool()>& condition, Duration patience = kPatience);

/// A real daemon in a thread of its own, watched through its HTTP endpoint.
class DaemonRun {
  public:
    /// Opens and runs; the test fails when it does not open.
    explicit DaemonRun(daemon::RunConfig config);
    DaemonRun(const DaemonRun&) = delete;
    DaemonRun& operator=(const DaemonRun&) = delete;
    ~DaemonRun();

    [[nodiscard]] Enode enode() const;
    /// Nothing while it has nothing to tell.
    [[nodiscard]] std::optional<status::StatusSnapshot> status() const;
    /// What /peers tells of a node; nothing when it is none.
    [[nodiscard]] std::optional<status::PeerRow> peer(const NodeId& id) const;
    /// Who is banned, and for what.
    [[nodiscard]] std::map<NodeId, std::string> bans() const;
    [[nodiscard]] bool is_peer(const NodeId& id) const { return peer(id).has_value(); }
    [[nodiscard]] bool await_phase(status::Phase phase, Duration patience = kPatience) const;
    [[nodiscard]] bool await_complete() const { return await_phase(status::Phase::kComplete); }
    /// Until waiting_for contains `words`.
    [[nodiscard]] bool await_waiting_for(const std::string& words) const;

    /// Stops it and waits; run() must have succeeded. Returns how long that took, and closes the
    /// database.
    Duration stop();

  private:
    [[nodiscard]] status::PeersReport peers() const;

    std::unique_ptr<daemon::Daemon> daemon_;
    std::optional<Result<void>> outcome_;  ///< written by the thread, read after it ended
    std::thread thread_;
};

}  // namespace fastsync::test
