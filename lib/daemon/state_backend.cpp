#include <algorithm>
#include <optional>

#include <daemon/state_backend.hpp>
#include <rlp/encode.hpp>

namespace fastsync::daemon {

using async::Task;

StateBackend::StateBackend(std::uint64_t network_id, const Hash256& genesis_hash,
                           const storage::NodeReader& store, async::Executor disk)
    : network_id_(network_id), genesis_hash_(genesis_hash), store_(store), disk_(std::move(disk)) {}

void StateBackend::offer(std::vector<chain::BlockHeader> headers) {
    headers_.clear();
    for (auto& header : headers)
        headers_.insert_or_assign(header.number, std::move(header));
}

eth::ChainIdentity StateBackend::identity() const {
    // The difficulty of next to nothing keeps full nodes from syncing blocks from us, which we do
    // not have.
    const Hash256 head = headers_.empty() ? genesis_hash_ : headers_.rbegin()->second.hash;
    return {network_id_, genesis_hash_, head, 1};
}

Task<std::vector<Bytes>> StateBackend::headers(eth::HeaderQuery query) {
    std::vector<Bytes> found;
    chain::BlockNumber at = 0;
    if (const auto* number = std::get_if<chain::BlockNumber>(&query.origin)) {
        at = *number;
    } else {
        const auto& hash = std::get<Hash256>(query.origin);
        const auto known = std::find_if(headers_.begin(), headers_.end(),
                                        [&](const auto& h) { return h.second.hash == hash; });
        if (known == headers_.end()) co_return found;
        at = known->first;
    }
    const std::size_t amount = std::min<std::uint64_t>(query.amount, eth::kMaxHeadersServed);
    while (found.size() < amount) {
        const auto known = headers_.find(at);
        if (known == headers_.end()) break;
        found.push_back(known->second.raw);
        // A step that leaves the numbers we have ends the answer; it must not wrap around into
        // them.
        if (query.skip >= headers_.rbegin()->first) break;
        const std::uint64_t step = query.skip + 1;
        if (query.reverse && at < step) break;
        at = query.reverse ? at - step : at + step;
    }
    co_return found;
}

Task<Bytes> StateBackend::node_data(std::vector<Hash256> hashes) {
    co_return co_await async::run_on(disk_, look_up(std::move(hashes)));
}

Task<Bytes> StateBackend::look_up(std::vector<Hash256> hashes) const {
    rlp::Encoder out;
    std::size_t items = 0;
    for (const Hash256& hash : hashes) {
        if (items >= eth::kMaxNodeDataServed || out.size() >= eth::kSoftResponseLimit) break;
        auto blob = store_.get(storage::ItemKind::kNode, hash);
        if (!blob) blob = store_.get(storage::ItemKind::kCode, hash);
        if (!blob) continue;
        out.string(*blob);
        ++items;
    }
    co_return out.take();
}

}  // namespace fastsync::daemon
