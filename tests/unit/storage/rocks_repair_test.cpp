#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <storage/rocks_store.hpp>
#include <support/shared_files.hpp>

#include "raw_records.hpp"
#include "store_items.hpp"

namespace fastsync {

using namespace storage;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kBatches = 40;

void fill(const fs::path& path) {
    auto store = RocksStore::open_or_create(path, test::kTestChain);
    REQUIRE(store);
    for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
        REQUIRE((*store)->commit(test::batch_of(batch)));
        if (batch % 10 == 9) REQUIRE((*store)->flush());
    }
    REQUIRE((*store)->save_meta("a", Bytes{1}));
}

std::uint64_t whole_batches(const NodeReader& store) {
    std::uint64_t whole = 0;
    for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
        whole +=
            test::present_of(store, batch) == static_cast<std::int64_t>(test::size_of_batch(batch));
    }
    return whole;
}

/// Every file of the database with its size and the moment of its last change.
auto files_of(const fs::path& path) {
    std::map<std::string, std::pair<std::uintmax_t, fs::file_time_type>> out;
    for (const auto& entry : fs::recursive_directory_iterator{path}) {
        if (entry.is_regular_file() && entry.path().filename().string().find("LOG") != 0)
            out[entry.path().string()] = {entry.file_size(), entry.last_write_time()};
    }
    return out;
}

Result<std::unique_ptr<RocksStore>> repair(const fs::path& path, FilesReport& report,
                                           const std::optional<ChainIdentity>& identity = {}) {
    return RocksStore::open_for_repair(path, {}, identity, report);
}

}  // namespace

TEST_CASE("RocksStore: read only, it reads everything and changes nothing", "[storage]") {
    const test::TempDir folder;
    fill(folder.path());
    // What a merge that was cut short leaves; every other opening would clear it away.
    std::ofstream{folder.path() / "db" / "999990.sst"} << "half";
    std::ofstream{folder.path() / "staging" / "1.sst"} << "half";
    const auto before = files_of(folder.path());
    StoreOptions options;
    options.read_only = true;
    {
        auto store = RocksStore::open_existing(folder.path(), options);
        REQUIRE(store);
        CHECK(whole_batches(**store) == kBatches);
        CHECK(**(*store)->load_meta("a") == Bytes{1});
        CHECK((*store)->save_meta("a", Bytes{2}).error().code == Errc::kStorage);
        REQUIRE((*store)->commit(test::batch_of(kBatches)));
        CHECK((*store)->flush().error().code == Errc::kStorage);
    }
    CHECK(files_of(folder.path()) == before);
    REQUIRE(RocksStore::open_existing(folder.path()));
    CHECK_FALSE(fs::exists(folder.path() / "db" / "999990.sst"));
}

TEST_CASE("RocksStore: removed items stay removed, and may be committed again", "[storage]") {
    const test::TempDir folder;
    fill(folder.path());
    const test::TestItem item = test::item_of(3, 0);
    const std::vector<Hash256> hashes{item.hash};
    {
        auto store = RocksStore::open_existing(folder.path());
        REQUIRE(store);
        REQUIRE((*store)->remove(item.kind, hashes));
        CHECK_FALSE(*(*store)->has(item.kind, item.hash));
        REQUIRE((*store)->flush());
        REQUIRE((*store)->remove_meta("a"));
        REQUIRE((*store)->remove_meta("never there"));
    }
    auto store = RocksStore::open_existing(folder.path());
    REQUIRE(store);
    CHECK_FALSE(*(*store)->has(item.kind, item.hash));
    CHECK_FALSE((*store)->load_meta("a")->has_value());
    CHECK(whole_batches(**store) == kBatches - 1);
    REQUIRE((*store)->commit(test::batch_of(3)));
    REQUIRE((*store)->flush());
    CHECK(whole_batches(**store) == kBatches);
    store->reset();
    store = RocksStore::open_existing(folder.path());
    REQUIRE(store);
    CHECK(whole_batches(**store) == kBatches);
    REQUIRE((*store)->settle());
    CHECK(whole_batches(**store) == kBatches);
}

