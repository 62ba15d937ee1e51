#pragma once

#include <cstdint>
#include <vector>

#include <common/bytes.hpp>

namespace fastsync::storage {

/// What a stored item is. Codes and trie nodes live under different keys: a contract whose code is
/// the bytes of a trie node must not make a subtrie look complete.
enum class ItemKind : std::uint8_t { kCode, kNode };

/// Items in the order in which they may be stored, children before parents. All blobs share one
/// buffer.
class NodeBatch {
  public:
    struct Entry {
        Hash256 hash;
        ItemKind kind = ItemKind::kNode;
        std::uint32_t size = 0;
        std::uint64_t offset = 0;
    };

    void add(ItemKind kind, const Hash256& hash, ByteView blob) {
        entries_.push_back({hash, kind, static_cast<std::uint32_t>(blob.size()), blobs_.size()});
        append(blobs_, blob);
    }
    [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }
    [[nodiscard]] ByteView blob(const Entry& e) const noexcept {
        return ByteView{blobs_}.subspan(static_cast<std::size_t>(e.offset), e.size);
    }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    /// Payload bytes: the blobs alone.
    [[nodiscard]] std::size_t blob_bytes() const noexcept { return blobs_.size(); }
    /// Room for so many items and bytes of blobs.
    void reserve(std::size_t items, std::size_t bytes) {
        entries_.reserve(items);
        blobs_.reserve(bytes);
    }
    void clear() noexcept {
        entries_.clear();
        blobs_.clear();
    }

  private:
    std::vector<Entry> entries_;
    Bytes blobs_;
};

}  // namespace fastsync::storage
