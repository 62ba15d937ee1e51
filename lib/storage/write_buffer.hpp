#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

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

    WriteBuffer();
    WriteBuffer(const WriteBuffer&) = delete;
    WriteBuffer& operator=(const WriteBuffer&) = delete;
    ~WriteBuffer();

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
    /// Indexes of all items in the order of their keys in the database.
    [[nodiscard]] std::vector<std::uint32_t> sorted() const;
    void clear() noexcept;

  private:
    struct Key {
        ItemKind kind;
        const Hash256* hash;
    };
    // Both look an index up in items_, or take a key as it is.
    struct IndexHash {
        using is_avalanching = void;
        using is_transparent = void;
        const std::vector<Item>* items;
        std::size_t operator()(std::uint32_t index) const noexcept;
        std::size_t operator()(const Key& key) const noexcept;
    };
    struct IndexEqual {
        using is_transparent = void;
        const std::vector<Item>* items;
        bool operator()(std::uint32_t a, std::uint32_t b) const noexcept { return a == b; }
        bool operator()(const Key& key, std::uint32_t index) const noexcept;
        bool operator()(std::uint32_t index, const Key& key) const noexcept {
            return (*this)(key, index);
        }
    };

    [[nodiscard]] const Byte* store(ByteView blob);

    std::vector<Item> items_;
    boost::unordered_flat_set<std::uint32_t, IndexHash, IndexEqual> index_;
    std::vector<std::unique_ptr<Byte[]>> chunks_;
    std::vector<std::unique_ptr<Byte[]>> large_;  // blobs that would waste a chunk
    std::size_t chunks_used_ = 0;
    std::size_t chunk_fill_ = 0;  // bytes used of the last used chunk
    std::size_t blob_bytes_ = 0;
};

}  // namespace fastsync::storage