TEST_CASE("RocksStore: while a repair is open nobody else gets in, and what is sound stays",
          "[storage]") {
    const test::TempDir folder;
    fill(folder.path());
    FilesReport report;
    REQUIRE(repair(folder.path(), report));  // and not ended, as by a kill
    CHECK(report.rebuilt.empty());
    CHECK(report.damaged.empty());
    // Nothing was changed: nothing is half done.
    CHECK_FALSE(fs::exists(folder.path() / "repairing"));
    REQUIRE(RocksStore::open_existing(folder.path()));
    {
        FilesReport before_removal;
        const auto store = repair(folder.path(), before_removal);
        REQUIRE(store);
        REQUIRE((*store)->remove(ItemKind::kNode, {}));
        CHECK_FALSE(fs::exists(folder.path() / "repairing"));
        const std::vector<Hash256> hashes{test::item_of(kBatches + 1, 0).hash};
        REQUIRE((*store)->remove(ItemKind::kNode, hashes));
    }
    for (const bool read_only : {false, true}) {
        StoreOptions options;
        options.read_only = read_only;
        const auto refused = RocksStore::open_or_create(folder.path(), test::kTestChain, options);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::kCorrupt);
        CHECK(refused.error().detail.find("run fastsyncd verify --repair") != std::string::npos);
    }
    FilesReport again;
    {
        auto store = repair(folder.path(), again);
        REQUIRE(store);
        CHECK(again.rebuilt == "an earlier repair was interrupted");
        CHECK(whole_batches(**store) == kBatches);
        CHECK(**(*store)->load_meta("a") == Bytes{1});
        REQUIRE((*store)->end_repair());
    }
    CHECK_FALSE(fs::exists(folder.path() / "db" / "lost"));
    auto store = RocksStore::open_or_create(folder.path(), test::kTestChain);
    REQUIRE(store);
    CHECK(whole_batches(**store) == kBatches);
    REQUIRE((*store)->commit(test::batch_of(kBatches)));
    REQUIRE((*store)->flush());
    REQUIRE((*store)->settle());
    CHECK(whole_batches(**store) == kBatches);
}

TEST_CASE("RocksStore: a repair that was killed between two of its steps may meet records twice",
          "[storage]") {
    const test::TempDir folder;
    fill(folder.path());
    // The first attempt makes a table of the log; as if it was killed before it put the log away.
    FilesReport report;
    {
        std::vector<fs::path> logs;
        for (const auto& entry : fs::directory_iterator{folder.path() / "db"}) {
            if (entry.path().extension() == ".log") logs.push_back(entry.path());
        }
        REQUIRE_FALSE(logs.empty());
        for (const fs::path& log : logs)
            fs::copy_file(log, folder.path() / log.filename());
        fs::remove(folder.path() / "db" / "CURRENT");
        REQUIRE(repair(folder.path(), report));
        CHECK_FALSE(report.rebuilt.empty());
        for (const fs::path& log : logs)
            fs::copy_file(folder.path() / log.filename(), log,
                          fs::copy_options::overwrite_existing);
    }
    for (int attempt = 0; attempt < 2; ++attempt) {
        FilesReport again;
        auto store = repair(folder.path(), again);
        INFO((store ? std::string{} : store.error().message()));
        REQUIRE(store);
        CHECK(whole_batches(**store) == kBatches);
        CHECK(**(*store)->load_meta("a") == Bytes{1});
        if (attempt == 1) REQUIRE((*store)->end_repair());
    }
    auto store = RocksStore::open_existing(folder.path());
    REQUIRE(store);
    REQUIRE((*store)->save_meta("a", Bytes{2}));
    store->reset();
    store = RocksStore::open_existing(folder.path());
    REQUIRE(store);
    CHECK(**(*store)->load_meta("a") == Bytes{2});
}

