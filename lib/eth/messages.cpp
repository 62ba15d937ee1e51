#include <algorithm>
#include <utility>

#include <eth/messages.hpp>
#include <rlp/decode.hpp>
#include <rlp/encode.hpp>

namespace fastsync::eth {
namespace {

/// Longest RLP form of a 32-byte string.
constexpr std::size_t kEncodedHashSize = 33;

Result<void> expect_end(ByteView rest, const char* where) {
    if (!rest.empty()) return Error{Errc::kMalformed, std::string{"trailing items in "} + where};
    return {};
}

Result<BlockAnnouncement> take_announcement(ByteView& list) {
    FASTSYNC_TRY(ByteView fields, rlp::take_list(list));
    BlockAnnouncement block;
    FASTSYNC_TRY(block.hash, rlp::take_fixed<Hash256>(fields));
    FASTSYNC_TRY(block.number, rlp::take_uint64(fields));
    FASTSYNC_CHECK(expect_end(fields, "a block announcement"));
    return block;
}

/// A hash or a number: told apart by the length, as every client does.
Result<std::variant<chain::BlockNumber, Hash256>> take_origin(ByteView& fields) {
    ByteView ahead = fields;
    FASTSYNC_TRY(const ByteView origin, rlp::take_string(ahead));
    if (origin.size() == Hash256::kSize) {
        FASTSYNC_TRY(const Hash256 hash, rlp::take_fixed<Hash256>(fields));
        return std::variant<chain::BlockNumber, Hash256>{hash};
    }
    FASTSYNC_TRY(const chain::BlockNumber number, rlp::take_uint64(fields));
    return std::variant<chain::BlockNumber, Hash256>{number};
}

}  // namespace

Bytes encode_status(const Status& status) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.uint(status.version).uint(status.network_id).uint(status.total_difficulty);
    out.string(status.head_hash).string(status.genesis_hash);
    if (status.fork_id) out.raw(chain::encode_fork_id(*status.fork_id));
    return out.end_list(list).take();
}

Result<Status> decode_status(ByteView payload, const Version& version) {
    FASTSYNC_TRY(ByteView fields, rlp::whole_list(payload));
    FASTSYNC_TRY(const std::size_t count, rlp::count_items(fields, version.status_fields));
    if (count != version.status_fields) return Error{Errc::kMalformed, "too few items in Status"};
    Status status;
    FASTSYNC_TRY(const std::uint64_t spoken, rlp::take_uint64(fields));
    if (spoken > std::numeric_limits<std::uint32_t>::max())
        return Error{Errc::kTooLarge, "protocol version in Status"};
    status.version = static_cast<std::uint32_t>(spoken);
    FASTSYNC_TRY(status.network_id, rlp::take_uint64(fields));
    FASTSYNC_TRY(status.total_difficulty, rlp::take_u256(fields));
    FASTSYNC_TRY(status.head_hash, rlp::take_fixed<Hash256>(fields));
    FASTSYNC_TRY(status.genesis_hash, rlp::take_fixed<Hash256>(fields));
    if (version.has_fork_id()) {
        FASTSYNC_TRY(status.fork_id, chain::decode_fork_id(fields));
    }
    return status;
}

Bytes encode_new_block_hashes(std::span<const BlockAnnouncement> blocks) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    for (const BlockAnnouncement& block : blocks) {
        const std::size_t entry = out.begin_list();
        out.string(block.hash).uint(block.number).end_list(entry);
    }
    return out.end_list(list).take();
}

Result<std::optional<BlockAnnouncement>> decode_new_block_hashes(ByteView payload) {
    FASTSYNC_TRY(ByteView list, rlp::whole_list(payload));
    std::optional<BlockAnnouncement> highest;
    while (!list.empty()) {
        FASTSYNC_TRY(const BlockAnnouncement block, take_announcement(list));
        if (!highest || block.number >= highest->number) highest = block;
    }
    return highest;
}

Bytes encode_new_block(ByteView raw_header, const U256& total_difficulty) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    const std::size_t block = out.begin_list();
    out.raw(raw_header);
    out.end_list(out.begin_list());  // transactions
    out.end_list(out.begin_list());  // uncles
    out.end_list(block).uint(total_difficulty);
    return out.end_list(list).take();
}

