#include <algorithm>
#include <array>

#include <rpc/call.hpp>

#include <rlp/decode.hpp>
#include <trie/constants.hpp>

namespace fastsync::rpc {
namespace {

/// Fields that every header has (Yellow Paper section 4.3), by position.
constexpr std::size_t kFields = 15;
enum Field : std::size_t {
    kParentHash,
    kUncleHash,
    kMiner,
    kStateRoot,
    kTransactionsRoot,
    kReceiptsRoot,
    kLogsBloom,
    kDifficulty,
    kNumber,
    kGasLimit,
    kGasUsed,
    kTimestamp,
    kExtraData,
    kMixHash,
    kNonce,
};

/// keccak256 of an empty RLP list: the uncle hash of a block without uncles.
constexpr std::string_view kNoUncles =
    "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";

enum class Form { kBlock, kHeader };

MethodResult to_json(const chain::BlockHeader& header, Form form) {
    FASTSYNC_TRY(ByteView list, rlp::whole_list(header.raw));
    std::array<ByteView, kFields> fields;
    for (ByteView& field : fields) {
        FASTSYNC_TRY(const rlp::Item item, rlp::take(list));
        field = item.payload;
    }
    const auto data = [&](Field field) { return to_hex0x(fields[field]); };
    const auto quantity = [&](Field field) -> Result<std::string> {
        FASTSYNC_TRY(const U256 value, u256_from_be(fields[field]));
        return to_quantity(value);
    };
    ordered_json out;
    out["number"] = to_quantity(header.number);
    out["hash"] = to_hex0x(header.hash);
    out["parentHash"] = data(kParentHash);
    out["sha3Uncles"] = data(kUncleHash);
    out["miner"] = data(kMiner);
    out["stateRoot"] = data(kStateRoot);
    out["transactionsRoot"] = data(kTransactionsRoot);
    out["receiptsRoot"] = data(kReceiptsRoot);
    out["logsBloom"] = data(kLogsBloom);
    out["extraData"] = data(kExtraData);
    out["mixHash"] = data(kMixHash);
    out["nonce"] = data(kNonce);
    for (const auto& [name, field] : {std::pair{"difficulty", kDifficulty},
                                      {"gasLimit", kGasLimit},
                                      {"gasUsed", kGasUsed},
                                      {"timestamp", kTimestamp}}) {
        FASTSYNC_TRY(out[name], quantity(field));
    }
    if (form == Form::kHeader) return out;
    // There are no bodies here. What a header proves to be empty is told; the rest is left out.
    if (data(kTransactionsRoot) == to_hex0x(trie::kEmptyRoot))
        out["transactions"] = ordered_json::array();
    if (data(kUncleHash) == kNoUncles) out["uncles"] = ordered_json::array();
    return out;
}

/// Null when it is not kept here.
const chain::BlockHeader* find(const ChainView& view, const BlockId& id) {
    static const std::vector<chain::BlockHeader> kNone;
    const auto& headers = view.state ? view.state->headers : kNone;
    const chain::BlockHeader* const genesis = view.genesis ? &*view.genesis : nullptr;
    if (const auto* tag = std::get_if<BlockTag>(&id)) {
        const bool latest = *tag == BlockTag::kLatest || *tag == BlockTag::kPending;
        if (*tag == BlockTag::kEarliest) return find(view, BlockId{chain::BlockNumber{0}});
        if (!latest) return nullptr;
        if (!headers.empty()) return &headers.front();
        return view.state ? nullptr : genesis;  // the latest of a bare root is not known
    }
    const auto fits = [&](const chain::BlockHeader& header) {
        const auto* number = std::get_if<chain::BlockNumber>(&id);
        return number != nullptr ? header.number == *number : header.hash == std::get<Hash256>(id);
    };
    const auto at = std::find_if(headers.begin(), headers.end(), fits);
    if (at != headers.end()) return &*at;
    return genesis != nullptr && fits(*genesis) ? genesis : nullptr;
}

/// As every client has it, a block that is not here is null and no error.
MethodResult show(const Call& call, const BlockId& id, Form form) {
    const chain::BlockHeader* const header = find(call.view, id);
    if (header == nullptr) return ordered_json(nullptr);
    return to_json(*header, form);
}

Result<void> check_flag(const Call& call, std::size_t index) {
    const json* const full = call.param(index);
    if (full == nullptr || full->is_boolean()) return {};
    return Error{Errc::kMalformed, "parameter " + std::to_string(index) + " must be true or false"};
}

MethodResult block_number(const Call& call) {
    if (!call.view.state) return ordered_json("0x0");  // what a fast sync says until it is done
    if (call.view.state->headers.empty()) {
        return Error{Errc::kNotFound,
                     "the block of this state is not known: a bare state root was pinned"};
    }
    return ordered_json(to_quantity(call.view.state->headers.front().number));
}

MethodResult block_by_number(const Call& call) {
    FASTSYNC_CHECK(check_flag(call, 1));
    FASTSYNC_TRY(const BlockId id, block_id(call, 0));
    return show(call, id, Form::kBlock);
}

MethodResult block_by_hash(const Call& call) {
    FASTSYNC_CHECK(check_flag(call, 1));
    FASTSYNC_TRY(const Hash256 hash, call.hash(0));
    return show(call, hash, Form::kBlock);
}

MethodResult header_by_number(const Call& call) {
    FASTSYNC_TRY(const BlockId id, block_id(call, 0));
    return show(call, id, Form::kHeader);
}

MethodResult header_by_hash(const Call& call) {
    FASTSYNC_TRY(const Hash256 hash, call.hash(0));
    return show(call, hash, Form::kHeader);
}

/// Chains of this family append fields of their own to headers: here are all of them.
MethodResult raw_header(const Call& call) {
    FASTSYNC_TRY(const BlockId id, block_id(call, 0));
    const chain::BlockHeader* const header = find(call.view, id);
    if (header == nullptr) return Error{Errc::kNotFound, describe(id) + " is not here"};
    return ordered_json(to_hex0x(header->raw));
}

constexpr Method kMethods[] = {
    {"eth_blockNumber", 0, 0, block_number},
    {"eth_getBlockByNumber", 1, 2, block_by_number},
    {"eth_getBlockByHash", 1, 2, block_by_hash},
    {"eth_getHeaderByNumber", 1, 1, header_by_number},
    {"eth_getHeaderByHash", 1, 1, header_by_hash},
    {"debug_getRawHeader", 1, 1, raw_header},
};

}  // namespace

std::span<const Method> block_methods() {
    return kMethods;
}

}  // namespace fastsync::rpc
