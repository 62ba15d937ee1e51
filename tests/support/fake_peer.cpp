#include "support/fake_peer.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <rlp/encode.hpp>

namespace fastsync::test {

using async::Task;
using Kind = PeerManners::Kind;

FakeChain FakeChain::of(const std::vector<Hash256>& roots, std::uint64_t salt) {
    FakeChain chain;
    for (const Hash256& root : roots)
        chain.extend(root, salt);
    return chain;
}

void FakeChain::extend(const Hash256& root, std::uint64_t salt) {
    const Hash256 parent = headers.empty() ? Hash256{} : headers.back().hash;
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.string(parent).string(Hash256{}).string(Address{}).string(root);
    out.string(Hash256{}).string(Hash256{}).string(Bytes(256));
    out.uint(std::uint64_t{2}).uint(std::uint64_t{headers.size()}).uint(std::uint64_t{8'000'000});
    out.uint(std::uint64_t{0}).uint(std::uint64_t{1'000 + 13 * headers.size()});
    out.string(u256_to_be(salt)).string(Hash256{}).string(Bytes(8));
    out.end_list(list);
    auto header = chain::decode_header(out.view());
    REQUIRE(header);
    headers.push_back(*std::move(header));
}

FakePeer::FakePeer(std::uint64_t id, async::Clock& clock, async::Executor executor,
                   const FakeChain& chain, std::vector<const BuiltState*> states,
                   PeerManners manners)
    : id_(id),
      clock_(clock),
      released_(std::move(executor)),
      chain_(chain),
      states_(std::move(states)),
      manners_(manners) {}

Task<bool> FakePeer::travel(TimePoint until) {
    const bool released = co_await clock_.sleep_until(until, &released_);
    co_return !released;
}

/// When the answer to a request that is sent now is here.
TimePoint FakePeer::answered_at(std::size_t items) {
    if (manners_.items_per_s <= 0) return clock_.now() + manners_.latency;
    const TimePoint begin = std::max(busy_until_, clock_.now() + manners_.latency / 2);
    busy_until_ = begin + from_seconds(static_cast<double>(items) / manners_.items_per_s);
    return busy_until_ + manners_.latency / 2;
}

Task<Result<sync::NodeDataAnswer>> FakePeer::get_node_data(std::vector<Hash256> hashes,
                                                           TimePoint deadline) {
    ++requests_;
    if (manners_.kind == Kind::kFull) {
        REQUIRE(requests_ < 10'000);  // asked without end, virtual time would stand still
        // As over a thread boundary: at once, but not before the caller waits.
        co_await boost::asio::post(released_.executor(), boost::asio::use_awaitable);
        co_return Error{Errc::kOverloaded, "the peer does not take what we send"};
    }
    most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
    const bool lost = manners_.kind == Kind::kSilent || manners_.kind == Kind::kLate ||
                      manners_.kind == Kind::kMute;
    const bool leaves = manners_.kind == Kind::kLeaves && requests_ >= 5;
    const bool there = co_await travel(lost ? deadline : answered_at(hashes.size()));
    --in_flight_;
    if (!there || leaves) co_return Error{Errc::kClosed, "peer left"};
    if (manners_.kind == Kind::kLate) late_.push_back(answer(hashes));
    if (lost) co_return Error{Errc::kTimeout, "no answer"};
    co_return answer(hashes);
}

Task<Result<std::vector<chain::BlockHeader>>> FakePeer::get_headers(sync::HeaderRequest request,
                                                                    TimePoint deadline) {
    const bool mute = manners_.kind == Kind::kMute;
    const TimePoint answered = clock_.now() + manners_.latency;
    const bool there = co_await travel(mute ? deadline : std::min(deadline, answered));
    if (!there) co_return Error{Errc::kClosed, "peer left"};
    if (mute) co_return Error{Errc::kTimeout, "no answer"};
    std::uint64_t at = 0;
    if (const auto* number = std::get_if<chain::BlockNumber>(&request.origin)) {
        at = *number;
    } else {
        const auto found = std::find_if(
            chain_.headers.begin(), chain_.headers.end(),
            [&](const auto& h) { return h.hash == std::get<Hash256>(request.origin); });
        if (found == chain_.headers.end()) co_return std::vector<chain::BlockHeader>{};
        at = found->number;
    }
    std::vector<chain::BlockHeader> out;
    if (at < first_header_) co_return out;
    for (; out.size() < request.amount && at < chain_.headers.size(); at += 1 + request.skip) {
        out.push_back(chain_.headers[at]);
    }
    co_return out;
}

const Bytes* FakePeer::find(const Hash256& hash) const {
    for (const BuiltState* state : states_) {
        if (const Bytes* blob = state->find(hash)) return blob;
    }
    return nullptr;
}

sync::NodeDataAnswer FakePeer::answer(const std::vector<Hash256>& hashes) const {
    std::vector<Bytes> blobs;
    for (const Hash256& hash : hashes) {
        const Bytes* blob = find(hash);
        if (manners_.kind == Kind::kJunk) {
            blobs.push_back(to_bytes(hash));
        } else if (blob != nullptr) {
            blobs.push_back(*blob);
        }
    }
    if (manners_.kind == Kind::kEmpty) blobs.clear();
    if (manners_.kind == Kind::kPartial && blobs.size() > 3) blobs.resize(3);
    if (manners_.kind == Kind::kPlaceholders) {
        for (std::size_t i = 1; i < blobs.size(); i += 2)
            blobs[i].clear();
    }
    if (manners_.kind == Kind::kShuffled) std::reverse(blobs.begin(), blobs.end());
    if (manners_.kind == Kind::kDuplicates) {
        const std::vector<Bytes> once = blobs;
        blobs.insert(blobs.end(), once.begin(), once.end());
    }
    return answer_of(blobs, clock_.now());
}

std::vector<sync::NodeDataAnswer> FakePeer::take_late() {
    return std::exchange(late_, {});
}

sync::NodeDataAnswer answer_of(const std::vector<Bytes>& blobs, TimePoint arrived) {
    sync::NodeDataAnswer answer;
    std::vector<std::size_t> ends;
    for (const Bytes& blob : blobs) {
        append(answer.message, blob);
        ends.push_back(answer.message.size());
    }
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
        answer.blobs.push_back(ByteView{answer.message}.subspan(begin, end - begin));
        begin = end;
    }
    answer.arrived = arrived;
    return answer;
}

}  // namespace fastsync::test
