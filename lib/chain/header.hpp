#pragma once

#include <cstdint>

#include <common/bytes.hpp>
#include <common/u256.hpp>

namespace fastsync::chain {

using BlockNumber = std::uint64_t;

/// Longest header we accept, bytes. Headers are about 500 to 700; chains that append validator
/// lists stay far below this.
inline constexpr std::size_t kMaxHeaderSize = 64 * 1024;

/// A block header. The hash is that of the RLP as received: chains of this family append fields of
/// their own, so nothing is ever re-encoded.
struct BlockHeader {
    Bytes raw;
    Hash256 hash;
    Hash256 parent_hash;
    Hash256 state_root;
    BlockNumber number = 0;
    std::uint64_t timestamp = 0;
    U256 difficulty = 0;

    friend bool operator==(const BlockHeader& a, const BlockHeader& b) { return a.hash == b.hash; }
};

/// Decodes one header: a list of at least 15 items (parent hash 0, state root 3, difficulty 7,
/// number 8, timestamp 11). @return kMalformed, kTooLarge
[[nodiscard]] Result<BlockHeader> decode_header(ByteView raw);

/// True when `child` names `parent` as its parent and follows its number.
[[nodiscard]] bool links(const BlockHeader& parent, const BlockHeader& child) noexcept;

}  // namespace fastsync::chain
