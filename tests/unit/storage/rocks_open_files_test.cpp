#include <atomic>
#include <memory>

#include <catch2/catch.hpp>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <storage/rocks_store.hpp>
#include <support/shared_files.hpp>

#include "opened_store.hpp"

namespace fastsync {
namespace {

/// Counts how often a table file is opened.
class CountedDisk final : public rocksdb::FileSystemWrapper {
  public:
    CountedDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
    [[nodiscard]] const char* Name() const override { return "CountedDisk"; }

    rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                          const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                          rocksdb::IODebugContext* debug) override {
        opened += name.ends_with(".sst") ? 1 : 0;
        return FileSystemWrapper::NewRandomAccessFile(name, options, file, debug);
    }

    std::atomic<int> opened{0};
};

}  // namespace

TEST_CASE("RocksStore: with fewer runs than may be open none is opened again for each key",
          "[storage]") {
    constexpr std::uint64_t kRuns = 24;
    const test::TempDir folder;
    const auto disk = std::make_shared<CountedDisk>();
    const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
    storage::StoreOptions options;
    options.env = env.get();
    options.merge_trigger = 1000;
    options.max_open_files = kRuns * 4 / 3 + 10;  // as plan_memory() has it
    options.key_filter_bytes = 0;                 // so that every question goes to the files
    const auto store = test::open(folder.path(), options);
    for (std::uint64_t batch = 0; batch < kRuns; ++batch) {
        REQUIRE(store->commit(test::batch_of(batch)));
        REQUIRE(store->flush());
    }
    const auto look = [&] {
        for (std::uint64_t batch = 0; batch < 2 * kRuns; ++batch)
            CHECK(test::present_of(*store, batch) ==
                  (batch < kRuns ? static_cast<std::int64_t>(test::size_of_batch(batch)) : 0));
    };
    look();
    disk->opened = 0;
    look();
    CHECK(disk->opened == 0);
}

}  // namespace fastsync
