#include <algorithm>

#include <storage/memory_store.hpp>

namespace fastsync::storage {

void MemoryStore::fail(Operation operation, Error error, std::size_t successes) {
    const std::lock_guard lock{mutex_};
    failures_.insert_or_assign(operation, Injected{std::move(error), successes});
}

void MemoryStore::heal() {
    const std::lock_guard lock{mutex_};
    failures_.clear();
}

void MemoryStore::crash(std::size_t batches) {
    const std::lock_guard lock{mutex_};
    make_durable(batches);
    unflushed_.clear();
    batches_.clear();
}

bool MemoryStore::erase(ItemKind kind, const Hash256& hash) {
    const std::lock_guard lock{mutex_};
    const std::size_t flushed = durable_.erase({kind, hash});
    return unflushed_.erase({kind, hash}) + flushed > 0;
}

bool MemoryStore::overwrite(ItemKind kind, const Hash256& hash, Bytes blob) {
    const std::lock_guard lock{mutex_};
    Bytes* const found = find({kind, hash});
    if (found == nullptr) return false;
    *found = std::move(blob);
    return true;
}

std::size_t MemoryStore::items() const {
    const std::lock_guard lock{mutex_};
    return durable_.size() + unflushed_.size();
}

std::size_t MemoryStore::flushes() const {
    const std::lock_guard lock{mutex_};
    return flushes_;
}

Result<void> MemoryStore::for_each(ItemKind kind, const ItemVisitor& visit) const {
    Items all;
    {
        const std::lock_guard lock{mutex_};
        all = unflushed_;
        all.insert(durable_.begin(), durable_.end());
    }
    for (const auto& [key, blob] : all) {
        if (key.first == kind && visit(key.second, blob) == Visit::kStop) break;
    }
    return {};
}

Result<bool> MemoryStore::has(ItemKind kind, const Hash256& hash) const {
    const std::lock_guard lock{mutex_};
    FASTSYNC_CHECK(attempt(Operation::kHas));
    return find({kind, hash}) != nullptr;
}

Result<Bytes> MemoryStore::get(ItemKind kind, const Hash256& hash) const {
    const std::lock_guard lock{mutex_};
    FASTSYNC_CHECK(attempt(Operation::kGet));
    if (const Bytes* const found = find({kind, hash})) return *found;
    return Error{Errc::kNotFound, "no item " + to_hex0x(hash)};
}

Result<void> MemoryStore::commit(NodeBatch batch) {
    const std::lock_guard lock{mutex_};
    FASTSYNC_CHECK(attempt(Operation::kCommit));
    for (const NodeBatch::Entry& entry : batch.entries()) {
        const Key key{entry.kind, entry.hash};
        if (!durable_.contains(key)) unflushed_.try_emplace(key, to_bytes(batch.blob(entry)));
    }
    batches_.push_back(std::move(batch));
    return {};
}

std::size_t MemoryStore::unflushed_items() const noexcept {
    const std::lock_guard lock{mutex_};
    std::size_t items = 0;
    for (const NodeBatch& batch : batches_)
        items += batch.size();
    return items;
}

std::size_t MemoryStore::unflushed_bytes() const noexcept {
    const std::lock_guard lock{mutex_};
    std::size_t bytes = 0;
    for (const NodeBatch& batch : batches_)
        bytes += batch.blob_bytes();
    return bytes;
}

Result<void> MemoryStore::flush() {
    const std::lock_guard lock{mutex_};
    FASTSYNC_CHECK(attempt(Operation::kFlush));
    make_durable(batches_.size());
    ++flushes_;
    return {};
}

Result<void> MemoryStore::save_meta(std::string_view key, ByteView value) {
    const std::lock_guard lock{mutex_};
    FASTSYNC_CHECK(attempt(Operation::kSaveMeta));
    records_.insert_or_assign(std::string{key}, to_bytes(value));
    return {};
}

Result<std::optional<Bytes>> MemoryStore::load_meta(std::string_view key) const {
    const std::lock_guard lock{mutex_};
    FASTSYNC_CHECK(attempt(Operation::kLoadMeta));
    const auto found = records_.find(key);
    if (found == records_.end()) return std::optional<Bytes>{};
    return std::optional<Bytes>{found->second};
}

Result<void> MemoryStore::attempt(Operation operation) const {
    const auto injected = failures_.find(operation);
    if (injected == failures_.end()) return {};
    if (injected->second.successes == 0) return injected->second.error;
    --injected->second.successes;
    return {};
}

Bytes* MemoryStore::find(const Key& key) const {
    for (Items* items : {&unflushed_, &durable_}) {
        const auto found = items->find(key);
        if (found != items->end()) return &found->second;
    }
    return nullptr;
}

void MemoryStore::make_durable(std::size_t batches) {
    const std::size_t count = std::min(batches, batches_.size());
    for (std::size_t i = 0; i < count; ++i) {
        for (const NodeBatch::Entry& entry : batches_[i].entries()) {
            auto node = unflushed_.extract({entry.kind, entry.hash});
            if (!node.empty()) durable_.insert(std::move(node));
        }
    }
    batches_.erase(batches_.begin(), batches_.begin() + static_cast<std::ptrdiff_t>(count));
}

Result<void> MemoryStore::remove(ItemKind kind, std::span<const Hash256> hashes) {
    for (const Hash256& hash : hashes)
        (void)erase(kind, hash);
    return {};
}

Result<void> MemoryStore::remove_meta(std::string_view key) {
    const std::lock_guard lock{mutex_};
    if (const auto found = records_.find(key); found != records_.end()) records_.erase(found);
    return {};
}

}  // namespace fastsync::storage
