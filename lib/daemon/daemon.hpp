#pragma once

#include <memory>
#include <vector>

#include <common/result.hpp>
#include <daemon/config.hpp>
#include <daemon/service_link.hpp>

namespace fastsync::daemon {

/// One node: store, downloader, peers, status, and the threads they live on.
class Daemon {
  public:
    /// Opens key, store, listener and HTTP endpoint; nothing runs yet.
    /// @param service  told of readiness, progress, life and end while it runs; may be null;
    ///                 outlives the daemon
    /// @return what each of them says, naming file or address; kConfig for an address in use
    [[nodiscard]] static Result<std::unique_ptr<Daemon>> open(RunConfig config,
                                                              ServiceLink* service = nullptr);

    virtual ~Daemon() = default;

    /// Runs until stop(), until the state is complete (if the configuration says so), or until the
    /// store fails. When it returns everything complete is durable and every thread has ended.
    /// Once.
    [[nodiscard]] virtual Result<void> run() = 0;
    /// Ends run() within 5 s. From any thread; idempotent.
    virtual void stop() = 0;

    /// Takes others for the static and trusted peers: see eth::Host. From any thread, before the
    /// end of run() or after.
    virtual void set_named_peers(std::vector<Enode> static_peers,
                                 std::vector<NodeId> trusted_peers) = 0;

    /// Where peers reach us: the enode URL. Empty without a listener.
    [[nodiscard]] virtual std::string enode() const = 0;
    /// The port the status is told on; 0 without.
    [[nodiscard]] virtual std::uint16_t http_port() const = 0;
};

}  // namespace fastsync::daemon
