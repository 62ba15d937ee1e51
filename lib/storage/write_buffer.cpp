#include <algorithm>

#include <common/assert.hpp>
#include <storage/write_buffer.hpp>

namespace fastsync::storage {
namespace {

constexpr std::size_t kChunkSize = std::size_t{1} << 20U;
constexpr std::size_t kLargeBlob = kChunkSize / 8;

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

}  // namespace

std::size_t WriteBuffer::IndexHash::operator()(std::uint32_t index) const noexcept {
    const Item& item = (*items)[index];
    return (*this)(Key{item.kind, &item.hash});
}

std::size_t WriteBuffer::IndexHash::operator()(const Key& key) const noexcept {
    return FixedHasher<Hash256>{}(*key.hash) ^ static_cast<std::size_t>(key.kind);
}

bool WriteBuffer::IndexEqual::operator()(const Key& key, std::uint32_t index) const noexcept {
    const Item& item = (*items)[index];
    return item.kind == key.kind && item.hash == *key.hash;
}

WriteBuffer::WriteBuffer() : index_(0, IndexHash{&items_}, IndexEqual{&items_}) {}
WriteBuffer::~WriteBuffer() = default;

void WriteBuffer::add(const NodeBatch& batch) {
    for (const NodeBatch::Entry& entry : batch.entries()) {
        if (contains(entry.kind, entry.hash)) continue;
        const auto index = static_cast<std::uint32_t>(items_.size());
        const ByteView blob = batch.blob(entry);
        items_.push_back({entry.hash, store(blob), entry.size, entry.kind});
        index_.insert(index);
        blob_bytes_ += blob.size();
    }
}

bool WriteBuffer::contains(ItemKind kind, const Hash256& hash) const {
    return index_.find(Key{kind, &hash}) != index_.end();
}

std::optional<ByteView> WriteBuffer::find(ItemKind kind, const Hash256& hash) const {
    const auto found = index_.find(Key{kind, &hash});
    if (found == index_.end()) return std::nullopt;
    return items_[*found].blob();
}

std::vector<std::uint32_t> WriteBuffer::sorted() const {
    std::vector<SortKey> keys;
    keys.reserve(items_.size());
    for (std::uint32_t i = 0; i < items_.size(); ++i)
        keys.push_back({head_of(items_[i]), i});
    std::sort(keys.begin(), keys.end(), [this](const SortKey& a, const SortKey& b) {
        if (a.head != b.head) return a.head < b.head;
        return items_[a.index].hash < items_[b.index].hash;
    });
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

const Byte* WriteBuffer::store(ByteView blob) {
    Byte* place = nullptr;
    if (blob.size() > kLargeBlob) {
        large_.push_back(std::make_unique_for_overwrite<Byte[]>(blob.size()));
        place = large_.back().get();
    } else {
        if (chunks_used_ == 0 || chunk_fill_ + blob.size() > kChunkSize) {
            if (chunks_used_ == chunks_.size()) {
                chunks_.push_back(std::make_unique_for_overwrite<Byte[]>(kChunkSize));
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
