#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <storage/data_folder.hpp>
#include <storage/key_filter.hpp>
#include <storage/present_keys.hpp>
#include <storage/repair_files.hpp>
#include <storage/rocks_statistics.hpp>
#include <storage/schema.hpp>
#include <storage/state_store.hpp>
#include <storage/store_options.hpp>
#include <storage/write_buffer.hpp>

namespace fastsync::storage {

class RocksDatabase;

/// A StateStore on disk. Committed items wait in a buffer, found through an index; a writer thread
/// sorts a full or flushed buffer into one table file and adds that to RocksDB. A table file enters
/// as a whole and in order, so every batch is there, with all before it, or not at all.
///
/// A filter over all keys answers most questions of a sync, "not there", without a look at the
/// files. When the store is not empty at its opening, the keys in it are read into the filter in
/// the background once something is committed.
///
/// commit(), flush() and begin_flush() belong to one thread; the others may come from any. An error
/// of the writer thread loses nothing: the items stay findable, the next begin_flush(), flush() or
/// commit() into a full buffer returns it, and flush() and begin_flush() try again.
class RocksStore final : public StateStore {
  public:
    /// Opens the store in `folder`, or makes one there. What a kill leaves of a store in the making
    /// is made anew. The folder is ours alone, except for `options.neighbours`.
    ///
    /// @return kIncompatible: holds another network or genesis (both named), or another schema
    ///         version; kBusy: another process has it; kCorrupt: damaged, what and where; kConfig:
    ///         not a folder, or one with files of others; kStorage: permission, full disk
    [[nodiscard]] static Result<std::unique_ptr<RocksStore>> open_or_create(
        const std::filesystem::path& folder, const ChainIdentity& identity,
        const StoreOptions& options = {});
    /// Opens a store that exists, of whatever network. The same errors, and kNotFound.
    [[nodiscard]] static Result<std::unique_ptr<RocksStore>> open_existing(
        const std::filesystem::path& folder, const StoreOptions& options = {});
    /// Opens a store that is damaged or may be: first repair_files(), whose findings go to
    /// `report`, then what is left. From the first change on, of files there or by remove() here,
    /// no other opening succeeds before end_repair(), which may be called in another process:
    /// whoever repairs must see to it, before the end, that what is there has everything below it.
    ///
    /// @param identity  taken when that of the store is lost or does not decode
    /// @return as open_existing(); kCorrupt: the identity is lost and none was given;
    /// kIncompatible:
    ///         a sound one is not the one given
    [[nodiscard]] static Result<std::unique_ptr<RocksStore>> open_for_repair(
        const std::filesystem::path& folder, const StoreOptions& options,
        const std::optional<ChainIdentity>& identity, FilesReport& report);
    [[nodiscard]] Result<void> end_repair();
    /// Waits for a table file under way. What was committed and not flushed is lost, as in a kill.
    ~RocksStore() override;

    [[nodiscard]] const ChainIdentity& identity() const noexcept;

    [[nodiscard]] Result<bool> has(ItemKind kind, const Hash256& hash) const override;
    void prefetch(ItemKind kind, const Hash256& hash) const noexcept override {
        if (filter_) filter_->prefetch(kind, hash);
        if (older_) older_->prefetch(kind, hash);
    }
    [[nodiscard]] Result<Bytes> get(ItemKind kind, const Hash256& hash) const override;
    [[nodiscard]] std::vector<Result<Bytes>> get_many(
        ItemKind kind, std::span<const Hash256> hashes) const override;

    /// Starts a table file by itself when the buffer is full. When a batch is refused because the
    /// writer failed, so is every later one: a gap would break the promise of StateStore.
    [[nodiscard]] Result<void> commit(NodeBatch batch) override;
    [[nodiscard]] std::size_t unflushed_items() const noexcept override;
    [[nodiscard]] std::size_t unflushed_bytes() const noexcept override;
    [[nodiscard]] Result<void> begin_flush(std::optional<MetaRecord> after = {}) override;
    [[nodiscard]] Result<void> flush() override;
    [[nodiscard]] Result<void> for_each(ItemKind kind, const ItemVisitor& visit) const override;
    /// flush() before the next commit().
    [[nodiscard]] Result<void> remove(ItemKind kind, std::span<const Hash256> hashes) override;
    [[nodiscard]] Result<void> save_meta(std::string_view key, ByteView value) override;
    [[nodiscard]] Result<std::optional<Bytes>> load_meta(std::string_view key) const override;
    [[nodiscard]] Result<void> remove_meta(std::string_view key) override;

    /// Merges all table files into one sorted run, unless nearly everything lies in one. Takes
    /// about a second per million items.
    [[nodiscard]] Result<void> settle() override;
    void interrupt_settling() noexcept override;

    [[nodiscard]] RocksStatistics statistics() const;

  private:
    using Lock = std::unique_lock<std::mutex>;

    RocksStore(DataFolder folder, std::unique_ptr<RocksDatabase> database, StoreOptions options);
    [[nodiscard]] static Result<std::unique_ptr<RocksStore>> open_in(DataFolder folder,
                                                                     const StoreOptions& options);

    [[nodiscard]] std::optional<ByteView> find_unflushed(ItemKind kind, const Hash256& hash) const;
    [[nodiscard]] bool surely_absent(ItemKind kind, const Hash256& hash) const noexcept;
    void read_older_keys();
    [[nodiscard]] bool full() const;
    [[nodiscard]] Result<void> make_room(Lock& lock);
    void run_writer();
    [[nodiscard]] Result<std::uint64_t> write(const WriteBuffer& items);
    void write_frozen(Lock& lock);

    DataFolder folder_;
    StoreOptions options_;
    std::unique_ptr<RocksDatabase> database_;
    std::unique_ptr<KeyFilter> filter_;  // what was committed since the start
    // What was there at the start; says nothing before it has all of that.
    std::unique_ptr<KeyFilter> older_;
    std::atomic<bool> older_known_{false};
    std::atomic<bool> stop_reading_{false};
    std::atomic<bool> removals_{false};       // some are not durable yet
    std::atomic<bool> mark_removals_{false};  // the next one is a repair's first change

    mutable std::mutex mutex_;  // guards all below
    std::condition_variable work_;
    std::condition_variable done_;
    std::unique_ptr<WriteBuffer> active_;  // takes commits
    std::unique_ptr<WriteBuffer> spare_;   // empty, or null while frozen_ is not
    std::unique_ptr<WriteBuffer> frozen_;  // being written, or to be written again
    bool writing_ = false;
    bool work_wanted_ = false;
    bool stopping_ = false;
    std::optional<MetaRecord> record_;           // to be written after active_
    std::optional<MetaRecord> frozen_record_;    // to be written after frozen_
    std::optional<std::uint64_t> frozen_bytes_;  // of the table that has the frozen items already
    std::optional<Error> failure_;               // of the last attempt to write
    std::optional<Error> refusal_;               // a batch was refused with it
    mutable PresentKeys present_;
    bool removes_ = false;  // something was removed: present_ stays empty
    RocksStatistics counters_;
    std::thread writer_;  // these two last: they use all of the above
    std::thread reader_;
};

}  // namespace fastsync::storage
