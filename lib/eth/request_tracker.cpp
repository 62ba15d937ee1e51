#include <algorithm>
#include <utility>

#include <crypto/keccak.hpp>
#include <eth/request_tracker.hpp>

namespace fastsync::eth {
namespace {

bool contains(const std::vector<Hash256>& hashes, const Hash256& hash) {
    return std::find(hashes.begin(), hashes.end(), hash) != hashes.end();
}

bool is_origin(const HeaderQuery& query, const chain::BlockHeader& header) {
    if (const auto* const hash = std::get_if<Hash256>(&query.origin)) return header.hash == *hash;
    return header.number == std::get<chain::BlockNumber>(query.origin);
}

/// The number `steps` headers after `from`; nothing when it is outside the range of numbers.
std::optional<chain::BlockNumber> number_after(const HeaderQuery& query, chain::BlockNumber from,
                                               std::uint64_t steps) {
    constexpr auto kMax = std::numeric_limits<chain::BlockNumber>::max();
    if (steps == 0) return from;
    if (query.skip == kMax || query.skip + 1 > kMax / steps) return std::nullopt;
    const chain::BlockNumber distance = steps * (query.skip + 1);
    if (query.reverse) return distance <= from ? std::optional{from - distance} : std::nullopt;
    return distance <= kMax - from ? std::optional{from + distance} : std::nullopt;
}

}  // namespace

RequestId RequestTracker::sent_node_data(std::vector<Hash256> hashes) {
    const RequestId id = take_id();
    node_data_.sent(id, std::move(hashes));
    return id;
}

RequestId RequestTracker::sent_headers(HeaderQuery query) {
    const RequestId id = take_id();
    headers_.sent(id, query);
    return id;
}

Match RequestTracker::match_node_data(std::span<const ByteView> blobs, TimePoint now) {
    node_data_.forget(now);
    if (blobs.empty()) return node_data_.take_next();
    std::vector<std::size_t> candidates;
    for (const ByteView blob : blobs.first(std::min(blobs.size(), kMaxProbes))) {
        const Hash256 hash = crypto::keccak256(blob);
        if (candidates.empty()) {
            candidates = node_data_.candidates(
                [&](const std::vector<Hash256>& hashes) { return contains(hashes, hash); });
        } else {
            std::vector<std::size_t> narrowed = candidates;
            std::erase_if(narrowed, [&](std::size_t index) {
                return !contains(node_data_.question(index), hash);
            });
            if (!narrowed.empty()) candidates = std::move(narrowed);
        }
        if (candidates.size() == 1) break;
    }
    return node_data_.take_first_of(candidates);
}

Match RequestTracker::match_headers(std::span<const chain::BlockHeader> headers, TimePoint now) {
    headers_.forget(now);
    if (headers.empty()) return headers_.take_next();
    return headers_.take_first_of(headers_.candidates([&](const HeaderQuery& query) {
        return headers.size() <= query.amount && is_origin(query, headers.front());
    }));
}

Match RequestTracker::match_named_node_data(RequestId id, TimePoint now) {
    node_data_.forget(now);
    return node_data_.take_named(id);
}

Match RequestTracker::match_named_headers(RequestId id, TimePoint now) {
    headers_.forget(now);
    return headers_.take_named(id);
}

void RequestTracker::time_out(RequestId id, TimePoint now) {
    node_data_.time_out(id, now);
    headers_.time_out(id, now);
}

Result<void> check_answer(const HeaderQuery& query, std::span<const chain::BlockHeader> headers) {
    if (headers.empty()) return {};
    if (headers.size() > query.amount) return Error{Errc::kMalformed, "more headers than asked"};
    if (!is_origin(query, headers.front()))
        return Error{Errc::kMalformed, "the first header is not the one asked for"};
    for (std::size_t i = 1; i < headers.size(); ++i)
        if (number_after(query, headers.front().number, i) != headers[i].number)
            return Error{Errc::kMalformed, "headers are not in the steps asked for"};
    return {};
}

}  // namespace fastsync::eth
