#pragma once

#include <map>
#include <optional>

#include <common/bytes.hpp>
#include <trie/builder.hpp>
#include <trie/walk.hpp>

namespace fastsync::test {

/// Trie nodes by hash, for tests: filled by a builder's sink, read by walk().
class MemoryNodes {
  public:
    [[nodiscard]] trie::SortedTrieBuilder::NodeSink sink() {
        return [this](const Hash256& hash, ByteView rlp) { nodes_[hash] = to_bytes(rlp); };
    }
    [[nodiscard]] trie::NodeSource source() const {
        return [this](const Hash256& hash) -> std::optional<ByteView> {
            const auto found = nodes_.find(hash);
            if (found == nodes_.end()) return std::nullopt;
            return ByteView{found->second};
        };
    }
    [[nodiscard]] std::map<Hash256, Bytes>& all() noexcept { return nodes_; }
    [[nodiscard]] const std::map<Hash256, Bytes>& all() const noexcept { return nodes_; }

  private:
    std::map<Hash256, Bytes> nodes_;
};

}  // namespace fastsync::test
