#include <common/assert.hpp>
#include <devnet/dev_chain.hpp>
#include <eth/header_walk.hpp>
#include <rlp/encode.hpp>

namespace fastsync::devnet {

using async::Task;

DevChain::DevChain(std::uint64_t network_id, HeaderChain headers, ItemStore items)
    : network_id_(network_id), headers_(std::move(headers)), items_(std::move(items)) {
    const auto known = know_forks({headers_.genesis().hash, headers_.genesis().timestamp, {}, {}});
    FASTSYNC_ASSERT(known.has_value());
}

Result<void> DevChain::know_forks(chain::ForkSchedule forks) {
    FASTSYNC_TRY(chain::ForkLadder ladder, chain::ForkLadder::make(std::move(forks)));
    forks_ = std::make_shared<const chain::ForkLadder>(std::move(ladder));
    return {};
}

const chain::BlockHeader& DevChain::extend(const Hash256& state_root) {
    const auto added = headers_.append(make_child(head(), state_root));
    FASTSYNC_ASSERT(added.has_value());
    return head();
}

eth::ChainIdentity DevChain::identity() const {
    return {network_id_, headers_.genesis().hash,          head().hash, headers_.total_difficulty(),
            forks_,      {head().number, head().timestamp}};
}

Task<std::vector<Bytes>> DevChain::headers(eth::HeaderQuery query) {
    const auto* const number = std::get_if<chain::BlockNumber>(&query.origin);
    const auto* const first =
        number != nullptr ? headers_.find(*number) : headers_.find(std::get<Hash256>(query.origin));
    if (first == nullptr) co_return std::vector<Bytes>{};
    co_return eth::walk_headers(query, first->number, [this](chain::BlockNumber at) {
        const auto* const header = headers_.find(at);
        return header == nullptr ? nullptr : &header->raw;
    });
}

Task<Bytes> DevChain::node_data(std::vector<Hash256> hashes) {
    co_return collect(hashes);
}

Bytes DevChain::collect(const std::vector<Hash256>& hashes) const {
    rlp::Encoder out;
    std::size_t found = 0;
    for (const Hash256& hash : hashes) {
        if (found == eth::kMaxNodeDataServed || out.size() >= eth::kSoftResponseLimit) break;
        const StoredItem* const item = items_.find(hash);
        if (item == nullptr) continue;
        out.string(item->bytes());
        ++found;
    }
    return out.take();
}

}  // namespace fastsync::devnet
