#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <storage/item_visitor.hpp>
#include <storage/rocks_statistics.hpp>
#include <storage/schema.hpp>
#include <storage/store_options.hpp>
#include <storage/write_buffer.hpp>

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class Env;
}  // namespace rocksdb

namespace fastsync::storage {

class MergeCounter;

/// The database of a store in terms of items and records; the only class that talks to RocksDB.
/// All functions may be called from any thread; ingest() by one thread at a time.
class RocksDatabase {
  public:
    /// Makes a database that holds nothing but its identity, and closes it. kStorage.
    [[nodiscard]] static Result<void> create(const std::filesystem::path& path,
                                             const StoreOptions& options,
                                             const ChainIdentity& identity);
    /// @return kBusy, kCorrupt (what is damaged, where), kIncompatible (schema version), kStorage
    [[nodiscard]] static Result<std::unique_ptr<RocksDatabase>> open(
        const std::filesystem::path& path, const StoreOptions& options);
    /// open() of one whose files were put together again: records that are lost are no failure,
    /// except for the identity; that is made again where `identity` is given.
    [[nodiscard]] static Result<std::unique_ptr<RocksDatabase>> open_repaired(
        const std::filesystem::path& path, const StoreOptions& options,
        const std::optional<ChainIdentity>& identity);
    RocksDatabase(const RocksDatabase&) = delete;
    RocksDatabase& operator=(const RocksDatabase&) = delete;
    /// Ends merges under way and closes.
    ~RocksDatabase();

    [[nodiscard]] const ChainIdentity& identity() const noexcept { return identity_; }
    /// True when no item was ever written.
    [[nodiscard]] bool empty() const;

    [[nodiscard]] Result<bool> has(ItemKind kind, const Hash256& hash) const;
    [[nodiscard]] Result<Bytes> get(ItemKind kind, const Hash256& hash) const;
    [[nodiscard]] std::vector<Result<Bytes>> get_many(ItemKind kind,
                                                      std::span<const Hash256> hashes) const;
    /// Visits all items of a kind in the order of their hashes. kCorrupt, kStorage.
    [[nodiscard]] Result<void> for_each(ItemKind kind, const ItemVisitor& visit) const;

    /// Writes the items into one table file in `staging` and takes it over: all of them are there,
    /// durably, or none. @return the file's size, bytes; kStorage, kCorrupt
    [[nodiscard]] Result<std::uint64_t> ingest(const WriteBuffer& items,
                                               const std::filesystem::path& staging);
    /// No longer there when it returns; durably so after flush_removals(). kStorage.
    [[nodiscard]] Result<void> remove(ItemKind kind, std::span<const Hash256> hashes);
    [[nodiscard]] Result<void> flush_removals();
    /// Merges everything into one sorted run. kClosed: interrupted; kStorage: no room for a second
    /// copy, or a failure of the disk, after which all is as before; kCorrupt.
    [[nodiscard]] Result<void> compact();
    /// Ends compact() soon, from another thread, and refuses further ones.
    void interrupt_compaction() noexcept;
    /// Readers have so many sorted runs to look into that merging them is worth its cost.
    [[nodiscard]] bool scattered() const;

    /// Durable when it returns. After a failure every later one fails the same way: reopen.
    [[nodiscard]] Result<void> put_record(std::string_view key, ByteView value);
    [[nodiscard]] Result<std::optional<Bytes>> get_record(std::string_view key) const;
    [[nodiscard]] Result<void> remove_record(std::string_view key);

    /// Fills the fields the database knows of.
    [[nodiscard]] RocksStatistics statistics() const;

  private:
    RocksDatabase(std::filesystem::path path, const StoreOptions& options);

    enum class MissingFamilies { kRefuse, kCreate };
    [[nodiscard]] Result<void> open_files(const StoreOptions& options,
                                          MissingFamilies missing = MissingFamilies::kRefuse);
    [[nodiscard]] Result<void> load_identity();
    [[nodiscard]] Result<std::uint64_t> write_table(const WriteBuffer& items,
                                                    const std::string& file) const;
    [[nodiscard]] Result<void> check_room_to_merge() const;
    void resume_after_failure();
    [[nodiscard]] std::uint64_t property(const char* name) const;
    [[nodiscard]] std::string doing(std::string_view what) const;

    std::filesystem::path path_;
    ChainIdentity identity_;
    std::shared_ptr<MergeCounter> merges_;
    std::unique_ptr<rocksdb::Env> env_;
    std::unique_ptr<rocksdb::DB> db_;
    rocksdb::ColumnFamilyHandle* items_ = nullptr;  // owned, destroyed before db_
    rocksdb::ColumnFamilyHandle* meta_ = nullptr;
    std::atomic<bool> compaction_interrupted_{false};
    std::atomic<bool> only_runs_{false};    // was empty at the opening
    std::atomic<bool> must_resume_{false};  // something failed: RocksDB may refuse writes
    std::mutex record_mutex_;
    std::optional<Error> record_failure_;  // of the first record that could not be written
    std::uint64_t next_table_ = 0;
    std::uint32_t merge_threads_ = 1;
};

}  // namespace fastsync::storage
