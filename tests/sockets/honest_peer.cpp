#include "honest_peer.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <common/assert.hpp>
#include <crypto/entropy.hpp>
#include <net/tcp.hpp>
#include <rlp/encode.hpp>

#include "support/test_nodes.hpp"

namespace fastsync::test {

using async::Task;

eth::ChainIdentity HonestPeer::WorldBackend::identity() const {
    const auto& head = world_.chain.headers[visible - 1];
    const auto forks = chain::ForkLadder::make({world_.genesis_hash(), 0, {}, {}});
    FASTSYNC_ASSERT(forks.has_value());
    return {World::kNetworkId,
            world_.genesis_hash(),
            head.hash,
            1000 + U256{head.number},
            std::make_shared<const chain::ForkLadder>(*forks),
            {head.number, head.timestamp}};
}

Task<std::vector<Bytes>> HonestPeer::WorldBackend::headers(eth::HeaderQuery query) {
    co_return world_.headers(query.origin, query.amount, visible);
}

Task<Bytes> HonestPeer::WorldBackend::node_data(std::vector<Hash256> hashes) {
    asked += hashes.size();
    if (work_ > Duration{}) (void)co_await clock_.sleep_until(clock_.now() + work_, nullptr);
    rlp::Encoder out;
    for (const Hash256& hash : hashes)
        if (const Bytes* blob = world_.find(hash)) out.string(*blob);
    co_return out.take();
}

HonestPeer::HonestPeer(const World& world, Byte key, std::vector<Enode> dial, Duration work)
    : clock_(async::make_system_clock(loop_.executor())),
      backend_(world, *clock_, work),
      scope_(loop_.executor()) {
    const async::Executor net = loop_.executor();
    auto listener = net::make_tcp_listener(net, *clock_, {"127.0.0.1", 0});
    REQUIRE(listener);
    rlpx::LocalNode local = node_of(key);
    local.listen_port = (*listener)->port();
    enode_ = {local.key.public_key(), "127.0.0.1", local.listen_port, local.listen_port};
    host_ = std::make_unique<eth::Host>(
        net, *clock_, crypto::system_entropy(), std::move(local), backend_,
        net::make_tcp_dialer(net, *clock_), *std::move(listener),
        eth::HostOptions{std::move(dial), {}, 25, nullptr}, nullptr);
    boost::asio::post(net, [this] { scope_.spawn(host_->run()); });
}

HonestPeer::~HonestPeer() {
    boost::asio::post(loop_.executor(), [this] { host_->stop(); });
    loop_.finish();
}

}  // namespace fastsync::test
