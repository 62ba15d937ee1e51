#include <algorithm>
#include <cstring>
#include <new>

#include <devnet/item_store.hpp>

namespace fastsync::devnet {
namespace {

/// Sixteen of the longest items: what is lost at the end of a chunk does not matter.
constexpr std::size_t kChunkSize = 16 * kMaxItemSize;

static_assert(std::is_trivially_destructible_v<StoredItem>);

/// Bytes an item takes, so that the next one is aligned.
constexpr std::size_t room_of(std::size_t item_size) {
    constexpr std::size_t kAlign = alignof(StoredItem);
    return (sizeof(StoredItem) + item_size + kAlign - 1) / kAlign * kAlign;
}

std::uint64_t prefix_of(const Hash256& hash) noexcept {
    std::uint64_t prefix = 0;
    std::memcpy(&prefix, hash.data.data(), sizeof prefix);
    return prefix;
}

}  // namespace

ByteView StoredItem::bytes() const noexcept {
    return {reinterpret_cast<const Byte*>(this) + sizeof(StoredItem), size};
}

std::size_t ItemStore::Hasher::operator()(const Hash256& hash) const noexcept {
    return prefix_of(hash);
}

bool ItemStore::Equal::operator()(const Hash256& hash, const Entry& entry) const noexcept {
    return entry.prefix == prefix_of(hash) && entry.item->hash == hash;
}

StoredItem& ItemStore::add(const Hash256& hash, ByteView bytes) {
    FASTSYNC_ASSERT(bytes.size() <= kMaxItemSize);
    if (StoredItem* const known = find(hash)) return *known;
    Byte* const place = room_for(room_of(bytes.size()));
    auto* const item = new (place) StoredItem{hash, static_cast<std::uint32_t>(bytes.size())};
    std::copy(bytes.begin(), bytes.end(), place + sizeof(StoredItem));
    index_.insert(Entry{prefix_of(hash), item});
    bytes_ += bytes.size();
    return *item;
}

StoredItem* ItemStore::find(const Hash256& hash) noexcept {
    const auto found = index_.find(hash);
    return found == index_.end() ? nullptr : found->item;
}

const StoredItem* ItemStore::find(const Hash256& hash) const noexcept {
    const auto found = index_.find(hash);
    return found == index_.end() ? nullptr : found->item;
}

void ItemStore::erase(StoredItem& item) {
    index_.erase(Entry{prefix_of(item.hash), &item});
    bytes_ -= item.size;
    free_[room_of(item.size)].push_back(reinterpret_cast<Byte*>(&item));
}

void ItemStore::erase_unreferenced() {
    std::vector<StoredItem*> unreferenced;
    for (const Entry& entry : index_)
        if (entry.item->references == 0) unreferenced.push_back(entry.item);
    for (StoredItem* const item : unreferenced)
        erase(*item);
}

Byte* ItemStore::room_for(std::size_t size) {
    if (const auto places = free_.find(size); places != free_.end() && !places->second.empty()) {
        Byte* const place = places->second.back();
        places->second.pop_back();
        return place;
    }
    if (chunks_.empty() || used_ + size > kChunkSize) {
        chunks_.push_back(std::make_unique_for_overwrite<Byte[]>(kChunkSize));
        used_ = 0;
    }
    Byte* const place = chunks_.back().get() + used_;
    used_ += size;
    return place;
}

}  // namespace fastsync::devnet
