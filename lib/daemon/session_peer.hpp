#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <async/task.hpp>
#include <eth/peer_policy.hpp>
#include <eth/session.hpp>
#include <sync/state_peer.hpp>

namespace fastsync::daemon {

/// The fault that a misbehaviour is, for the policy of the host.
[[nodiscard]] eth::Fault fault_of(sync::Misbehaviour what) noexcept;

/// An eth session as the sync thread sees it. Every call crosses to the net thread and back; what
/// the peer announced is kept here, so that reading it does not cross.
class SessionPeer final : public sync::StatePeer {
  public:
    /// Told, on the net thread, what the peer is to blame for.
    using Blame = std::function<void(eth::Fault)>;

    /// @param net  where the session lives
    SessionPeer(sync::PeerId id, std::string name, std::shared_ptr<eth::Session> session,
                async::Executor net, Blame blame);
    SessionPeer(const SessionPeer&) = delete;
    SessionPeer& operator=(const SessionPeer&) = delete;
    /// Lets go of the session on its own thread.
    ~SessionPeer() override;

    [[nodiscard]] sync::PeerId id() const noexcept override { return id_; }
    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] std::vector<Hash256> heads() const override { return heads_; }
    [[nodiscard]] U256 total_difficulty() const override { return total_difficulty_; }
    [[nodiscard]] async::Task<Result<sync::NodeDataAnswer>> get_node_data(
        std::vector<Hash256> hashes, TimePoint deadline) override;
    [[nodiscard]] async::Task<Result<std::vector<chain::BlockHeader>>> get_headers(
        sync::HeaderRequest request, TimePoint deadline) override;
    void report(sync::Misbehaviour what) override;
    void release() override;

    /// The peer announced a block.
    void announce(const Hash256& head);

  private:
    sync::PeerId id_;
    std::string name_;
    std::shared_ptr<eth::Session> session_;
    async::Executor net_;
    Blame blame_;
    std::vector<Hash256> heads_;  ///< the last announced first, that of the handshake last
    U256 total_difficulty_;
};

}  // namespace fastsync::daemon
