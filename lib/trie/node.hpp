#pragma once

#include <array>
#include <cstddef>
#include <variant>

#include <common/bytes.hpp>
#include <trie/nibble_path.hpp>

namespace fastsync::trie {

/// Largest trie node we accept, bytes. A branch of 16 hashes and a value is 532 bytes plus its
/// value; state values are at most about 110 bytes.
inline constexpr std::size_t kMaxNodeSize = 1024;

/// A reference to a child: nothing, the hash of a node, or a node of less than 32 bytes in place.
struct ChildRef {
    enum class Kind : std::uint8_t { kEmpty, kHash, kInline };
    Kind kind = Kind::kEmpty;
    ByteView bytes;  ///< 32 bytes of hash, or the inlined node's RLP

    [[nodiscard]] Hash256 hash() const;  ///< only for kHash
};

struct BranchView {
    std::array<ChildRef, 16> children;
    ByteView value;  ///< empty when there is none
};
struct ExtensionView {
    NibblePath path;  ///< at least one nibble
    ChildRef child;   ///< never empty
};
struct LeafView {
    NibblePath path;
    ByteView value;
};

/// A decoded trie node (Yellow Paper appendix D): views into the bytes it was decoded from.
using NodeView = std::variant<BranchView, ExtensionView, LeafView>;

/// Decodes a whole node. @return kMalformed: wrong list length, hex-prefix flags, a child reference
/// that is neither empty nor 32 bytes nor a list of less than 32 bytes, a branch of fewer than two
/// entries, an empty extension path, an extension to nothing, a leaf without a value, non-canonical
/// RLP, trailing bytes; kTooLarge over kMaxNodeSize. An inlined child is not looked into: hand its
/// bytes to decode_node in turn.
[[nodiscard]] Result<NodeView> decode_node(ByteView rlp);

}  // namespace fastsync::trie
