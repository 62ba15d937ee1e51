#include <array>

#include <chain/header.hpp>
#include <crypto/keccak.hpp>
#include <rlp/decode.hpp>

namespace fastsync::chain {

namespace {

// Positions of the fields (Yellow Paper section 4.3), the same in every chain of the family.
constexpr std::size_t kParentHash = 0;
constexpr std::size_t kStateRoot = 3;
constexpr std::size_t kDifficulty = 7;
constexpr std::size_t kNumber = 8;
constexpr std::size_t kTimestamp = 11;
/// Parent to nonce: what every header has.
constexpr std::size_t kMinFields = 15;
/// No chain comes near; it bounds the walk over what a peer appended.
constexpr std::size_t kMaxFields = 64;

using Fields = std::array<ByteView, kMinFields>;

/// The first fields as they are encoded; the rest is only checked to be well formed.
Result<Fields> split(ByteView list) {
    Fields fields;
    std::size_t count = 0;
    while (!list.empty()) {
        if (count == kMaxFields) return Error{Errc::kMalformed, "header of more than 64 fields"};
        FASTSYNC_TRY(const rlp::Item item, rlp::take(list));
        if (count < fields.size()) fields[count] = item.raw;
        ++count;
    }
    if (count < kMinFields) return Error{Errc::kMalformed, "header of fewer than 15 fields"};
    return fields;
}

}  // namespace

Result<BlockHeader> decode_header(ByteView raw) {
    if (raw.size() > kMaxHeaderSize) return Error{Errc::kTooLarge, "header over 64 KiB"};
    FASTSYNC_TRY(const ByteView list, rlp::whole_list(raw));
    FASTSYNC_TRY(Fields fields, split(list));
    BlockHeader header;
    FASTSYNC_TRY(header.parent_hash, rlp::take_fixed<Hash256>(fields[kParentHash]));
    FASTSYNC_TRY(header.state_root, rlp::take_fixed<Hash256>(fields[kStateRoot]));
    FASTSYNC_TRY(header.difficulty, rlp::take_u256(fields[kDifficulty]));
    FASTSYNC_TRY(header.number, rlp::take_uint64(fields[kNumber]));
    FASTSYNC_TRY(header.timestamp, rlp::take_uint64(fields[kTimestamp]));
    header.raw = to_bytes(raw);
    header.hash = crypto::keccak256(raw);
    return header;
}

bool links(const BlockHeader& parent, const BlockHeader& child) noexcept {
    // The number is compared by subtraction: parent.number + 1 could wrap.
    return child.parent_hash == parent.hash && child.number > parent.number &&
           child.number - parent.number == 1;
}

}  // namespace fastsync::chain
