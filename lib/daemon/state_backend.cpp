#include <algorithm>

#include <daemon/state_backend.hpp>
#include <eth/header_walk.hpp>
#include <rlp/encode.hpp>
#include <sync/pivot.hpp>

namespace fastsync::daemon {

using async::Task;

StateBackend::StateBackend(std::uint64_t network_id, const Hash256& genesis_hash,
                           const storage::NodeReader& store, async::Executor disk)
    : network_id_(network_id), genesis_hash_(genesis_hash), store_(store), disk_(std::move(disk)) {}

void StateBackend::offer(std::vector<chain::BlockHeader> headers) {
    headers_.clear();
    // With a head further up, others would choose a pivot whose state we do not have.
    if (headers.size() > sync::kPivotDistance + 1) headers.resize(sync::kPivotDistance + 1);
    for (auto& header : headers)
        headers_.insert_or_assign(header.number, std::move(header));
}

const chain::BlockHeader* StateBackend::head() const noexcept {
    return headers_.empty() ? nullptr : &headers_.rbegin()->second;
}

eth::ChainIdentity StateBackend::identity() const {
    // The difficulty of next to nothing keeps full nodes from syncing blocks from us, which we do
    // not have.
    return {network_id_, genesis_hash_, head() == nullptr ? genesis_hash_ : head()->hash, 1};
}

Task<std::vector<Bytes>> StateBackend::headers(eth::HeaderQuery query) {
    chain::BlockNumber at = 0;
    if (const auto* number = std::get_if<chain::BlockNumber>(&query.origin)) {
        at = *number;
    } else {
        const auto& hash = std::get<Hash256>(query.origin);
        const auto known = std::find_if(headers_.begin(), headers_.end(),
                                        [&](const auto& h) { return h.second.hash == hash; });
        if (known == headers_.end()) co_return std::vector<Bytes>{};
        at = known->first;
    }
    co_return eth::walk_headers(query, at, [&](chain::BlockNumber number) {
        const auto known = headers_.find(number);
        return known == headers_.end() ? nullptr : &known->second.raw;
    });
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
