#pragma once

#include <functional>

#include <common/bytes.hpp>
#include <storage/item_visitor.hpp>
#include <storage/state_store.hpp>

namespace fastsync::state {

/// An entry of a trie of hashed keys.
struct Leaf {
    Hash256 key;
    ByteView value;  ///< lives until the visitor returns
    std::size_t depth =
        0;  ///< nodes with a hash of their own from the root to the entry: 1 and more
};

/// An error ends the walk and is its result.
using LeafVisitor = std::function<Result<storage::Visit>(const Leaf& leaf)>;

/// Visits the entries below `root` whose keys are `start` or above, in the order of their keys.
/// Every node is hashed again; what lies below `start` is not read. Memory: the children of the
/// nodes on one path, at most half a MiB.
///
/// @return kStop when the visitor stopped it; the errors of StateReader
[[nodiscard]] Result<storage::Visit> walk_leaves(const storage::NodeReader& store,
                                                 const Hash256& root, const Hash256& start,
                                                 const LeafVisitor& visit);

}  // namespace fastsync::state
