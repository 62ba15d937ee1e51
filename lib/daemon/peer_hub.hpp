#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include <async/task.hpp>
#include <eth/host.hpp>
#include <sync/downloader.hpp>

namespace fastsync::daemon {

/// Hands every session of the host to the downloader as a peer, with what it announces, and takes
/// it back when it ends. Lives on the net thread.
class PeerHub final : public eth::HostObserver {
  public:
    /// @param downloader  lives on `sync`
    PeerHub(sync::Downloader& downloader, async::Executor net, async::Executor sync);
    ~PeerHub() override;

    /// Who peers are blamed at from now on; null: nobody.
    void attach(eth::Host* host) noexcept { host_ = host; }

    void on_joined(const eth::Peer& peer) override;
    void on_left(const eth::Peer& peer, const Error& why) override;

  private:
    class Link;

    sync::Downloader& downloader_;
    eth::Host* host_ = nullptr;
    async::Executor net_;
    async::Executor sync_;
    std::map<std::uint64_t, std::unique_ptr<Link>> links_;
};

}  // namespace fastsync::daemon
