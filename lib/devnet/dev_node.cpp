#include <algorithm>

#include <common/log.hpp>
#include <devnet/dev_node.hpp>
#include <net/tcp.hpp>

namespace fastsync::devnet {

using async::Task;

namespace {

eth::HostOptions host_options(const DevNodeOptions& options) {
    eth::HostOptions out;
    out.max_peers = options.max_peers;
    out.offers = options.offers;
    return out;
}

}  // namespace

Result<std::unique_ptr<DevNode>> DevNode::open(async::Executor executor,
                                               crypto::EntropySource& entropy, DevChain& chain,
                                               DevNodeOptions options) {
    auto clock = async::make_system_clock(executor);
    FASTSYNC_TRY(auto listener, net::make_tcp_listener(executor, *clock, options.listen));
    std::unique_ptr<DevNode> node{new DevNode{executor, std::move(clock), entropy, chain,
                                              std::move(options), std::move(listener)}};
    if (node->block_interval_) {
        const auto started = node->blocks_.start();
        if (!started) return Error{Errc::kConfig, started.error().detail};
    }
    return node;
}

DevNode::DevNode(async::Executor executor, std::unique_ptr<async::Clock> clock,
                 crypto::EntropySource& entropy, DevChain& chain, DevNodeOptions options,
                 std::unique_ptr<net::Listener> listener)
    : clock_(std::move(clock)),
      enode_{options.key.public_key(), options.listen.host, listener->port(), listener->port()},
      chain_(chain),
      blocks_(chain),
      block_interval_(options.block_interval),
      host_(executor, *clock_, entropy,
            rlpx::LocalNode{options.key, std::move(options.client_name), enode_.tcp_port, {}},
            chain, net::make_tcp_dialer(executor, *clock_), std::move(listener),
            host_options(options), nullptr),
      stopping_(executor),
      scope_(executor) {}

Task<void> DevNode::run() {
    if (block_interval_) scope_.spawn(make_blocks(*block_interval_));
    co_await host_.run();
    co_await scope_.join();
}

void DevNode::stop() {
    stopping_.open();
    host_.stop();
}

Task<void> DevNode::make_blocks(Duration interval) {
    TimePoint due = clock_->now();
    while (true) {
        // A machine that is too slow gets the blocks late, not all at once.
        due = std::max(due + interval, clock_->now());
        const bool stopped = co_await clock_->sleep_until(due, &stopping_);
        if (stopped) co_return;
        if (const auto made = blocks_.make(); !made) {
            log::error("devnet", "no more blocks reason=\"{}\"", made.error().message());
            co_return;
        }
        announce(chain_.head());
    }
}

void DevNode::announce(const chain::BlockHeader& block) {
    log::debug("devnet", "block number={} state_root={} items={}", block.number,
               to_hex0x(block.state_root), chain_.items().size());
    host_.announce({block.hash, block.number});
}

}  // namespace fastsync::devnet
