#include <array>
#include <atomic>
#include <memory>

#include <catch2/catch.hpp>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <storage/present_keys.hpp>
#include <storage/rocks_store.hpp>
#include <support/shared_files.hpp>

#include "opened_store.hpp"

namespace fastsync {
namespace {

struct Counts {
    std::atomic<int> opened{0};
    std::atomic<int> read{0};
};

class CountedFile final : public rocksdb::FSRandomAccessFileOwnerWrapper {
  public:
    CountedFile(std::unique_ptr<rocksdb::FSRandomAccessFile> file, Counts& counts)
        : FSRandomAccessFileOwnerWrapper(std::move(file)), counts_{&counts} {}
    rocksdb::IOStatus Read(std::uint64_t offset, std::size_t size,
                           const rocksdb::IOOptions& options, rocksdb::Slice* result, char* scratch,
                           rocksdb::IODebugContext* debug) const override {
        ++counts_->read;
        return FSRandomAccessFileOwnerWrapper::Read(offset, size, options, result, scratch, debug);
    }

  private:
    Counts* counts_;
};

/// Counts how often a table file is opened and read.
class CountedDisk final : public rocksdb::FileSystemWrapper {
  public:
    CountedDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
    [[nodiscard]] const char* Name() const override { return "CountedDisk"; }

    rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                          const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                          rocksdb::IODebugContext* debug) override {
        auto status = FileSystemWrapper::NewRandomAccessFile(name, options, file, debug);
        if (!status.ok() || !name.ends_with(".sst")) return status;
        ++counts.opened;
        *file = std::make_unique<CountedFile>(std::move(*file), counts);
        return status;
    }

    Counts counts;
};

constexpr std::uint64_t kRuns = 24;
constexpr std::uint64_t kBatchesOfRun = 10;
constexpr std::uint64_t kBatches = kRuns * kBatchesOfRun;

/// A store of kRuns runs, none of them merged, on a disk that counts.
struct Runs {
    test::TempDir folder;
    std::shared_ptr<CountedDisk> disk = std::make_shared<CountedDisk>();
    std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
    std::size_t block_cache_bytes;
    std::unique_ptr<storage::RocksStore> store;

    explicit Runs(std::size_t cache = storage::StoreOptions{}.block_cache_bytes)
        : block_cache_bytes{cache} {
        reopen();
        for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
            REQUIRE(store->commit(test::batch_of(batch)));
            if ((batch + 1) % kBatchesOfRun == 0) REQUIRE(store->flush());
        }
    }
    void reopen() {
        storage::StoreOptions options;
        options.env = env.get();
        options.merge_trigger = 1000;
        options.max_open_files = kRuns * 5 + 10;  // as plan_memory() has it
        options.block_cache_bytes = block_cache_bytes;
        options.key_filter_bytes = 0;  // so that every question goes to the files
        store.reset();
        store = test::open(folder.path(), options);
    }
    /// Asks for all that is there.
    void find() const {
        for (std::uint64_t batch = 0; batch < kBatches; ++batch)
            CHECK(test::present_of(*store, batch) ==
                  static_cast<std::int64_t>(test::size_of_batch(batch)));
    }
    /// Asks for as much that is not. @return how many keys
    [[nodiscard]] int miss() const {
        std::size_t asked = 0;
        for (std::uint64_t batch = kBatches; batch < 2 * kBatches; ++batch) {
            CHECK(test::present_of(*store, batch) == 0);
            asked += test::size_of_batch(batch);
        }
        return static_cast<int>(asked);
    }
    /// Asks of each whether it is there, no more.
    void look() const {
        bool all = true;
        for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
            const auto items = test::batch_of(batch);
            for (const auto& item : items.entries())
                all = all && store->has(item.kind, item.hash).value();
        }
        CHECK(all);
    }
    [[nodiscard]] int reads() const { return disk->counts.read.exchange(0); }
};

}  // namespace

TEST_CASE("RocksStore: with fewer runs than may be open none is opened again for each key",
          "[storage]") {
    const Runs runs;
    runs.find();
    runs.disk->counts.opened = 0;
    runs.find();
    (void)runs.miss();
    CHECK(runs.disk->counts.opened == 0);
}

TEST_CASE(
    "RocksStore: filters and indexes of runs are in memory, so a key that is not there costs "
    "no read",
    "[storage]") {
    Runs runs{0};  // nothing is in it that can be thrown out
    const bool reopened = GENERATE(false, true);
    CAPTURE(reopened);
    if (reopened) runs.reopen();
    (void)runs.reads();
    const int asked = runs.miss();
    // A filter is wrong about one key of a hundred, and each key is asked of all runs.
    CHECK(runs.reads() < asked / 2);
    CHECK(asked > 2000);
}

TEST_CASE("RocksStore: what was found in a run is not read again to be found", "[storage]") {
    const Runs runs;
    (void)runs.reads();
    const std::uint64_t cached = runs.store->statistics().block_cache_bytes;
    runs.look();
    const int first = runs.reads();
    runs.look();
    INFO(first << " reads before");
    CHECK(first > 2000);  // a block for most of them
    CHECK(runs.reads() < first / 5);
    // Nor is memory filled with what it was found in.
    CHECK(runs.store->statistics().block_cache_bytes == cached);
}

TEST_CASE("RocksStore: what was found and then removed is no longer found", "[storage]") {
    const Runs runs;
    const Hash256 hash = test::batch_of(0).entries().front().hash;
    const storage::ItemKind kind = test::batch_of(0).entries().front().kind;
    for (int i = 0; i < 2; ++i)
        CHECK(runs.store->has(kind, hash).value());
    REQUIRE(runs.store->remove(kind, std::array{hash}));
    for (int i = 0; i < 2; ++i)
        CHECK_FALSE(runs.store->has(kind, hash).value());
    REQUIRE(runs.store->flush());
    CHECK_FALSE(runs.store->has(kind, hash).value());
}

TEST_CASE("PresentKeys: a key is held as the kind it was noted as, until another takes its place",
          "[storage]") {
    using storage::ItemKind;
    storage::PresentKeys keys;
    const Hash256 hash{{0x12, 0x34}};
    Hash256 other = hash;
    other.data[31] = 1;  // the same place
    CHECK_FALSE(keys.holds(ItemKind::kNode, hash));
    keys.note(ItemKind::kNode, hash);
    CHECK(keys.holds(ItemKind::kNode, hash));
    CHECK_FALSE(keys.holds(ItemKind::kCode, hash));
    CHECK_FALSE(keys.holds(ItemKind::kNode, other));
    keys.note(ItemKind::kCode, other);
    CHECK(keys.holds(ItemKind::kNode, hash));
    keys.note(ItemKind::kNode, other);
    CHECK_FALSE(keys.holds(ItemKind::kNode, hash));
    CHECK(keys.holds(ItemKind::kNode, other));
    // Nothing was ever noted of zeros, which fill an empty place.
    CHECK_FALSE(keys.holds(ItemKind::kNode, Hash256{}));
    keys.clear();
    CHECK_FALSE(keys.holds(ItemKind::kNode, other));
    CHECK_FALSE(keys.holds(ItemKind::kCode, other));
}

}  // namespace fastsync
