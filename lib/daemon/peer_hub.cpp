#include <utility>

#include <boost/asio/post.hpp>

#include <common/log.hpp>
#include <daemon/peer_hub.hpp>
#include <daemon/session_peer.hpp>

namespace fastsync::daemon {

/// What one session says between the answers, carried to the sync thread.
class PeerHub::Link final : public eth::SessionObserver {
  public:
    Link(PeerHub& hub, std::shared_ptr<SessionPeer> peer) : hub_(hub), peer_(std::move(peer)) {}

    [[nodiscard]] const std::shared_ptr<SessionPeer>& peer() const noexcept { return peer_; }

    void on_head(Hash256 hash, chain::BlockNumber /*number*/) override {
        boost::asio::post(hub_.sync_, [peer = peer_, hash] { peer->announce(hash); });
    }
    void on_stray_node_data(eth::NodeData data) override {
        sync::NodeDataAnswer answer{std::move(data.message), std::move(data.blobs), data.arrived};
        boost::asio::post(hub_.sync_, [&downloader = hub_.downloader_, id = peer_->id(),
                                       answer = std::move(answer)]() mutable {
            downloader.stray(id, std::move(answer));
        });
    }

  private:
    PeerHub& hub_;
    std::shared_ptr<SessionPeer> peer_;
};

PeerHub::PeerHub(sync::Downloader& downloader, async::Executor net, async::Executor sync)
    : downloader_(downloader), net_(std::move(net)), sync_(std::move(sync)) {}

PeerHub::~PeerHub() = default;

void PeerHub::on_joined(const eth::Peer& peer) {
    auto blame = [this, id = peer.enode.id](eth::Fault fault) {
        if (host_ != nullptr) host_->blame(id, fault);
    };
    auto adapter = std::make_shared<SessionPeer>(sync::PeerId{peer.number}, short_id(peer.enode.id),
                                                 peer.session, net_, std::move(blame));
    auto link = std::make_unique<Link>(*this, adapter);
    peer.session->observe(link.get());
    links_[peer.number] = std::move(link);
    boost::asio::post(sync_, [&downloader = downloader_, adapter = std::move(adapter)]() mutable {
        downloader.peer_joined(std::move(adapter));
    });
}

void PeerHub::on_left(const eth::Peer& peer, const Error& why) {
    log::debug("peers", "left peer={} reason=\"{}\"", short_id(peer.enode.id), why.message());
    links_.erase(peer.number);
    boost::asio::post(sync_, [&downloader = downloader_, id = sync::PeerId{peer.number}] {
        downloader.peer_left(id);
    });
}

}  // namespace fastsync::daemon
