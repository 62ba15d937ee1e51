#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <common/bytes.hpp>
#include <trie/builder.hpp>
#include <trie/walk.hpp>

namespace fastsync::trie {

/// A trie that changes: nodes are read from a source as they are needed, changed in memory, and
/// handed out by commit(). What is not touched is never read.
///
/// Every function that returns a Result gives kNotFound when the source lacks a node on the way,
/// kBadState when one does not decode, kTooLarge for a key of more than 32 bytes. After an error of
/// put() or erase() the trie is of no more use.
class MutableTrie {
  public:
    MutableTrie(const Hash256& root, NodeSource source);
    ~MutableTrie();
    MutableTrie(MutableTrie&&) noexcept;
    MutableTrie& operator=(MutableTrie&&) noexcept;

    /// The value of `key`, if it has one.
    [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key);
    /// Sets the value of `key`; an empty value erases it.
    [[nodiscard]] Result<void> put(ByteView key, ByteView value);
    /// Removes `key`, which need not be there.
    [[nodiscard]] Result<void> erase(ByteView key);

    /// Hands every new node to `sink`, children first, and returns the new root. The source must
    /// know these nodes from now on.
    [[nodiscard]] Hash256 commit(const SortedTrieBuilder::NodeSink& sink);
    /// The nodes of the source that this trie holds no more, since the last call. A later change
    /// may have made one of them anew: what commit() handed out is in the trie.
    [[nodiscard]] std::vector<Hash256> take_replaced();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace fastsync::trie
