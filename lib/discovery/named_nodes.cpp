#include <algorithm>
#include <utility>

#include <common/log.hpp>
#include <discovery/named_nodes.hpp>

namespace fastsync::discovery {

using async::Task;

NamedNodes::NamedNodes(async::Executor executor, async::Clock& clock,
                       std::unique_ptr<net::HostResolver> resolver, std::vector<Enode> nodes,
                       Take take, IsLost is_lost)
    : clock_(clock),
      resolver_(std::move(resolver)),
      nodes_(std::move(nodes)),
      take_(std::move(take)),
      is_lost_(std::move(is_lost)),
      closed_(executor),
      scope_(std::move(executor)) {}

Task<void> NamedNodes::run() {
    for (const Enode& node : nodes_)
        scope_.spawn(follow(node));
    co_await scope_.join();
}

Task<void> NamedNodes::follow(Enode node) {
    Duration retry = kNameRetry;
    while (!closed_.is_open()) {
        const auto looked = co_await look(node);
        if (closed_.is_open()) co_return;
        if (looked) {
            unresolved_.erase(node.host);
        } else {
            unresolved_[node.host] = looked.error().detail;
            log::info("discovery", "bootnode not resolved peer={} reason=\"{}\"", short_id(node.id),
                      looked.error().detail);
        }
        const bool settled = looked && !is_lost_();
        const Duration pause = settled ? kNameRefresh : retry;
        retry = settled ? kNameRetry : std::min(2 * retry, kNameRefresh);
        (void)co_await clock_.sleep_until(clock_.now() + pause, &closed_);
    }
}

Task<Result<void>> NamedNodes::look(Enode node) {
    const auto found = co_await resolver_->resolve_host(node.host, clock_.now() + kNamePatience);
    if (!found) co_return found.error();
    co_return take_(node, *found);
}

void NamedNodes::close() noexcept {
    closed_.open();
    resolver_->close();
}

}  // namespace fastsync::discovery
