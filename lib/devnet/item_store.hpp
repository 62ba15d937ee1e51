#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <common/bytes.hpp>

namespace fastsync::devnet {

/// Longest item we keep, bytes: the longest code a genesis file may hold.
inline constexpr std::size_t kMaxItemSize = 1024 * 1024;

/// A trie node or a code as it lies in memory; its bytes follow it. What it counts is for whoever
/// prunes (see StateReferences) and starts at zero.
struct StoredItem {
    Hash256 hash;
    std::uint32_t size = 0;
    std::uint32_t references = 0;  ///< places in kept items and kept states that name it
    std::uint8_t uses = 0;         ///< as what it is named there: bits of ItemUse

    [[nodiscard]] ByteView bytes() const noexcept;
};

/// Items by hash, many millions of them: bytes in large chunks, 16 bytes of index for each. An item
/// stays where it is until it is erased; its place is used again.
class ItemStore {
  public:
    /// Does nothing when the item is there. At most kMaxItemSize bytes.
    StoredItem& add(const Hash256& hash, ByteView bytes);
    /// Null when it is not there.
    [[nodiscard]] StoredItem* find(const Hash256& hash) noexcept;
    [[nodiscard]] const StoredItem* find(const Hash256& hash) const noexcept;
    void erase(StoredItem& item);
    /// Erases what nothing refers to.
    void erase_unreferenced();

    [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }
    /// Of the items, without hashes and what else we keep of them.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  private:
    struct Entry {
        std::uint64_t prefix;  ///< of the hash, so that most comparisons end in the index
        StoredItem* item;
    };
    struct Hasher {
        using is_transparent = void;
        using is_avalanching = void;
        std::size_t operator()(const Entry& entry) const noexcept { return entry.prefix; }
        std::size_t operator()(const Hash256& hash) const noexcept;
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(const Entry& a, const Entry& b) const noexcept {
            return a.prefix == b.prefix && a.item->hash == b.item->hash;
        }
        bool operator()(const Hash256& hash, const Entry& entry) const noexcept;
        bool operator()(const Entry& entry, const Hash256& hash) const noexcept {
            return (*this)(hash, entry);
        }
    };

    /// Room for an item of so many bytes, its own fields included.
    [[nodiscard]] Byte* room_for(std::size_t size);

    std::vector<std::unique_ptr<Byte[]>> chunks_;
    std::size_t used_ = 0;  ///< of the last chunk
    boost::unordered_flat_set<Entry, Hasher, Equal> index_;
    /// Places of erased items, by their size.
    boost::unordered_flat_map<std::size_t, std::vector<Byte*>> free_;
    std::uint64_t bytes_ = 0;
};

}  // namespace fastsync::devnet
