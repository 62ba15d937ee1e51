#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <common/hash_index.hpp>
#include <common/huge_pages.hpp>
#include <storage/node_batch.hpp>

namespace fastsync::storage {

/// Committed items on their way to a table file: findable by hash, sortable by key. Blobs lie in an
/// arena, so an item costs no allocation of its own; a cleared buffer keeps its memory for the next
/// filling. Not synchronised.
class WriteBuffer {
  public:
    struct Item {
        Hash256 hash;
        const Byte* data = nullptr;
        std::uint32_t size = 0;
        ItemKind kind = ItemKind::kNode;

        [[nodiscard]] ByteView blob() const noexcept { return {data, size}; }
    };

    WriteBuffer() = default;
    WriteBuffer(const WriteBuffer&) = delete;
    WriteBuffer& operator=(const WriteBuffer&) = delete;
    ~WriteBuffer() = default;

    /// Takes every item of the batch; one that is held already is passed over.
    void add(const NodeBatch& batch);
    [[nodiscard]] bool contains(ItemKind kind, const Hash256& hash) const;
    /// A view that lives until clear().
    [[nodiscard]] std::optional<ByteView> find(ItemKind kind, const Hash256& hash) const;

    [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
    /// Payload: the blobs alone.
    [[nodiscard]] std::size_t blob_bytes() const noexcept { return blob_bytes_; }
    [[nodiscard]] const Item& operator[](std::uint32_t index) const { return items_[index]; }
    /// Hints that the item, and then its blob, will be read soon: items lie in the order in which
    /// they came, and are read in that of their hashes.
    void prefetch_item(std::uint32_t index) const noexcept { __builtin_prefetch(&items_[index]); }
    void prefetch_blob(std::uint32_t index) const noexcept;
    /// Indexes of all items in the order of their keys in the database.
    [[nodiscard]] std::vector<std::uint32_t> sorted() const;
    void clear() noexcept;
    /// Gives the memory back. Our bug unless empty().
    void release() noexcept;

  private:
    struct FreeChunk {
        void operator()(Byte* chunk) const noexcept;
    };
    using Chunk = std::unique_ptr<Byte, FreeChunk>;

    [[nodiscard]] HashIndex::Place place_of(ItemKind kind, const Hash256& hash) const;
    [[nodiscard]] const Byte* store(ByteView blob);

    HugeVector<Item> items_;
    HashIndex index_;
    std::vector<Chunk> chunks_;
    std::vector<std::unique_ptr<Byte[]>> large_;  // blobs that would waste a chunk
    std::size_t chunks_used_ = 0;
    std::size_t chunk_fill_ = 0;  // bytes used of the last used chunk
    std::size_t blob_bytes_ = 0;
};

}  // namespace fastsync::storage
