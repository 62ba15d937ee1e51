#pragma once

#include <cstdint>
#include <vector>

#include <common/bytes.hpp>
#include <storage/node_batch.hpp>
#include <sync/key_space.hpp>
#include <sync/trie_path.hpp>

namespace fastsync::sync {

/// What a node refers to: a child node, the storage trie or the code of an account.
struct ChildLink {
    Hash256 hash;
    storage::ItemKind kind = storage::ItemKind::kNode;
    TriePath path;
    KeyShare share = 0;
};

/// What is in a node besides its links.
struct NodeContents {
    KeyShare finished = 0;     ///< the part of the node's share where nothing is left to fetch
    std::uint32_t leaves = 0;  ///< accounts or storage slots in the node itself
};

/// Finds everything the node `rlp` at `where` refers to, in path order, walking inlined nodes too,
/// and splits `share` among it. Appends to `out`; nothing is left to fetch in empty slots, storage
/// leaves and accounts without storage and code.
///
/// Keys of a state trie are 64 nibbles: leaves elsewhere, branch values, and values that are no
/// account (in the account trie) or no storage word (in a storage trie) are kBadState. The last
/// check is what keeps a forged root from passing a real account trie off as a storage trie,
/// complete without its codes and storage.
[[nodiscard]] Result<NodeContents> read_node(ByteView rlp, const TriePath& where, KeyShare share,
                                             std::vector<ChildLink>& out);

/// What a node refers to, wherever it may sit.
struct Reference {
    Hash256 hash;
    storage::ItemKind kind = storage::ItemKind::kNode;
};

/// Finds everything the node `rlp` refers to when nobody knows where it belongs: a leaf whose value
/// is a list is of the account trie, one whose value is a string of a storage trie. Appends to
/// `out`. kBadState: no node of a state.
[[nodiscard]] Result<void> find_references(ByteView rlp, std::vector<Reference>& out);

/// read_node() for those who want the finished share alone.
[[nodiscard]] Result<KeyShare> find_children(ByteView rlp, const TriePath& where, KeyShare share,
                                             std::vector<ChildLink>& out);

}  // namespace fastsync::sync
