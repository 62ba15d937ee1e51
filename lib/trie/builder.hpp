#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <common/bytes.hpp>

namespace fastsync::trie {

/// Builds a Merkle Patricia trie from entries that arrive in strictly ascending key order, holding
/// only the spine in memory. Keys need not be of one length (a key that is a prefix of another
/// comes first).
class SortedTrieBuilder {
  public:
    /// Called once per node of 32 bytes or more (and for the root, whatever its size), children
    /// first.
    using NodeSink = std::function<void(const Hash256& hash, ByteView rlp)>;

    explicit SortedTrieBuilder(NodeSink sink);
    ~SortedTrieBuilder();
    SortedTrieBuilder(SortedTrieBuilder&&) noexcept;
    SortedTrieBuilder& operator=(SortedTrieBuilder&&) noexcept;

    /// kMalformed when the key is not greater than the last one, or the value is empty.
    [[nodiscard]] Result<void> add(ByteView key, ByteView value);
    /// Finishes the trie and returns its root; kEmptyRoot without entries.
    [[nodiscard]] Hash256 finish();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

using TrieEntry = std::pair<Bytes, Bytes>;

/// The same from entries in any order; the last one of equal keys wins, an empty value removes.
[[nodiscard]] Hash256 build_trie(std::vector<TrieEntry> entries,
                                 const SortedTrieBuilder::NodeSink& sink);

}  // namespace fastsync::trie
