#include <iterator>
#include <utility>

#include <boost/asio/post.hpp>

#include <daemon/session_peer.hpp>

namespace fastsync::daemon {

using async::Task;

SessionPeer::SessionPeer(sync::PeerId id, std::string name, std::shared_ptr<eth::Session> session,
                         async::Executor net, Blame blame)
    : id_(id),
      name_(std::move(name)),
      session_(std::move(session)),
      net_(std::move(net)),
      blame_(std::move(blame)),
      heads_{session_->status().head_hash},
      total_difficulty_(session_->status().total_difficulty) {}

SessionPeer::~SessionPeer() {
    // Posted to be destroyed there, should this be the last owner.
    boost::asio::post(net_, [session = std::move(session_)]() mutable { session.reset(); });
}

void SessionPeer::announce(const Hash256& head) {
    if (heads_.front() == head) return;
    heads_.insert(heads_.begin(), head);
    if (heads_.size() > sync::kMostHeads) heads_.erase(std::prev(heads_.end(), 2));
}

Task<Result<sync::NodeDataAnswer>> SessionPeer::get_node_data(std::vector<Hash256> hashes,
                                                              TimePoint deadline) {
    auto data = co_await async::run_on(net_, session_->get_node_data(std::move(hashes), deadline));
    if (!data) co_return data.error();
    co_return sync::NodeDataAnswer{std::move(data->message), std::move(data->blobs), data->arrived};
}

Task<Result<std::vector<chain::BlockHeader>>> SessionPeer::get_headers(sync::HeaderRequest request,
                                                                       TimePoint deadline) {
    eth::HeaderQuery query{request.origin, request.amount, request.skip, request.reverse};
    co_return co_await async::run_on(net_, session_->get_headers(std::move(query), deadline));
}

void SessionPeer::report(sync::Misbehaviour what) {
    boost::asio::post(net_, [blame = blame_, fault = fault_of(what)] { blame(fault); });
}

void SessionPeer::release() {
    boost::asio::post(net_, [session = session_] {
        session->disconnect(rlpx::DisconnectReason::kClientQuitting);
    });
}

eth::Fault fault_of(sync::Misbehaviour what) noexcept {
    switch (what) {
        case sync::Misbehaviour::kMalformedBlob:
            return eth::Fault::kUnrequestedItems;
        case sync::Misbehaviour::kStalling:
            return eth::Fault::kStalling;
        case sync::Misbehaviour::kContradictsPin:
            return eth::Fault::kContradictsPin;
        case sync::Misbehaviour::kForgedHeaders:
            return eth::Fault::kForgedHeaders;
        case sync::Misbehaviour::kRootUnserved:
            break;
    }
    return eth::Fault::kRootUnserved;
}

}  // namespace fastsync::daemon
