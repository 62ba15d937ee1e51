#include <algorithm>
#include <numeric>

#include <storage/write_buffer.hpp>

namespace fastsync::storage {
namespace {

constexpr std::size_t kChunkSize = kHugePage;
constexpr std::size_t kLargeBlob = kChunkSize / 16;
constexpr std::size_t kLookahead = 8;
constexpr std::size_t kCacheLine = 64;
// Of a longer blob the processor fetches the rest by itself.
constexpr std::size_t kPrefetchedBytes = 4 * kCacheLine;

// What sorting looks at first: kind and 63 bits of hash decide all but a few comparisons without
// touching the item.
struct SortKey {
    std::uint64_t head;
    std::uint32_t index;
};

std::uint64_t head_of(const WriteBuffer::Item& item) noexcept {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof bits; ++i)
        bits = (bits << 8U) | item.hash.data[i];
    const std::uint64_t kind = item.kind == ItemKind::kCode ? 0 : 1;
    return (kind << 63U) | (bits >> 1U);
}

constexpr unsigned kPartBits = 16;
constexpr std::size_t kParts = std::size_t{1} << kPartBits;

std::size_t part_of(std::uint64_t head) noexcept {
    return static_cast<std::size_t>(head >> (64 - kPartBits));
}

std::uint64_t digest_of(ItemKind kind, const Hash256& hash) noexcept {
    const std::uint64_t digest = FixedHasher<Hash256>{}(hash);
    return kind == ItemKind::kCode ? ~digest : digest;
}

}  // namespace

void WriteBuffer::FreeChunk::operator()(Byte* chunk) const noexcept {
    HugePageAllocator<Byte>{}.deallocate(chunk, kChunkSize);
}

void WriteBuffer::add(const NodeBatch& batch) {
    const auto& entries = batch.entries();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i + kLookahead < entries.size()) {
            const NodeBatch::Entry& ahead = entries[i + kLookahead];
            index_.prefetch(digest_of(ahead.kind, ahead.hash));
        }
        const NodeBatch::Entry& entry = entries[i];
        if (contains(entry.kind, entry.hash)) continue;
        const ByteView blob = batch.blob(entry);
        index_.insert(digest_of(entry.kind, entry.hash), static_cast<std::uint32_t>(items_.size()));
        items_.push_back({entry.hash, store(blob), entry.size, entry.kind});
        blob_bytes_ += blob.size();
    }
}

HashIndex::Place WriteBuffer::place_of(ItemKind kind, const Hash256& hash) const {
    return index_.find(digest_of(kind, hash), [&](HashIndex::Place at) {
        return items_[at].kind == kind && items_[at].hash == hash;
    });
}

bool WriteBuffer::contains(ItemKind kind, const Hash256& hash) const {
    return place_of(kind, hash) != HashIndex::kNone;
}

std::optional<ByteView> WriteBuffer::find(ItemKind kind, const Hash256& hash) const {
    const HashIndex::Place place = place_of(kind, hash);
    if (place == HashIndex::kNone) return std::nullopt;
    return items_[place].blob();
}

void WriteBuffer::prefetch_blob(std::uint32_t index) const noexcept {
    const Item& item = items_[index];
    for (std::size_t at = 0; at < std::min<std::size_t>(item.size, kPrefetchedBytes);
         at += kCacheLine)
        __builtin_prefetch(item.data + at);
}

std::vector<std::uint32_t> WriteBuffer::sorted() const {
    // Hashes are spread evenly: by their first bits they fall into parts of a few items each, and
    // sorting these takes a quarter of the time of sorting all at once.
    std::vector<std::uint32_t> ends(kParts);
    for (const Item& item : items_)
        ++ends[part_of(head_of(item))];
    std::partial_sum(ends.begin(), ends.end(), ends.begin());
    std::vector<SortKey> keys(items_.size());
    // Backwards, so that each end becomes the beginning of its part.
    for (auto i = static_cast<std::uint32_t>(items_.size()); i-- > 0;) {
        const std::uint64_t head = head_of(items_[i]);
        keys[--ends[part_of(head)]] = {head, i};
    }
    const auto before = [this](const SortKey& a, const SortKey& b) {
        if (a.head != b.head) return a.head < b.head;
        return items_[a.index].hash < items_[b.index].hash;
    };
    for (std::size_t part = 0; part < kParts; ++part) {
        const std::size_t end = part + 1 < kParts ? ends[part + 1] : keys.size();
        std::sort(keys.begin() + ends[part], keys.begin() + static_cast<std::ptrdiff_t>(end),
                  before);
    }
    std::vector<std::uint32_t> order;
    order.reserve(keys.size());
    for (const SortKey& key : keys)
        order.push_back(key.index);
    return order;
}

void WriteBuffer::clear() noexcept {
    index_.clear();
    items_.clear();
    large_.clear();
    chunks_used_ = 0;
    chunk_fill_ = 0;
    blob_bytes_ = 0;
}

void WriteBuffer::release() noexcept {
    FASTSYNC_ASSERT(empty());
    HugeVector<Item>{}.swap(items_);
    index_ = HashIndex{};
    std::vector<Chunk>{}.swap(chunks_);
}

const Byte* WriteBuffer::store(ByteView blob) {
    Byte* place = nullptr;
    if (blob.size() > kLargeBlob) {
        large_.push_back(std::make_unique_for_overwrite<Byte[]>(blob.size()));
        place = large_.back().get();
    } else {
        if (chunks_used_ == 0 || chunk_fill_ + blob.size() > kChunkSize) {
            if (chunks_used_ == chunks_.size()) {
                chunks_.push_back(Chunk{HugePageAllocator<Byte>{}.allocate(kChunkSize)});
            }
            ++chunks_used_;
            chunk_fill_ = 0;
        }
        place = chunks_[chunks_used_ - 1].get() + chunk_fill_;
        chunk_fill_ += blob.size();
    }
    std::copy(blob.begin(), blob.end(), place);
    return place;
}

}  // namespace fastsync::storage