Result<NewBlock> decode_new_block(ByteView payload) {
    FASTSYNC_TRY(ByteView fields, rlp::whole_list(payload));
    FASTSYNC_TRY(ByteView block, rlp::take_list(fields));
    FASTSYNC_TRY(const rlp::Item header, rlp::take(block));
    NewBlock out;
    FASTSYNC_TRY(out.header, chain::decode_header(header.raw));
    FASTSYNC_TRY(out.total_difficulty, rlp::take_u256(fields));
    return out;
}

Bytes encode_get_block_headers(const HeaderQuery& query) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    if (const auto* const hash = std::get_if<Hash256>(&query.origin))
        out.string(*hash);
    else
        out.uint(std::get<chain::BlockNumber>(query.origin));
    out.uint(query.amount).uint(query.skip).uint(std::uint64_t{query.reverse});
    return out.end_list(list).take();
}

Result<HeaderQuery> decode_get_block_headers(ByteView payload) {
    FASTSYNC_TRY(ByteView fields, rlp::whole_list(payload));
    HeaderQuery query;
    FASTSYNC_TRY(query.origin, take_origin(fields));
    FASTSYNC_TRY(query.amount, rlp::take_uint64(fields));
    FASTSYNC_TRY(query.skip, rlp::take_uint64(fields));
    FASTSYNC_TRY(const std::uint64_t reverse, rlp::take_uint64(fields));
    if (reverse > 1) return Error{Errc::kMalformed, "reverse is neither 0 nor 1"};
    query.reverse = reverse == 1;
    FASTSYNC_CHECK(expect_end(fields, "GetBlockHeaders"));
    return query;
}

Bytes encode_block_headers(std::span<const Bytes> raw_headers) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    for (const Bytes& header : raw_headers)
        out.raw(header);
    return out.end_list(list).take();
}

Result<std::vector<chain::BlockHeader>> decode_block_headers(ByteView payload) {
    FASTSYNC_TRY(ByteView list, rlp::whole_list(payload));
    FASTSYNC_TRY(const std::size_t count, rlp::count_items(list, kMaxHeadersAccepted));
    std::vector<chain::BlockHeader> headers;
    headers.reserve(count);
    while (!list.empty()) {
        FASTSYNC_TRY(const rlp::Item item, rlp::take(list));
        FASTSYNC_TRY(chain::BlockHeader header, chain::decode_header(item.raw));
        headers.push_back(std::move(header));
    }
    return headers;
}

Bytes encode_get_node_data(std::span<const Hash256> hashes) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    for (const Hash256& hash : hashes)
        out.string(hash);
    return out.end_list(list).take();
}

Result<std::vector<Hash256>> decode_get_node_data(ByteView payload) {
    FASTSYNC_TRY(ByteView list, rlp::whole_list(payload));
    std::vector<Hash256> hashes;
    hashes.reserve(std::min(list.size() / kEncodedHashSize, kMaxNodeDataLookups));
    while (!list.empty() && hashes.size() < kMaxNodeDataLookups) {
        FASTSYNC_TRY(const Hash256 hash, rlp::take_fixed<Hash256>(list));
        hashes.push_back(hash);
    }
    return hashes;
}

Bytes encode_node_data(ByteView items) {
    return rlp::encode_list({items});
}

Result<NodeData> decode_node_data(Bytes payload, TimePoint arrived) {
    const ByteView whole = payload;
    return decode_node_data(std::move(payload), whole, arrived);
}

Result<NodeData> decode_node_data(Bytes message, ByteView body, TimePoint arrived) {
    NodeData answer{std::move(message), {}, arrived};
    FASTSYNC_TRY(ByteView list, rlp::whole_list(body));
    FASTSYNC_TRY(const std::size_t count, rlp::count_items(list, kMaxNodeDataItems));
    answer.blobs.reserve(count);
    while (!list.empty()) {
        FASTSYNC_TRY(const ByteView blob, rlp::take_string(list));
        if (!blob.empty()) answer.blobs.push_back(blob);
    }
    return answer;
}

Bytes encode_empty_answer() {
    return rlp::encode_list({});
}

}  // namespace fastsync::eth
