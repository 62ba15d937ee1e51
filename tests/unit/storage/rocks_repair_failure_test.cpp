// A repair on a disk that fails to read for a moment: nothing sound is lost by that.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

#include <catch2/catch.hpp>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <storage/rocks_store.hpp>
#include <support/shared_files.hpp>

#include "store_items.hpp"

namespace fastsync {

using namespace storage;
namespace fs = std::filesystem;
using rocksdb::IOStatus;

namespace {

constexpr std::uint64_t kBatches = 30;
constexpr int kNever = -1;

/// Fails one opening of a file, or one read.
class Disk final : public rocksdb::FileSystemWrapper {
  public:
    Disk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
    [[nodiscard]] const char* Name() const override { return "Disk"; }

    IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                 rocksdb::IODebugContext* debug) override {
        if (fails(opens_left)) return IOStatus::IOError("too many open files");
        const auto made = FileSystemWrapper::NewRandomAccessFile(name, options, file, debug);
        if (made.ok()) *file = std::make_unique<Table>(std::move(*file), *this);
        return made;
    }
    IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                               std::unique_ptr<rocksdb::FSSequentialFile>* file,
                               rocksdb::IODebugContext* debug) override {
        if (fails(opens_left)) return IOStatus::IOError("too many open files");
        const auto made = FileSystemWrapper::NewSequentialFile(name, options, file, debug);
        if (made.ok()) *file = std::make_unique<Log>(std::move(*file), *this);
        return made;
    }

    /// True once, when the count is down.
    bool fails(std::atomic<int>& left) {
        if (left == kNever) return false;
        if (left-- != 0) return false;
        failed = true;
        return true;
    }

    std::atomic<int> opens_left{kNever};
    std::atomic<int> reads_left{kNever};
    std::atomic<bool> failed{false};

  private:
    class Table final : public rocksdb::FSRandomAccessFileOwnerWrapper {
      public:
        Table(std::unique_ptr<rocksdb::FSRandomAccessFile> file, Disk& disk)
            : FSRandomAccessFileOwnerWrapper(std::move(file)), disk_(disk) {}
        IOStatus Read(std::uint64_t offset, std::size_t size, const rocksdb::IOOptions& options,
                      rocksdb::Slice* out, char* room,
                      rocksdb::IODebugContext* debug) const override {
            if (disk_.fails(disk_.reads_left)) return IOStatus::IOError("a read failed");
            return FSRandomAccessFileOwnerWrapper::Read(offset, size, options, out, room, debug);
        }

      private:
        Disk& disk_;
    };
    class Log final : public rocksdb::FSSequentialFileOwnerWrapper {
      public:
        Log(std::unique_ptr<rocksdb::FSSequentialFile> file, Disk& disk)
            : FSSequentialFileOwnerWrapper(std::move(file)), disk_(disk) {}
        IOStatus Read(std::size_t size, const rocksdb::IOOptions& options, rocksdb::Slice* out,
                      char* room, rocksdb::IODebugContext* debug) override {
            if (disk_.fails(disk_.reads_left)) return IOStatus::IOError("a read failed");
            return FSSequentialFileOwnerWrapper::Read(size, options, out, room, debug);
        }

      private:
        Disk& disk_;
    };
};

std::vector<fs::path> files_like(const fs::path& data, const std::string& extension) {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator{data / "db"}) {
        if (entry.path().extension() == extension) out.push_back(entry.path());
    }
    std::sort(out.begin(), out.end());
    return out;
}

/// Items in several tables, a record in the log; a database that must be put together again, with
/// ages that contradict each other when doubled, or a sound one.
enum class World { kSound, kWithoutCurrent, kDoubled };

void make_world(const fs::path& data, World world) {
    const bool doubled = world == World::kDoubled;
    StoreOptions options;
    options.merge_trigger = 1000;
    {
        auto store = RocksStore::open_or_create(data, test::kTestChain, options);
        REQUIRE(store);
        for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
            REQUIRE((*store)->commit(test::batch_of(batch)));
            if (batch % 10 == 9) REQUIRE((*store)->flush());
        }
        REQUIRE((*store)->save_meta("a", Bytes{1}));
    }
    if (world == World::kSound) return;
    const auto logs = files_like(data, ".log");
    if (doubled) {
        for (const fs::path& log : logs)
            fs::copy_file(log, data / log.filename());
    }
    fs::remove(data / "db" / "CURRENT");
    if (!doubled) return;
    FilesReport report;
    REQUIRE(RocksStore::open_for_repair(data, options, {}, report));
    for (const fs::path& log : logs) {
        fs::rename(data / log.filename(), data / "db" / log.filename());
    }
    fs::remove(data / "db" / "CURRENT");
}

std::uint64_t whole_batches(const NodeReader& store) {
    std::uint64_t whole = 0;
    for (std::uint64_t batch = 0; batch < kBatches; ++batch)
        whole +=
            test::present_of(store, batch) == static_cast<std::int64_t>(test::size_of_batch(batch));
    return whole;
}

}  // namespace

TEST_CASE("RocksStore: a read that fails in a repair costs nothing that is sound", "[storage]") {
    const World kind = GENERATE(World::kSound, World::kWithoutCurrent, World::kDoubled);
    const bool opening = GENERATE(false, true);
    const test::TempDir world;
    make_world(world.path(), kind);
    int failures = 0;
    // Every one of the first, then some: each costs a database.
    for (int number = 0;; number += 1 + number / 8) {
        CAPTURE(static_cast<int>(kind), opening, number);
        const test::TempDir folder;
        fs::copy(world.path(), folder.path(), fs::copy_options::recursive);
        const auto disk = std::make_shared<Disk>();
        const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
        StoreOptions options;
        options.env = env.get();
        (opening ? disk->opens_left : disk->reads_left) = number;
        FilesReport report;
        const auto first = RocksStore::open_for_repair(folder.path(), options, {}, report);
        disk->opens_left = disk->reads_left = kNever;
        CHECK(report.damaged.empty());
        const bool failed = disk->failed;
        failures += failed;
        if (first) {
            CHECK(whole_batches(**first) == kBatches);
            CHECK(**(*first)->load_meta("a") == Bytes{1});
        } else {
            REQUIRE(failed);
            INFO(first.error().message());
            CHECK(first.error().code == Errc::kStorage);
            if (kind == World::kSound) {
                // Nothing had to be changed, so nothing was.
                CHECK_FALSE(fs::exists(folder.path() / "repairing"));
                const auto as_ever = RocksStore::open_existing(folder.path(), options);
                REQUIRE(as_ever);
                CHECK(whole_batches(**as_ever) == kBatches);
            }
            FilesReport again;
            const auto store = RocksStore::open_for_repair(folder.path(), options, {}, again);
            INFO((store ? std::string{} : store.error().message()));
            REQUIRE(store);
            CHECK(again.damaged.empty());
            CHECK(whole_batches(**store) == kBatches);
            CHECK(**(*store)->load_meta("a") == Bytes{1});
            REQUIRE((*store)->end_repair());
        }
        if (!failed) break;
    }
    CHECK(failures > 10);
}

}  // namespace fastsync
