#include <atomic>
#include <csignal>
#include <filesystem>

#include <catch2/catch.hpp>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <sys/resource.h>

#include <storage/rocks_store.hpp>
#include <support/shared_files.hpp>

#include "opened_store.hpp"

namespace fastsync {

using namespace storage;
using test::absent;
using test::open;
using test::whole;

namespace {

/// No file of this process may become longer than `bytes` while it lives.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) : handler_{std::signal(SIGXFSZ, SIG_IGN)} {
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        rlimit limit = before_;
        limit.rlim_cur = bytes;
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

  private:
    rlimit before_{};
    void (*handler_)(int);
};

/// A disk that has as much room as it is told, and takes no more into logs or tables when told so.
class Disk final : public rocksdb::FileSystemWrapper {
  public:
    Disk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
    [[nodiscard]] const char* Name() const override { return "Disk"; }
    rocksdb::IOStatus GetFreeSpace(const std::string&, const rocksdb::IOOptions&,
                                   std::uint64_t* bytes, rocksdb::IODebugContext*) override {
        *bytes = free;
        return rocksdb::IOStatus::OK();
    }
    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override {
        const auto made = FileSystemWrapper::NewWritableFile(name, options, file, debug);
        if (made.ok() && name.ends_with(".log"))
            *file = std::make_unique<Fragile>(std::move(*file), logs_fail);
        if (made.ok() && name.ends_with(".sst"))
            *file = std::make_unique<Fragile>(std::move(*file), tables_fail);
        return made;
    }

    std::atomic<std::uint64_t> free{UINT64_MAX};
    std::atomic<bool> logs_fail{false};
    std::atomic<bool> tables_fail{false};

  private:
    class Fragile final : public rocksdb::FSWritableFileOwnerWrapper {
      public:
        Fragile(std::unique_ptr<rocksdb::FSWritableFile> file, const std::atomic<bool>& fails)
            : FSWritableFileOwnerWrapper(std::move(file)), fails_(fails) {}
        rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* debug) override {
            if (fails_) return rocksdb::IOStatus::NoSpace("no room for this");
            return FSWritableFileOwnerWrapper::Append(data, options, debug);
        }

      private:
        const std::atomic<bool>& fails_;
    };
};

/// A store on a Disk.
struct OnDisk {
    OnDisk() {
        options.env = env.get();
        options.merge_trigger = 1000;
    }
    void write(std::uint64_t batches) {
        for (std::uint64_t batch = 0; batch < batches; ++batch) {
            REQUIRE(store->commit(test::batch_of(batch)));
            REQUIRE(store->flush());
        }
    }

    test::TempDir folder;
    std::shared_ptr<Disk> disk = std::make_shared<Disk>();
    std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
    StoreOptions options;
    std::unique_ptr<RocksStore> store;
};

}  // namespace

TEST_CASE("RocksStore: a writer that fails loses nothing and goes on when the cause is gone",
          "[storage]") {
    const test::TempDir folder;
    const auto staging = folder.path() / "staging";
    {
        auto store = open(folder.path());
        REQUIRE(store->commit(test::batch_of(0)));
        std::filesystem::remove_all(staging);
        const auto failed = store->flush();
        REQUIRE_FALSE(failed);
        CHECK(failed.error().code == Errc::kStorage);
        CHECK(failed.error().detail.find("staging") != std::string::npos);
        CHECK(whole(*store, 0));
        CHECK(store->unflushed_items() == test::batch_of(0).size());
        // Later batches are taken behind the ones that wait.
        REQUIRE(store->commit(test::batch_of(1)));
        CHECK(store->flush().error().code == Errc::kStorage);
        std::filesystem::create_directory(staging);
        REQUIRE(store->flush());
        REQUIRE(store->begin_flush());
        CHECK(store->unflushed_items() == 0);
    }
    auto store = open(folder.path());
    CHECK(whole(*store, 0));
    CHECK(whole(*store, 1));
}

