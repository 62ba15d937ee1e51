#include <algorithm>

#include <common/assert.hpp>
#include <daemon/state_backend.hpp>
#include <eth/header_walk.hpp>
#include <rlp/encode.hpp>
#include <sync/pivot.hpp>

namespace fastsync::daemon {

using async::Task;

namespace {

/// Null when the forks are not known.
std::shared_ptr<const chain::ForkLadder> ladder_of(const Network& network) {
    if (!network.forks) return nullptr;
    auto ladder = chain::ForkLadder::make(*network.forks);
    FASTSYNC_ASSERT(ladder.has_value());  // networks are checked where they come from
    for (const Network& other : known_networks()) {
        const bool parted = other.genesis_hash == network.genesis_hash && other.forks &&
                            *other.forks != *network.forks;
        if (!parted) continue;
        const auto theirs = chain::ForkLadder::make(*other.forks);
        if (theirs) ladder->tell_apart(*theirs);
    }
    return std::make_shared<const chain::ForkLadder>(*std::move(ladder));
}

}  // namespace

StateBackend::StateBackend(const Network& network, const storage::NodeReader& store,
                           async::Executor disk)
    : network_id_(network.network_id),
      genesis_hash_(network.genesis_hash),
      genesis_(network.genesis),
      genesis_time_(network.forks ? network.forks->genesis_time : 0),
      forks_(ladder_of(network)),
      store_(store),
      disk_(std::move(disk)) {}

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

const chain::BlockHeader* StateBackend::find(chain::BlockNumber number) const {
    const auto known = headers_.find(number);
    if (known != headers_.end()) return &known->second;
    return number == 0 && genesis_ ? &*genesis_ : nullptr;
}

const chain::BlockHeader* StateBackend::find(const Hash256& hash) const {
    const auto known = std::find_if(headers_.begin(), headers_.end(),
                                    [&](const auto& h) { return h.second.hash == hash; });
    if (known != headers_.end()) return &known->second;
    return hash == genesis_hash_ && genesis_ ? &*genesis_ : nullptr;
}

eth::ChainIdentity StateBackend::identity() const {
    // That of the genesis alone, or next to nothing: more would make full nodes sync blocks from
    // us, which we do not have.
    const U256 difficulty = genesis_ ? genesis_->difficulty : U256{1};
    if (head() == nullptr)
        return {network_id_, genesis_hash_, genesis_hash_, difficulty, forks_, {0, genesis_time_}};
    return {network_id_, genesis_hash_, head()->hash,
            difficulty,  forks_,        {head()->number, head()->timestamp}};
}

Task<std::vector<Bytes>> StateBackend::headers(eth::HeaderQuery query) {
    const auto* const number = std::get_if<chain::BlockNumber>(&query.origin);
    const chain::BlockHeader* const first =
        number != nullptr ? find(*number) : find(std::get<Hash256>(query.origin));
    if (first == nullptr) co_return std::vector<Bytes>{};
    co_return eth::walk_headers(query, first->number, [this](chain::BlockNumber at) {
        const chain::BlockHeader* const header = find(at);
        return header == nullptr ? nullptr : &header->raw;
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
