#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <common/bytes.hpp>
#include <trie/node.hpp>

/// Encoding of trie nodes (Yellow Paper appendix D): the way back from node.hpp, for the builder
/// and the mutable trie.
namespace fastsync::trie {

/// Nodes of fewer bytes than this stand in their parent instead of their hash.
inline constexpr std::size_t kMinHashedSize = 32;

/// One nibble per byte, as a path without a limit: keys of plain tries may be of any length.
using Nibbles = std::span<const Byte>;

/// Appends each half of each byte of `key`.
void append_nibbles(Bytes& out, ByteView key);

[[nodiscard]] Bytes encode_leaf(Nibbles path, ByteView value);
/// @param child  a reference as encode_reference() makes them
[[nodiscard]] Bytes encode_extension(Nibbles path, ByteView child);
/// @param children  references; an empty view is no child
[[nodiscard]] Bytes encode_branch(const std::array<ByteView, 16>& children, ByteView value);

/// What stands in a parent for the hash of a child: its RLP string of 33 bytes.
[[nodiscard]] std::array<Byte, 33> encode_hash_reference(const Hash256& hash) noexcept;

}  // namespace fastsync::trie
