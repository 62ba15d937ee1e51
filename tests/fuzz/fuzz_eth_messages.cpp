// The first byte chooses the version, the second the message, the rest is its payload. What a
// decoder accepts is within its limits, and is written and read back as the same value.

#include <algorithm>
#include <vector>

#include <crypto/keccak.hpp>
#include <eth/messages.hpp>
#include <eth/request_id.hpp>
#include <eth/request_server.hpp>
#include <rlp/decode.hpp>
#include <rlp/encode.hpp>

namespace {

using namespace fastsync;
using namespace fastsync::eth;

template <class Value>
bool accepted(const Result<Value>& decoded) {
    if (decoded) return true;
    const Error& error = decoded.error();
    FASTSYNC_ASSERT(error.code == Errc::kMalformed || error.code == Errc::kTooLarge);
    FASTSYNC_ASSERT(!error.detail.empty());
    return false;
}

void check_status(ByteView body, const Version& version) {
    const auto status = decode_status(body, version);
    if (!accepted(status)) return;
    FASTSYNC_ASSERT(status->fork_id.has_value() == version.has_fork_id());
    const auto again = decode_status(encode_status(*status), version);
    FASTSYNC_ASSERT(again && *again == *status);
}

void check_new_block_hashes(ByteView body) {
    const auto highest = decode_new_block_hashes(body);
    if (!accepted(highest) || !*highest) return;
    const auto again = decode_new_block_hashes(encode_new_block_hashes({&**highest, 1}));
    FASTSYNC_ASSERT(again && *again == *highest);
}

void check_header(const chain::BlockHeader& header) {
    FASTSYNC_ASSERT(crypto::keccak256(header.raw) == header.hash);
    const auto again = chain::decode_header(header.raw);
    FASTSYNC_ASSERT(again && *again == header);
}

void check_new_block(ByteView body) {
    const auto block = decode_new_block(body);
    if (!accepted(block)) return;
    check_header(block->header);
    const auto again =
        decode_new_block(encode_new_block(block->header.raw, block->total_difficulty));
    FASTSYNC_ASSERT(again && again->header == block->header);
    FASTSYNC_ASSERT(again->total_difficulty == block->total_difficulty);
}

void check_get_block_headers(ByteView body) {
    const auto query = decode_get_block_headers(body);
    if (!accepted(query)) return;
    const auto again = decode_get_block_headers(encode_get_block_headers(*query));
    FASTSYNC_ASSERT(again && *again == *query);
}

void check_block_headers(ByteView body) {
    const auto headers = decode_block_headers(body);
    if (!accepted(headers)) return;
    FASTSYNC_ASSERT(headers->size() <= kMaxHeadersAccepted);
    std::vector<Bytes> raw;
    for (const chain::BlockHeader& header : *headers) {
        check_header(header);
        raw.push_back(header.raw);
    }
    const auto again = decode_block_headers(encode_block_headers(raw));
    FASTSYNC_ASSERT(again && *again == *headers);
}

void check_get_node_data(ByteView body) {
    const auto hashes = decode_get_node_data(body);
    if (!accepted(hashes)) return;
    FASTSYNC_ASSERT(hashes->size() <= kMaxNodeDataLookups);
    const auto again = decode_get_node_data(encode_get_node_data(*hashes));
    FASTSYNC_ASSERT(again && *again == *hashes);
}

/// `body` is a part of `message`, as unseal() gives it.
void check_node_data(ByteView message, ByteView body) {
    Bytes copy = to_bytes(message);
    const auto start = static_cast<std::size_t>(body.data() - message.data());
    const ByteView same_body = ByteView{copy}.subspan(start, body.size());
    const auto data = decode_node_data(std::move(copy), same_body, TimePoint{});
    if (!accepted(data)) return;
    FASTSYNC_ASSERT(data->blobs.size() <= kMaxNodeDataItems);
    rlp::Encoder items;
    const Byte* const begin = data->message.data();
    for (const ByteView blob : data->blobs) {
        FASTSYNC_ASSERT(!blob.empty() && blob.data() >= begin);
        FASTSYNC_ASSERT(blob.data() + blob.size() <= begin + data->message.size());
        items.string(blob);
    }
    const auto again = decode_node_data(encode_node_data(items.view()), TimePoint{});
    FASTSYNC_ASSERT(again && again->blobs.size() == data->blobs.size());
    for (std::size_t i = 0; i < data->blobs.size(); ++i)
        FASTSYNC_ASSERT(equal(again->blobs[i], data->blobs[i]));
}

void check_sealed(const Version& version, MessageCode code, const Unsealed& in) {
    FASTSYNC_ASSERT(in.id.has_value() == version.names_request(code));
    const RequestId id = in.id.value_or(RequestId{});
    const Bytes sealed = seal(version, code, id, to_bytes(in.body));
    const auto again = unseal(version, code, sealed);
    FASTSYNC_ASSERT(again && again->id == in.id && equal(again->body, in.body));
}

void check(const Version& version, MessageCode code, ByteView message) {
    const auto in = unseal(version, code, message);
    if (!accepted(in)) return;
    check_sealed(version, code, *in);
    switch (code) {
        case MessageCode::kStatus:
            return check_status(in->body, version);
        case MessageCode::kNewBlockHashes:
            return check_new_block_hashes(in->body);
        case MessageCode::kNewBlock:
            return check_new_block(in->body);
        case MessageCode::kGetBlockHeaders:
            return check_get_block_headers(in->body);
        case MessageCode::kBlockHeaders:
            return check_block_headers(in->body);
        case MessageCode::kGetNodeData:
            return check_get_node_data(in->body);
        case MessageCode::kNodeData:
            return check_node_data(message, in->body);
        case MessageCode::kGetBlockBodies:
        case MessageCode::kGetReceipts:
        case MessageCode::kGetPooledTransactions:
            (void)accepted(decode_empty_request(code, in->body));
            return;
        default:
            return;  // not decoded
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    // The last one is the satellite.
    const auto versions = supported_versions();
    const std::size_t chosen = data[0] % (versions.size() + 1);
    const Version& version = chosen < versions.size() ? versions[chosen] : node_data_satellite();
    const auto code = version.message_of(data[1] % version.message_count);
    if (code) check(version, *code, ByteView{data, size}.subspan(2));
    return 0;
}
