#include <devnet/dev_node.hpp>
#include <net/tcp.hpp>

namespace fastsync::devnet {

Result<std::unique_ptr<DevNode>> DevNode::open(async::Executor executor,
                                               crypto::EntropySource& entropy, DevChain& chain,
                                               DevNodeOptions options) {
    auto clock = async::make_system_clock(executor);
    FASTSYNC_TRY(auto listener, net::make_tcp_listener(executor, *clock, options.listen));
    return std::unique_ptr<DevNode>{new DevNode{executor, std::move(clock), entropy, chain,
                                                std::move(options), std::move(listener)}};
}

DevNode::DevNode(async::Executor executor, std::unique_ptr<async::Clock> clock,
                 crypto::EntropySource& entropy, DevChain& chain, DevNodeOptions options,
                 std::unique_ptr<net::Listener> listener)
    : clock_(std::move(clock)),
      enode_{options.key.public_key(), options.listen.host, listener->port(), listener->port()},
      host_(executor, *clock_, entropy,
            rlpx::LocalNode{options.key, std::move(options.client_name), enode_.tcp_port, {}},
            chain, net::make_tcp_dialer(executor, *clock_), std::move(listener),
            eth::HostOptions{{}, options.max_peers}, nullptr) {}

async::Task<void> DevNode::run() {
    co_await host_.run();
}

}  // namespace fastsync::devnet
