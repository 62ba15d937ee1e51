#pragma once

#include <functional>
#include <optional>

#include <common/bytes.hpp>
#include <trie/nibble_path.hpp>

namespace fastsync::trie {

/// Finds a node's RLP by its hash; nothing when it is not there. The view must stay valid while the
/// caller of the source works on the node.
using NodeSource = std::function<std::optional<ByteView>(const Hash256& hash)>;

/// What walk() tells; either may be left empty. An error ends the walk and is its result.
struct TrieVisitor {
    /// Each node that has a hash of its own (inlined ones have not), parents first.
    std::function<Result<void>(const NibblePath& path, const Hash256& hash, ByteView rlp)> on_node;
    /// Each entry, in key order, those in inlined nodes and in branches too.
    std::function<Result<void>(const NibblePath& path, ByteView value)> on_entry;
};

/// Walks everything below `root`; nothing to do for kEmptyRoot. Hashes are not recomputed.
/// @return kNotFound naming the missing node, kBadState naming the node that does not decode or
/// whose path is too long, or what the visitor returned
[[nodiscard]] Result<void> walk(const Hash256& root, const NodeSource& source,
                                const TrieVisitor& visitor);

}  // namespace fastsync::trie