TEST_CASE("RocksStore: a repair takes in tables that the MANIFEST does not know, doubles too",
          "[storage]") {
    const test::TempDir folder;
    fill(folder.path());
    std::vector<fs::path> tables;
    for (const auto& entry : fs::directory_iterator{folder.path() / "db"}) {
        if (entry.path().extension() == ".sst") tables.push_back(entry.path());
    }
    int number = 500;
    for (const fs::path& table : tables)
        fs::copy_file(table, folder.path() / "db" / ("000" + std::to_string(number++) + ".sst"));
    std::ofstream{folder.path() / "db" / "000600.sst"} << "half of a merge that was cut short";
    FilesReport report;
    auto store = repair(folder.path(), report);
    INFO((store ? std::string{} : store.error().message()));
    REQUIRE(store);
    CHECK(report.damaged.empty());
    CHECK(report.rebuilt.find("does not know 0005") != std::string::npos);
    CHECK(report.tables == 2 * tables.size());
    REQUIRE((*store)->end_repair());
    store->reset();
    store = RocksStore::open_existing(folder.path());
    REQUIRE(store);
    CHECK(whole_batches(**store) == kBatches);
    REQUIRE((*store)->settle());
    CHECK(whole_batches(**store) == kBatches);
    CHECK(**(*store)->load_meta("a") == Bytes{1});
}

TEST_CASE("RocksStore: a repair leaves a database of a later program as it is", "[storage]") {
    const test::TempDir folder;
    fill(folder.path());
    Bytes newer = encode_identity(test::kTestChain);
    newer[3] = 2;
    test::put_raw(folder.path(), schema::kIdentityKey, newer);
    FilesReport report;
    for (const auto& identity : {std::optional<ChainIdentity>{}, std::optional{test::kTestChain}}) {
        const auto refused = repair(folder.path(), report, identity);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::kIncompatible);
        CHECK(refused.error().detail.find("schema version 2") != std::string::npos);
        CHECK_FALSE(fs::exists(folder.path() / "repairing"));
    }
    test::put_raw(folder.path(), schema::kIdentityKey, encode_identity(test::kTestChain));
    const auto store = RocksStore::open_existing(folder.path());
    REQUIRE(store);
    CHECK(whole_batches(**store) == kBatches);
}

TEST_CASE("RocksStore: a damaged block of records costs the records in it", "[storage]") {
    const test::TempDir world;
    const Bytes blob(5000, 1);
    const std::vector<std::string> names{"sync.checkpoint", "sync.completed", "sync.completee"};
    fill(world.path());
    std::vector<fs::path> before;
    const auto tables_in = [](const fs::path& path) {
        std::vector<fs::path> tables;
        for (const auto& entry : fs::directory_iterator{path / "db"}) {
            if (entry.path().extension() == ".sst") tables.push_back(entry.path().filename());
        }
        return tables;
    };
    {
        auto store = RocksStore::open_existing(world.path());
        REQUIRE(store);
        before = tables_in(world.path());
        for (const std::string& name : names)
            REQUIRE((*store)->save_meta(name, blob));
    }
    // Opening makes a table of the log.
    REQUIRE(RocksStore::open_existing(world.path()));
    fs::path records;
    for (const fs::path& table : tables_in(world.path())) {
        if (std::find(before.begin(), before.end(), table) == before.end()) records = table;
    }
    REQUIRE_FALSE(records.empty());
    const auto size = fs::file_size(world.path() / "db" / records);
    REQUIRE(size > names.size() * blob.size());
    std::size_t cost_one = 0;
    for (std::uint64_t at = 100; at < names.size() * blob.size(); at += 1100) {
        const test::TempDir folder;
        fs::copy(world.path(), folder.path(), fs::copy_options::recursive);
        const fs::path table = folder.path() / "db" / records;
        {
            std::fstream bytes{table, std::ios::in | std::ios::out | std::ios::binary};
            bytes.seekp(static_cast<std::streamoff>(at));
            bytes.put(0x55);
        }
        FilesReport report;
        auto store = repair(folder.path(), report);
        REQUIRE(store);
        REQUIRE(report.damaged.size() == 1);
        std::size_t lost = 0;
        for (const std::string& name : names)
            lost += !(*store)->load_meta(name)->has_value();
        CAPTURE(at, report.damaged[0].damage, report.damaged[0].entries);
        CHECK(report.damaged[0].gaps == 1);
        CHECK(lost == 1);
        CHECK(whole_batches(**store) == kBatches);
        cost_one += lost == 1;
    }
    CHECK(cost_one > 10);
}

