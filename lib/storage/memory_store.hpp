#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <storage/state_store.hpp>

namespace fastsync::storage {

/// A StateStore in memory for tests: the same promises, failures on demand, and a crash() that
/// forgets what was not flushed. May be used from any thread.
class MemoryStore final : public StateStore {
  public:
    /// What can be made to fail.
    enum class Operation : std::uint8_t { kHas, kGet, kCommit, kFlush, kSaveMeta, kLoadMeta };

    /// From now on `operation` fails with `error`, after `successes` more that succeed, until
    /// heal(). Nothing else happens in a call that fails.
    void fail(Operation operation, Error error, std::size_t successes = 0);
    void heal();

    /// Forgets all that is not durable. @param batches  so many of the unflushed batches, from the
    /// oldest on, count as durable, as a writer in the background may have brought them to disk
    void crash(std::size_t batches = 0);

    /// Changes stored items behind everybody's back. @return false when there is no such item
    bool erase(ItemKind kind, const Hash256& hash);
    bool overwrite(ItemKind kind, const Hash256& hash, Bytes blob);

    [[nodiscard]] std::size_t items() const;
    /// Calls of flush() and begin_flush() that succeeded.
    [[nodiscard]] std::size_t flushes() const;
    /// Visits all items of a kind, flushed or not, in the order of their hashes.
    [[nodiscard]] Result<void> for_each(ItemKind kind, const ItemVisitor& visit) const override;

    [[nodiscard]] Result<bool> has(ItemKind kind, const Hash256& hash) const override;
    [[nodiscard]] Result<Bytes> get(ItemKind kind, const Hash256& hash) const override;
    [[nodiscard]] Result<void> commit(NodeBatch batch) override;
    [[nodiscard]] std::size_t unflushed_items() const noexcept override;
    [[nodiscard]] std::size_t unflushed_bytes() const noexcept override;
    [[nodiscard]] Result<void> flush() override;
    [[nodiscard]] Result<void> remove(ItemKind kind, std::span<const Hash256> hashes) override;
    [[nodiscard]] Result<void> save_meta(std::string_view key, ByteView value) override;
    [[nodiscard]] Result<std::optional<Bytes>> load_meta(std::string_view key) const override;
    [[nodiscard]] Result<void> remove_meta(std::string_view key) override;

  private:
    using Key = std::pair<ItemKind, Hash256>;
    using Items = std::map<Key, Bytes>;
    struct Injected {
        Error error;
        std::size_t successes = 0;
    };

    [[nodiscard]] Result<void> attempt(Operation operation) const;
    [[nodiscard]] Bytes* find(const Key& key) const;
    void make_durable(std::size_t batches);

    mutable std::mutex mutex_;
    mutable Items durable_;
    mutable Items unflushed_;
    std::vector<NodeBatch> batches_;  // unflushed, oldest first
    std::map<std::string, Bytes, std::less<>> records_;
    mutable std::map<Operation, Injected> failures_;
    std::size_t flushes_ = 0;
};

}  // namespace fastsync::storage