TEST_CASE("RocksStore: a failure in the background is returned by a later call", "[storage]") {
    const test::TempDir folder;
    StoreOptions options;
    options.write_buffer_items = 100;
    auto store = open(folder.path(), options);
    std::filesystem::remove_all(folder.path() / "staging");
    std::uint64_t batch = 0;
    Result<void> accepted;
    for (; accepted && batch < 1000; ++batch)
        accepted = store->commit(test::batch_of(batch));
    REQUIRE_FALSE(accepted);
    CHECK(accepted.error().code == Errc::kStorage);
    CHECK(store->begin_flush().error().code == Errc::kStorage);
    // The refused batch is a gap that no later batch may follow, healed or not.
    std::filesystem::create_directory(folder.path() / "staging");
    REQUIRE(store->flush());
    CHECK(store->commit(test::batch_of(batch)).error().code == Errc::kStorage);
    store.reset();
    store = open(folder.path());
    for (std::uint64_t i = 0; i + 1 < batch; ++i)
        REQUIRE(whole(*store, i));
    CHECK(absent(*store, batch - 1));
}

TEST_CASE("RocksStore: a table file that cannot be finished is an error and leaves nothing behind",
          "[storage]") {
    const test::TempDir folder;
    auto store = open(folder.path());
    for (std::uint64_t batch = 0; batch < 200; ++batch)
        REQUIRE(store->commit(test::batch_of(batch)));
    {
        const FileSizeLimit limit{100'000};
        const auto failed = store->flush();
        REQUIRE_FALSE(failed);
        CHECK(failed.error().code == Errc::kStorage);
    }
    CHECK(std::filesystem::is_empty(folder.path() / "staging"));
    REQUIRE(store->flush());
    store.reset();
    store = open(folder.path());
    for (std::uint64_t batch = 0; batch < 200; ++batch)
        REQUIRE(whole(*store, batch));
}

TEST_CASE("RocksStore: merging begins only where there is room for a second copy", "[storage]") {
    OnDisk on;
    on.store = open(on.folder.path(), on.options);
    on.write(20);
    const std::uint64_t bytes = on.store->statistics().table_bytes;
    on.disk->free = bytes - 1;
    const auto refused = on.store->settle();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::kStorage);
    CHECK_THAT(refused.error().detail, Catch::Contains("the disk is too full"));
    CHECK_THAT(refused.error().detail, Catch::Contains(on.folder.path().string()));
    CHECK_THAT(refused.error().detail, Catch::Contains(std::to_string(bytes) + " bytes"));
    CHECK(on.store->statistics().sorted_runs == 20);
    // All goes on as before.
    REQUIRE(on.store->save_meta("note", Bytes{1}));
    CHECK(whole(*on.store, 19));
    on.disk->free = bytes;
    REQUIRE(on.store->settle());
    CHECK(on.store->statistics().sorted_runs == 1);
}

TEST_CASE("RocksStore: merging that runs out of room leaves a store that reads and writes",
          "[storage]") {
    OnDisk on;
    on.store = open(on.folder.path(), on.options);
    on.write(20);
    on.disk->tables_fail = true;
    const auto failed = on.store->settle();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Errc::kStorage);
    on.disk->tables_fail = false;
    const auto saved = on.store->save_meta("note", Bytes{1});
    INFO((saved ? std::string{} : saved.error().message()));
    REQUIRE(saved);
    REQUIRE(on.store->commit(test::batch_of(20)));
    REQUIRE(on.store->flush());
    on.store.reset();
    on.store = open(on.folder.path(), on.options);
    for (std::uint64_t batch = 0; batch <= 20; ++batch)
        REQUIRE(whole(*on.store, batch));
}

TEST_CASE("RocksStore: items are not written again when only the record behind them failed",
          "[storage]") {
    OnDisk on;
    on.store = open(on.folder.path(), on.options);
    REQUIRE(on.store->commit(test::batch_of(0)));
    on.disk->logs_fail = true;
    (void)on.store->begin_flush(MetaRecord{"note", {1}});
    for (int i = 0; i < 3; ++i)
        CHECK(on.store->flush().error().code == Errc::kStorage);
    CHECK(on.store->statistics().table_files == 1);
    CHECK(whole(*on.store, 0));
}

}  // namespace fastsync