TEST_CASE("RocksStore: a lost identity is asked for, and only then taken", "[storage]") {
    const test::TempDir folder;
    fill(folder.path());
    // The identity lies in the oldest table.
    fs::path oldest;
    for (const auto& entry : fs::directory_iterator{folder.path() / "db"}) {
        const bool table = entry.path().extension() == ".sst";
        if (table && (oldest.empty() || entry.path() < oldest)) oldest = entry.path();
    }
    fs::remove(oldest);
    CHECK(RocksStore::open_existing(folder.path()).error().code == Errc::kCorrupt);
    FilesReport report;
    const auto asked = repair(folder.path(), report);
    REQUIRE_FALSE(asked);
    CHECK(asked.error().code == Errc::kCorrupt);
    CHECK(asked.error().detail.find("--network-id and --genesis-hash") != std::string::npos);
    FilesReport again;
    auto store = repair(folder.path(), again, test::kTestChain);
    REQUIRE(store);
    CHECK((*store)->identity() == test::kTestChain);
    CHECK(whole_batches(**store) == kBatches);
    REQUIRE((*store)->end_repair());
    store->reset();
    REQUIRE(RocksStore::open_or_create(folder.path(), test::kTestChain));
    // One that is there is never replaced.
    FilesReport third;
    const auto other = repair(folder.path(), third, ChainIdentity{1, Hash256{}});
    REQUIRE_FALSE(other);
    CHECK(other.error().code == Errc::kIncompatible);
    CHECK(other.error().detail.find("network 99001") != std::string::npos);
    CHECK(other.error().detail.find("not of network 1,") != std::string::npos);
    CHECK_FALSE(fs::exists(folder.path() / "repairing"));
    store = RocksStore::open_existing(folder.path());
    REQUIRE(store);
    CHECK((*store)->identity() == test::kTestChain);
}

TEST_CASE("RocksStore: an identity that does not decode is lost", "[storage]") {
    const test::TempDir folder;
    fill(folder.path());
    const Bytes record =
        GENERATE(Bytes{}, Bytes{0, 0, 0}, Bytes(44, 0), Bytes{0, 0, 0, 1}, Bytes{0, 0, 0, 1, 7});
    test::put_raw(folder.path(), schema::kIdentityKey, record);
    CHECK(RocksStore::open_existing(folder.path()).error().code == Errc::kCorrupt);
    FilesReport report;
    const auto asked = repair(folder.path(), report);
    REQUIRE_FALSE(asked);
    CHECK(asked.error().code == Errc::kCorrupt);
    CHECK(asked.error().detail.find("--network-id and --genesis-hash") != std::string::npos);
    FilesReport again;
    auto store = repair(folder.path(), again, test::kTestChain);
    REQUIRE(store);
    CHECK(whole_batches(**store) == kBatches);
    REQUIRE((*store)->end_repair());
    store->reset();
    REQUIRE(RocksStore::open_or_create(folder.path(), test::kTestChain));
}

TEST_CASE("RocksStore: a repair creates nothing where there is no database", "[storage]") {
    const test::TempDir folder;
    FilesReport report;
    CHECK(repair(folder.path() / "none", report).error().code == Errc::kNotFound);
    CHECK(repair(folder.path(), report).error().code == Errc::kNotFound);
    CHECK_FALSE(fs::exists(folder.path() / "repairing"));
}

}  // namespace fastsync
