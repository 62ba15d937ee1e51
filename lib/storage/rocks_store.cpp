#include <chrono>
#include <utility>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <common/time.hpp>
#include <storage/rocks_database.hpp>
#include <storage/rocks_store.hpp>

namespace fastsync::storage {
namespace {

// Steps of niceness.
constexpr int kGivesWay = 10;

/// Where processors are short, the calling thread lets those go first whose items it writes: it is
/// not urgent until its other buffer is full, and then they wait for it. It keeps about a tenth of
/// a processor that another thread wants, so no other program can stop it.
void give_way() {
    const auto self = static_cast<id_t>(::gettid());
    const int now = ::getpriority(PRIO_PROCESS, self);
    // Refused by nothing that matters: it is then as it was.
    (void)::setpriority(PRIO_PROCESS, self, now + kGivesWay);
}

}  // namespace

Result<std::unique_ptr<RocksStore>> RocksStore::open_or_create(const std::filesystem::path& path,
                                                               const ChainIdentity& identity,
                                                               const StoreOptions& options) {
    FASTSYNC_TRY(DataFolder folder,
                 DataFolder::acquire(path, DataFolder::IfAbsent::kCreate, options.neighbours));
    FASTSYNC_TRY(const bool there, folder.has_database());
    if (!there) {
        FASTSYNC_CHECK(folder.clear_unfinished());
        FASTSYNC_CHECK(RocksDatabase::create(folder.unfinished_database(), options, identity));
        FASTSYNC_CHECK(folder.adopt_unfinished());
    }
    FASTSYNC_TRY(auto store, open_in(std::move(folder), options));
    if (store->identity() != identity) {
        return Error{Errc::kIncompatible, "the database in " + path.string() + " is of " +
                                              describe(store->identity()) + ", not of " +
                                              describe(identity)};
    }
    return store;
}

Result<std::unique_ptr<RocksStore>> RocksStore::open_existing(const std::filesystem::path& path,
                                                              const StoreOptions& options) {
    FASTSYNC_TRY(DataFolder folder,
                 DataFolder::acquire(path, DataFolder::IfAbsent::kFail, options.neighbours));
    return open_in(std::move(folder), options);
}

Result<std::unique_ptr<RocksStore>> RocksStore::open_in(DataFolder folder,
                                                        const StoreOptions& options) {
    FASTSYNC_TRY(const bool half_repaired, folder.repair_begun());
    if (half_repaired) {
        return Error{Errc::kCorrupt, "a repair of the database in " + folder.path().string() +
                                         " was interrupted: run fastsyncd verify --repair"};
    }
    FASTSYNC_TRY(auto database, RocksDatabase::open(folder.database(), options));
    if (!options.read_only) FASTSYNC_CHECK(folder.clear_staging());
    return std::unique_ptr<RocksStore>{
        new RocksStore{std::move(folder), std::move(database), options}};
}

Result<std::unique_ptr<RocksStore>> RocksStore::open_for_repair(
    const std::filesystem::path& path, const StoreOptions& options,
    const std::optional<ChainIdentity>& identity, FilesReport& report) {
    FASTSYNC_TRY(DataFolder folder,
                 DataFolder::acquire(path, DataFolder::IfAbsent::kFail, options.neighbours));
    FASTSYNC_CHECK(repair_files(folder, options, identity, report));
    FASTSYNC_TRY(auto database, RocksDatabase::open_repaired(folder.database(), options, identity));
    FASTSYNC_CHECK(folder.clear_staging());
    std::unique_ptr<RocksStore> store{
        new RocksStore{std::move(folder), std::move(database), options}};
    store->mark_removals_ = true;
    return store;
}

Result<void> RocksStore::end_repair() {
    FASTSYNC_CHECK(flush());
    mark_removals_ = false;
    return folder_.end_repair();
}

RocksStore::RocksStore(DataFolder folder, std::unique_ptr<RocksDatabase> database,
                       StoreOptions options)
    : folder_{std::move(folder)},
      options_{std::move(options)},
      database_{std::move(database)},
      active_{std::make_unique<WriteBuffer>()},
      spare_{std::make_unique<WriteBuffer>()} {
    if (options_.key_filter_bytes > 0) {
        older_known_ = database_->empty();
        const std::size_t each = options_.key_filter_bytes / (older_known_ ? 1 : 2);
        filter_ = std::make_unique<KeyFilter>(each);
        if (!older_known_) older_ = std::make_unique<KeyFilter>(each);
    }
    writer_ = std::thread{[this] { run_writer(); }};
}

RocksStore::~RocksStore() {
    {
        const Lock lock{mutex_};
        stopping_ = true;
    }
    stop_reading_ = true;
    work_.notify_all();
    writer_.join();
    if (reader_.joinable()) reader_.join();
}

const ChainIdentity& RocksStore::identity() const noexcept {
    return database_->identity();
}

Result<bool> RocksStore::has(ItemKind kind, const Hash256& hash) const {
    if (surely_absent(kind, hash)) return false;
    {
        const Lock lock{mutex_};
        if (find_unflushed(kind, hash) || present_.holds(kind, hash)) return true;
    }
    FASTSYNC_TRY(const bool there, database_->has(kind, hash));
    if (there) {
        const Lock lock{mutex_};
        if (!removes_) present_.note(kind, hash);
    }
    return there;
}

Result<Bytes> RocksStore::get(ItemKind kind, const Hash256& hash) const {
    {
        const Lock lock{mutex_};
        if (const auto blob = find_unflushed(kind, hash)) return to_bytes(*blob);
    }
    return database_->get(kind, hash);
}

std::vector<Result<Bytes>> RocksStore::get_many(ItemKind kind,
                                                std::span<const Hash256> hashes) const {
    std::vector<std::optional<Bytes>> buffered(hashes.size());
    std::vector<Hash256> others;
    {
        const Lock lock{mutex_};
        for (std::size_t i = 0; i < hashes.size(); ++i) {
            if (const auto blob = find_unflushed(kind, hashes[i])) {
                buffered[i] = to_bytes(*blob);
            } else {
                others.push_back(hashes[i]);
            }
        }
    }
    std::vector<Result<Bytes>> read = database_->get_many(kind, others);
    if (others.size() == hashes.size()) return read;
    std::vector<Result<Bytes>> out;
    out.reserve(hashes.size());
    auto next = read.begin();
    for (std::optional<Bytes>& blob : buffered) {
        if (blob) {
            out.emplace_back(*std::move(blob));
        } else {
            out.push_back(std::move(*next++));
        }
    }
    return out;
}

Result<void> RocksStore::commit(NodeBatch batch) {
    Lock lock{mutex_};
    FASTSYNC_CHECK(make_room(lock));
    if (filter_) filter_->add(batch);
    if (older_ && !reader_.joinable()) reader_ = std::thread{[this] { read_older_keys(); }};
    active_->add(batch);
    if (full()) {
        work_wanted_ = true;
        work_.notify_one();
    }
    return {};
}

std::size_t RocksStore::unflushed_items() const noexcept {
    const Lock lock{mutex_};
    return active_->size() + (frozen_ ? frozen_->size() : 0);
}

std::size_t RocksStore::unflushed_bytes() const noexcept {
    const Lock lock{mutex_};
    return active_->blob_bytes() + (frozen_ ? frozen_->blob_bytes() : 0);
}

Result<void> RocksStore::begin_flush(std::optional<MetaRecord> after) {
    const Lock lock{mutex_};
    if (after) record_ = std::move(after);
    work_wanted_ = true;
    work_.notify_one();
    if (failure_) return *failure_;
    return {};
}

Result<void> RocksStore::flush() {
    if (removals_) {
        FASTSYNC_CHECK(database_->flush_removals());
        removals_ = false;
    }
    Lock lock{mutex_};
    // An attempt under way may carry an old failure; only one of our own counts.
    done_.wait(lock, [this] { return !writing_; });
    failure_.reset();
    while (!failure_ && (frozen_ || record_ || !active_->empty())) {
        work_wanted_ = true;
        work_.notify_one();
        done_.wait(lock, [this] { return !work_wanted_ && !writing_; });
    }
    if (failure_) return *failure_;
    return {};
}

Result<void> RocksStore::remove(ItemKind kind, std::span<const Hash256> hashes) {
    if (hashes.empty()) return {};
    if (mark_removals_) {
        FASTSYNC_CHECK(folder_.begin_repair());
        mark_removals_ = false;
    }
    removals_ = true;
    {
        // What another thread finds now may be gone before it notes that.
        const Lock lock{mutex_};
        removes_ = true;
        present_.clear();
    }
    return database_->remove(kind, hashes);
}

Result<void> RocksStore::save_meta(std::string_view key, ByteView value) {
    return database_->put_record(schema::record_key(key), value);
}

Result<std::optional<Bytes>> RocksStore::load_meta(std::string_view key) const {
    return database_->get_record(schema::record_key(key));
}

Result<void> RocksStore::remove_meta(std::string_view key) {
    return database_->remove_record(schema::record_key(key));
}

Result<void> RocksStore::settle() {
    if (!database_->scattered()) return {};
    {
        // A merge needs memory when the buffers do not.
        const Lock lock{mutex_};
        if (active_->empty()) active_->release();
        if (spare_) spare_->release();
    }
    return database_->compact();
}

void RocksStore::interrupt_settling() noexcept {
    database_->interrupt_compaction();
}

Result<void> RocksStore::for_each(ItemKind kind, const ItemVisitor& visit) const {
    return database_->for_each(kind, visit);
}

RocksStatistics RocksStore::statistics() const {
    RocksStatistics all = database_->statistics();
    const Lock lock{mutex_};
    all.items_flushed = counters_.items_flushed;
    all.tables_flushed = counters_.tables_flushed;
    all.bytes_flushed = counters_.bytes_flushed;
    all.commit_stalls = counters_.commit_stalls;
    all.commit_stall_s = counters_.commit_stall_s;
    all.key_filter_bytes =
        (filter_ ? filter_->memory_bytes() : 0) + (older_ ? older_->memory_bytes() : 0);
    all.keys_known = older_known_;
    all.unflushed_items = active_->size() + (frozen_ ? frozen_->size() : 0);
    all.unflushed_bytes = active_->blob_bytes() + (frozen_ ? frozen_->blob_bytes() : 0);
    all.flushing = writing_;
    return all;
}

std::optional<ByteView> RocksStore::find_unflushed(ItemKind kind, const Hash256& hash) const {
    if (const auto blob = active_->find(kind, hash)) return blob;
    return frozen_ ? frozen_->find(kind, hash) : std::nullopt;
}

bool RocksStore::surely_absent(ItemKind kind, const Hash256& hash) const noexcept {
    if (!filter_ || !older_known_.load(std::memory_order_acquire)) return false;
    return !filter_->may_contain(kind, hash) && !(older_ && older_->may_contain(kind, hash));
}

void RocksStore::read_older_keys() {
    (void)pthread_setname_np(pthread_self(), "fs-keys");
    for (const ItemKind kind : {ItemKind::kCode, ItemKind::kNode}) {
        const auto read = database_->for_each(kind, [&](const Hash256& hash, ByteView) {
            older_->add(kind, hash);
            return stop_reading_ || older_->exhausted() ? Visit::kStop : Visit::kContinue;
        });
        // Whoever reads what is damaged will say so.
        if (!read || stop_reading_) return;
    }
    older_known_.store(true, std::memory_order_release);
}

bool RocksStore::full() const {
    return active_->size() >= options_.write_buffer_items ||
           active_->blob_bytes() >= options_.write_buffer_bytes;
}

Result<void> RocksStore::make_room(Lock& lock) {
    if (refusal_) return *refusal_;
    if (!full()) return {};
    const auto since = std::chrono::steady_clock::now();
    work_wanted_ = true;
    work_.notify_one();
    done_.wait(lock, [this] { return !full() || (failure_ && !work_wanted_ && !writing_); });
    ++counters_.commit_stalls;
    counters_.commit_stall_s += to_seconds(std::chrono::steady_clock::now() - since);
    if (!full()) return {};
    refusal_ = failure_;
    return *refusal_;
}

void RocksStore::run_writer() {
    (void)pthread_setname_np(pthread_self(), "fs-store");
    give_way();
    Lock lock{mutex_};
    for (;;) {
        work_.wait(lock, [this] { return stopping_ || work_wanted_; });
        if (stopping_) return;
        work_wanted_ = false;
        if (!frozen_ && (record_ || !active_->empty())) {
            frozen_ = std::exchange(active_, std::move(spare_));
            frozen_record_ = std::exchange(record_, std::nullopt);
            done_.notify_all();  // there is room
        }
        if (frozen_) write_frozen(lock);
        done_.notify_all();
    }
}

/// The frozen items, then the record that speaks of them. @return bytes of the table file
Result<std::uint64_t> RocksStore::write(const WriteBuffer& items) {
    if (!items.empty() && !frozen_bytes_) {
        FASTSYNC_TRY(frozen_bytes_, database_->ingest(items, folder_.staging()));
    }
    if (frozen_record_) FASTSYNC_CHECK(save_meta(frozen_record_->name, frozen_record_->value));
    return frozen_bytes_.value_or(0);
}

void RocksStore::write_frozen(Lock& lock) {
    writing_ = true;
    lock.unlock();
    // Nobody changes what is frozen, so readers may search it meanwhile.
    const WriteBuffer& items = *frozen_;
    const auto size = write(items);
    lock.lock();
    writing_ = false;
    if (!size) {
        failure_ = size.error();
        return;
    }
    failure_.reset();
    counters_.items_flushed += frozen_->size();
    counters_.tables_flushed += items.empty() ? 0U : 1U;
    counters_.bytes_flushed += *size;
    frozen_record_.reset();
    frozen_bytes_.reset();
    frozen_->clear();
    spare_ = std::move(frozen_);
}

}  // namespace fastsync::storage
