#include <algorithm>
#include <utility>

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/sst_file_writer.h>

#include <storage/rocks_database.hpp>
#include <storage/rocks_files.hpp>
#include <storage/rocks_options.hpp>
#include <storage/rocks_status.hpp>

namespace fastsync::storage {
namespace {

// Items asked of RocksDB in one call.
constexpr std::size_t kReadBatch = 256;
// Items whose memory is fetched before they are written.
constexpr std::size_t kLookahead = 8;
// At rest there may be so many sorted runs, if all but one hold less than a part in kSmallShare.
constexpr std::size_t kRunsAtRest = 4;
constexpr std::uint64_t kSmallShare = 5;
constexpr std::size_t kScanReadahead = std::size_t{2} << 20U;

rocksdb::Slice slice(std::string_view text) {
    return {text.data(), text.size()};
}
rocksdb::Slice slice(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
ByteView bytes_of(const rocksdb::Slice& s) {
    return as_bytes({s.data(), s.size()});
}
std::string name_of(std::string_view family) {
    return std::string{family};
}

std::vector<rocksdb::ColumnFamilyDescriptor> families(const StoreOptions& options) {
    return {{name_of(schema::kItemFamily), item_family_options(options)},
            {name_of(schema::kMetaFamily), meta_family_options()}};
}

rocksdb::WriteOptions durable() {
    rocksdb::WriteOptions write;
    write.sync = true;
    return write;
}

}  // namespace

/// Adds up what merging writes.
class MergeCounter final : public rocksdb::EventListener {
  public:
    void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& job) override {
        bytes_.fetch_add(job.stats.total_output_bytes, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t bytes() const noexcept {
        return bytes_.load(std::memory_order_relaxed);
    }

  private:
    std::atomic<std::uint64_t> bytes_{0};
};

Result<void> RocksDatabase::create(const std::filesystem::path& path, const StoreOptions& options,
                                   const ChainIdentity& identity) {
    RocksDatabase made{path, options};
    rocksdb::DBOptions db = database_options(options);
    db.env = made.env_.get();
    db.create_if_missing = true;
    db.create_missing_column_families = true;
    db.error_if_exists = true;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    const auto status = rocksdb::DB::Open(db, path.string(), families(options), &handles, &opened);
    if (!status.ok()) return to_error(status, made.doing("cannot create"));
    made.db_.reset(opened);
    made.items_ = handles[0];
    made.meta_ = handles[1];
    FASTSYNC_CHECK(made.put_record(schema::kIdentityKey, encode_identity(identity)));
    // Out of the log into a table: the identity outlives a lost log file.
    if (const auto flushed = made.db_->Flush({}, made.meta_); !flushed.ok()) {
        return to_error(flushed, made.doing("cannot write to"));
    }
    return {};
}

Result<std::unique_ptr<RocksDatabase>> RocksDatabase::open(const std::filesystem::path& path,
                                                           const StoreOptions& options) {
    std::unique_ptr<RocksDatabase> database{new RocksDatabase{path, options}};
    FASTSYNC_CHECK(database->open_files(options));
    FASTSYNC_CHECK(database->load_identity());
    return database;
}

Result<std::unique_ptr<RocksDatabase>> RocksDatabase::open_repaired(
    const std::filesystem::path& path, const StoreOptions& options,
    const std::optional<ChainIdentity>& identity) {
    std::unique_ptr<RocksDatabase> database{new RocksDatabase{path, options}};
    FASTSYNC_CHECK(database->open_files(options, MissingFamilies::kCreate));
    FASTSYNC_TRY(const auto record, database->get_record(schema::kIdentityKey));
    auto sound = sound_identity(record ? ByteView{*record} : ByteView{}, identity);
    if (!sound) return Error{sound.error().code, database->doing(sound.error().detail + " in")};
    if (!*sound && !identity) {
        return Error{Errc::kCorrupt, database->doing("the identity record is lost: give "
                                                     "--network-id and --genesis-hash to mend")};
    }
    if (!*sound)
        FASTSYNC_CHECK(database->put_record(schema::kIdentityKey, encode_identity(*identity)));
    FASTSYNC_CHECK(database->load_identity());
    return database;
}

RocksDatabase::RocksDatabase(std::filesystem::path path, const StoreOptions& options)
    : path_{std::move(path)},
      merges_{std::make_shared<MergeCounter>()},
      env_{make_careful_env(options.env)} {}

RocksDatabase::~RocksDatabase() {
    if (!db_) return;
    rocksdb::CancelAllBackgroundWork(db_.get(), true);
    for (rocksdb::ColumnFamilyHandle* family : {items_, meta_}) {
        if (family != nullptr) db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    }
    db_->Close().PermitUncheckedError();
}

Result<void> RocksDatabase::open_files(const StoreOptions& options, MissingFamilies missing) {
    rocksdb::DBOptions db = database_options(options);
    db.create_missing_column_families = missing == MissingFamilies::kCreate;
    db.env = env_.get();
    db.listeners.push_back(merges_);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    const auto status =
        options.read_only
            ? rocksdb::DB::OpenForReadOnly(db, path_.string(), families(options), &handles, &opened)
            : rocksdb::DB::Open(db, path_.string(), families(options), &handles, &opened);
    if (!status.ok()) return to_open_error(status, doing("cannot open"));
    db_.reset(opened);
    items_ = handles[0];
    meta_ = handles[1];
    only_runs_ = empty();
    merge_threads_ = static_cast<std::uint32_t>(std::max(1, options.background_threads));
    return {};
}

Result<void> RocksDatabase::load_identity() {
    FASTSYNC_TRY(const std::optional<Bytes> record, get_record(schema::kIdentityKey));
    if (!record) return Error{Errc::kCorrupt, doing("no identity record in")};
    auto identity = decode_identity(*record);
    if (!identity) return Error{identity.error().code, doing(identity.error().detail + " in")};
    identity_ = *identity;
    return {};
}

bool RocksDatabase::empty() const {
    return statistics().table_files == 0;
}

Result<bool> RocksDatabase::has(ItemKind kind, const Hash256& hash) const {
    rocksdb::PinnableSlice value;
    const schema::ItemKey key{kind, hash};
    rocksdb::ReadOptions read;
    // Filters and indexes of runs are in memory anyway, and the block that holds the key is rarely
    // wanted again. Those of merged tables are in parts that must be kept to be of use.
    read.fill_cache = !only_runs_.load(std::memory_order_relaxed) || merges_->bytes() > 0;
    const auto status = db_->Get(read, items_, slice(key.view()), &value);
    if (status.IsNotFound()) return false;
    if (!status.ok()) return to_error(status, doing("cannot read from"));
    return true;
}

Result<Bytes> RocksDatabase::get(ItemKind kind, const Hash256& hash) const {
    rocksdb::PinnableSlice value;
    const schema::ItemKey key{kind, hash};
    const auto status = db_->Get({}, items_, slice(key.view()), &value);
    if (!status.ok()) return to_error(status, doing("cannot read from"));
    return to_bytes(bytes_of(value));
}

std::vector<Result<Bytes>> RocksDatabase::get_many(ItemKind kind,
                                                   std::span<const Hash256> hashes) const {
    std::vector<Result<Bytes>> out;
    out.reserve(hashes.size());
    while (!hashes.empty()) {
        const std::size_t count = std::min(hashes.size(), kReadBatch);
        std::vector<schema::ItemKey> keys;
        std::vector<rocksdb::Slice> slices;
        keys.reserve(count);
        for (const Hash256& hash : hashes.first(count)) {
            keys.emplace_back(kind, hash);
            slices.push_back(slice(keys.back().view()));
        }
        std::vector<rocksdb::PinnableSlice> values(count);
        std::vector<rocksdb::Status> statuses(count);
        db_->MultiGet({}, items_, count, slices.data(), values.data(), statuses.data());
        for (std::size_t i = 0; i < count; ++i) {
            if (statuses[i].ok()) {
                out.emplace_back(to_bytes(bytes_of(values[i])));
            } else {
                out.emplace_back(to_error(statuses[i], doing("cannot read from")));
            }
        }
        hashes = hashes.subspan(count);
    }
    return out;
}

Result<void> RocksDatabase::for_each(ItemKind kind, const ItemVisitor& visit) const {
    const std::string first(1, schema::prefix_of(kind));
    const std::string after(1, static_cast<char>(schema::prefix_of(kind) + 1));
    const rocksdb::Slice bound{after};
    rocksdb::ReadOptions read;
    read.iterate_upper_bound = &bound;
    read.fill_cache = false;
    read.readahead_size = kScanReadahead;
    const std::unique_ptr<rocksdb::Iterator> item{db_->NewIterator(read, items_)};
    for (item->Seek(first); item->Valid(); item->Next()) {
        FASTSYNC_TRY(const Hash256 hash,
                     schema::hash_of_key({item->key().data(), item->key().size()}));
        if (visit(hash, bytes_of(item->value())) == Visit::kStop) return {};
    }
    if (!item->status().ok()) return to_error(item->status(), doing("cannot read from"));
    return {};
}

Result<std::uint64_t> RocksDatabase::ingest(const WriteBuffer& items,
                                            const std::filesystem::path& staging) {
    resume_after_failure();
    const std::string file = (staging / (std::to_string(next_table_++) + ".sst")).string();
    auto size = write_table(items, file);
    if (size) {
        const auto status = db_->IngestExternalFile(items_, {file}, ingest_options());
        if (!status.ok()) size = to_error(status, doing("cannot add a table file to"));
    }
    if (!size) {
        must_resume_ = true;
        std::error_code ignored;  // the folder is emptied at the next start
        std::filesystem::remove(file, ignored);
    }
    return size;
}

/// RocksDB may refuse all writes until told that the cause of a failure is gone.
void RocksDatabase::resume_after_failure() {
    if (must_resume_.exchange(false)) db_->Resume().PermitUncheckedError();
}

Result<std::uint64_t> RocksDatabase::write_table(const WriteBuffer& items,
                                                 const std::string& file) const {
    const std::string what = "cannot write the table file " + file;
    // Dropping the page cache would make the reads that follow go to the disk.
    constexpr bool kKeepPageCache = false;
    const rocksdb::Options options = run_options(db_->GetOptions(items_));
    rocksdb::SstFileWriter writer{rocksdb::EnvOptions{options}, options, items_, kKeepPageCache};
    if (const auto status = writer.Open(file); !status.ok()) return to_error(status, what);
    const std::vector<std::uint32_t> order = items.sorted();
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (i + 2 * kLookahead < order.size()) items.prefetch_item(order[i + 2 * kLookahead]);
        if (i + kLookahead < order.size()) items.prefetch_blob(order[i + kLookahead]);
        const WriteBuffer::Item& item = items[order[i]];
        const schema::ItemKey key{item.kind, item.hash};
        const auto status = writer.Put(slice(key.view()), slice(item.blob()));
        if (!status.ok()) return to_error(status, what);
    }
    rocksdb::ExternalSstFileInfo info;
    if (const auto status = writer.Finish(&info); !status.ok()) return to_error(status, what);
    return info.file_size;
}

Result<void> RocksDatabase::remove(ItemKind kind, std::span<const Hash256> hashes) {
    rocksdb::WriteBatch batch;
    for (const Hash256& hash : hashes) {
        const schema::ItemKey key{kind, hash};
        batch.Delete(items_, slice(key.view())).PermitUncheckedError();  // fails never
    }
    // The one thing of this family that passes a memtable; the log is for records alone.
    rocksdb::WriteOptions write;
    write.disableWAL = true;
    const auto status = db_->Write(write, &batch);
    if (!status.ok()) return to_error(status, doing("cannot remove items from"));
    return {};
}

Result<void> RocksDatabase::flush_removals() {
    const auto status = db_->Flush({}, items_);
    if (!status.ok()) return to_error(status, doing("cannot remove items from"));
    return {};
}

Result<void> RocksDatabase::compact() {
    FASTSYNC_CHECK(check_room_to_merge());
    rocksdb::CompactRangeOptions range;
    // Background merges may go on beside it.
    range.exclusive_manual_compaction = false;
    range.max_subcompactions = merge_threads_;
    range.canceled = &compaction_interrupted_;
    const auto status = db_->CompactRange(range, items_, nullptr, nullptr);
    if (status.IsIncomplete() || status.IsShutdownInProgress()) {
        return Error{Errc::kClosed, doing("interrupted: merging")};
    }
    if (!status.ok()) {
        must_resume_ = true;
        return to_error(status, doing("cannot merge"));
    }
    return {};
}

/// The merged tables are there before those that went into them are removed.
Result<void> RocksDatabase::check_room_to_merge() const {
    const std::uint64_t needed = statistics().table_bytes;
    std::uint64_t free = 0;
    if (!env_->GetFreeSpace(path_.string(), &free).ok() || free >= needed) return {};
    return Error{Errc::kStorage, doing("the disk is too full: merging") + " needs " +
                                     std::to_string(needed) + " bytes, " + std::to_string(free) +
                                     " are free"};
}

void RocksDatabase::interrupt_compaction() noexcept {
    compaction_interrupted_.store(true);
}

bool RocksDatabase::scattered() const {
    rocksdb::ColumnFamilyMetaData files;
    db_->GetColumnFamilyMetaData(items_, &files);
    std::size_t runs = 0;
    std::uint64_t largest = 0;
    const auto count_run = [&](std::uint64_t bytes) {
        ++runs;
        largest = std::max(largest, bytes);
    };
    for (const rocksdb::LevelMetaData& level : files.levels) {
        if (level.level > 0 && !level.files.empty()) count_run(level.size);
        if (level.level > 0) continue;
        for (const rocksdb::SstFileMetaData& file : level.files)
            count_run(file.size);
    }
    if (runs <= 1) return false;
    const bool nearly_one = (files.size - largest) * kSmallShare <= files.size;
    return runs > kRunsAtRest || !nearly_one;
}

Result<void> RocksDatabase::put_record(std::string_view key, ByteView value) {
    const std::lock_guard lock{record_mutex_};
    if (record_failure_) return *record_failure_;
    resume_after_failure();
    const auto status = db_->Put(durable(), meta_, slice(key), slice(value));
    if (!status.ok()) {
        // Another write to a log that has failed would end the process in RocksDB (7.8).
        record_failure_ = to_error(status, doing("cannot write a record to"));
        return *record_failure_;
    }
    return {};
}

Result<std::optional<Bytes>> RocksDatabase::get_record(std::string_view key) const {
    rocksdb::PinnableSlice value;
    const auto status = db_->Get({}, meta_, slice(key), &value);
    if (status.IsNotFound()) return std::optional<Bytes>{};
    if (!status.ok()) return to_error(status, doing("cannot read a record from"));
    return std::optional<Bytes>{to_bytes(bytes_of(value))};
}

Result<void> RocksDatabase::remove_record(std::string_view key) {
    const std::lock_guard lock{record_mutex_};
    if (record_failure_) return *record_failure_;
    const auto status = db_->Delete(durable(), meta_, slice(key));
    if (!status.ok()) return to_error(status, doing("cannot remove a record from"));
    return {};
}

RocksStatistics RocksDatabase::statistics() const {
    RocksStatistics s;
    rocksdb::ColumnFamilyMetaData files;
    db_->GetColumnFamilyMetaData(items_, &files);
    s.table_files = files.file_count;
    s.table_bytes = files.size;
    for (const rocksdb::LevelMetaData& level : files.levels) {
        const std::size_t runs = level.level == 0 ? level.files.size() : !level.files.empty();
        s.sorted_runs += runs;
    }
    s.bytes_merged = merges_->bytes();
    s.merges_running = property("rocksdb.num-running-compactions");
    s.background_errors = property("rocksdb.background-errors");
    s.block_cache_bytes = property("rocksdb.block-cache-usage");
    s.writes_stopped = property("rocksdb.is-write-stopped") != 0 ||
                       property("rocksdb.actual-delayed-write-rate") != 0;
    return s;
}

std::uint64_t RocksDatabase::property(const char* name) const {
    std::uint64_t value = 0;
    // Unknown to this RocksDB: nothing to report.
    return db_->GetIntProperty(items_, name, &value) ? value : 0;
}

std::string RocksDatabase::doing(std::string_view what) const {
    return std::string{what}.append(" the database ").append(path_.string());
}

}  // namespace fastsync::storage
