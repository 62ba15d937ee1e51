#include <algorithm>
#include <limits>
#include <optional>

#include <eth/header_walk.hpp>

namespace fastsync::eth {
namespace {

using chain::BlockNumber;

std::optional<BlockNumber> next_of(BlockNumber at, const HeaderQuery& query) {
    constexpr BlockNumber kHighest = std::numeric_limits<BlockNumber>::max();
    const BlockNumber room = query.reverse ? at : kHighest - at;
    if (query.skip >= room) return std::nullopt;  // the step is one more than what is skipped
    return query.reverse ? at - query.skip - 1 : at + query.skip + 1;
}

}  // namespace

std::vector<Bytes> walk_headers(const HeaderQuery& query, BlockNumber first,
                                const RawHeaderSource& source) {
    const std::uint64_t amount = std::min<std::uint64_t>(query.amount, kMaxHeadersServed);
    std::vector<Bytes> found;
    std::size_t size = 0;
    std::optional<BlockNumber> at = first;
    while (at && found.size() < amount && size < kSoftResponseLimit) {
        const Bytes* const raw = source(*at);
        if (raw == nullptr) break;
        size += raw->size();
        found.push_back(*raw);
        at = next_of(*at, query);
    }
    return found;
}

}  // namespace fastsync::eth
