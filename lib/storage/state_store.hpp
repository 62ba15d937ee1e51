#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <common/bytes.hpp>
#include <storage/item_visitor.hpp>
#include <storage/node_batch.hpp>

namespace fastsync::storage {

/// Looks stored items up by kind and hash.
class NodeReader {
  public:
    virtual ~NodeReader() = default;
    /// True once the item was committed (durable or not). kStorage on a read failure.
    [[nodiscard]] virtual Result<bool> has(ItemKind kind, const Hash256& hash) const = 0;
    /// Hints that has() will be asked of this item in a moment.
    virtual void prefetch(ItemKind /*kind*/, const Hash256& /*hash*/) const noexcept {}
    /// The item's bytes; kNotFound, kStorage.
    [[nodiscard]] virtual Result<Bytes> get(ItemKind kind, const Hash256& hash) const = 0;
    /// get() of many items of a kind, in their order: cheaper than one by one where reads cost.
    [[nodiscard]] virtual std::vector<Result<Bytes>> get_many(
        ItemKind kind, std::span<const Hash256> hashes) const {
        std::vector<Result<Bytes>> out;
        out.reserve(hashes.size());
        for (const Hash256& hash : hashes)
            out.push_back(get(kind, hash));
        return out;
    }
};

/// A small named value of a store.
struct MetaRecord {
    std::string name;
    Bytes value;
};

/// Where a sync leaves its items. Single writer; has() and get() may come from other threads.
///
/// Promise: items become durable in the order in which they were committed, a whole batch at once
/// or not at all. With batches that hold children before parents, "present" means "whole subtrie
/// present", after a crash too.
class StateStore : public NodeReader {
  public:
    /// Accepts a batch: findable at once, durable after the next flush().
    [[nodiscard]] virtual Result<void> commit(NodeBatch batch) = 0;
    /// Bytes and items committed but not yet durable, to decide when to flush.
    [[nodiscard]] virtual std::size_t unflushed_items() const noexcept = 0;
    [[nodiscard]] virtual std::size_t unflushed_bytes() const noexcept = 0;
    /// Starts to make everything committed so far durable, and then `after`, and does not wait for
    /// it: what is not durable is in unflushed_items(). A failure is returned by a later call; a
    /// record that has not been written yet gives way to the one of a later call.
    [[nodiscard]] virtual Result<void> begin_flush(std::optional<MetaRecord> after = {}) {
        FASTSYNC_CHECK(flush());
        return after ? save_meta(after->name, after->value) : Result<void>{};
    }
    /// Makes everything committed so far durable (fsync). kStorage.
    [[nodiscard]] virtual Result<void> flush() = 0;
    /// Visits all durable items of a kind in the order of their hashes; flush() first. kCorrupt,
    /// kStorage.
    [[nodiscard]] virtual Result<void> for_each(ItemKind kind, const ItemVisitor& visit) const = 0;
    /// Takes items out: no longer findable when it returns, durably so after the next flush().
    /// For repairs alone: whoever removes an item must remove all that refers to it. kStorage.
    [[nodiscard]] virtual Result<void> remove(ItemKind kind, std::span<const Hash256> hashes) = 0;
    /// Small named records: checkpoint, completed pivots. Durable when it returns.
    [[nodiscard]] virtual Result<void> save_meta(std::string_view key, ByteView value) = 0;
    [[nodiscard]] virtual Result<std::optional<Bytes>> load_meta(std::string_view key) const = 0;
    /// Durable when it returns; no error when there is no such record.
    [[nodiscard]] virtual Result<void> remove_meta(std::string_view key) = 0;
    /// Brings what is durable into the form that is best for reading at random, if it is not, and
    /// gives back memory that idles meanwhile. May take long; any thread. After a failure all goes
    /// on as before, only slower to read. kClosed after interrupt_settling(), kStorage, kCorrupt.
    [[nodiscard]] virtual Result<void> settle() { return {}; }
    /// Ends settle() soon, from another thread, and refuses further ones.
    virtual void interrupt_settling() noexcept {}
};

}  // namespace fastsync::storage
