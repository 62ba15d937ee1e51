#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <unistd.h>

#include <storage/rocks_store.hpp>
#include <support/shared_files.hpp>

#include "raw_records.hpp"
#include "store_items.hpp"

namespace fastsync {

using namespace storage;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kBatches = 60;

void fill(const fs::path& path) {
    auto store = RocksStore::open_or_create(path, test::kTestChain);
    REQUIRE(store);
    for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
        REQUIRE((*store)->commit(test::batch_of(batch)));
        if (batch % 20 == 19) REQUIRE((*store)->flush());
    }
    REQUIRE((*store)->save_meta("a", Bytes{1}));
}

void check_whole(const fs::path& path) {
    auto store = RocksStore::open_or_create(path, test::kTestChain);
    REQUIRE(store);
    for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
        REQUIRE(test::present_of(**store, batch) ==
                static_cast<std::int64_t>(test::size_of_batch(batch)));
    }
    CHECK(**(*store)->load_meta("a") == Bytes{1});
}

/// The one failure that opening must give.
Error failure_of(const fs::path& path, const ChainIdentity& identity = test::kTestChain) {
    auto store = RocksStore::open_or_create(path, identity);
    REQUIRE_FALSE(store);
    UNSCOPED_INFO(store.error().message());
    return store.error();
}

bool names(const Error& error, const std::string& what) {
    return error.detail.find(what) != std::string::npos;
}

/// Largest file in the database whose name starts or ends so.
fs::path file_like(const fs::path& path, const std::string& part) {
    fs::path best;
    for (const auto& entry : fs::directory_iterator{path / "db"}) {
        const std::string name = entry.path().filename().string();
        const bool fits = name.starts_with(part) || name.ends_with(part);
        if (fits && (best.empty() || entry.file_size() > fs::file_size(best))) best = entry.path();
    }
    REQUIRE_FALSE(best.empty());
    return best;
}

/// Runs as a user without rights; false when we cannot become one.
bool as_nobody(const std::function<void()>& run) {
    if (::geteuid() != 0 || ::seteuid(65534) != 0) return false;
    run();
    REQUIRE(::seteuid(0) == 0);
    return true;
}

}  // namespace

TEST_CASE("RocksStore: a store is opened by one holder at a time", "[storage]") {
    const test::TempDir folder;
    auto first = RocksStore::open_or_create(folder.path(), test::kTestChain);
    REQUIRE(first);
    const Error busy = failure_of(folder.path());
    CHECK(busy.code == Errc::kBusy);
    CHECK(names(busy, folder.path().string()));
    CHECK(RocksStore::open_existing(folder.path()).error().code == Errc::kBusy);
    first->reset();
    CHECK(RocksStore::open_or_create(folder.path(), test::kTestChain));
}

TEST_CASE("RocksStore: a store of another network or genesis is refused, naming both",
          "[storage]") {
    const test::TempDir folder;
    fill(folder.path());
    const Error network = failure_of(folder.path(), {1, test::kTestChain.genesis_hash});
    CHECK(network.code == Errc::kIncompatible);
    CHECK(names(network, "network 99001"));
    CHECK(names(network, "network 1,"));
    const Error genesis = failure_of(folder.path(), {99001, Hash256{{0xaa}}});
    CHECK(genesis.code == Errc::kIncompatible);
    CHECK(names(genesis, "0x9c45"));
    CHECK(names(genesis, "0xaa00"));
    check_whole(folder.path());
}

TEST_CASE("RocksStore: a store of another schema version is refused, naming both", "[storage]") {
    const test::TempDir folder;
    fill(folder.path());
    const Bytes identity = encode_identity(test::kTestChain);
    Bytes newer = identity;
    newer[3] = 9;
    test::put_raw(folder.path(), schema::kIdentityKey, newer);
    const Error refused = failure_of(folder.path());
    CHECK(refused.code == Errc::kIncompatible);
    CHECK(names(refused, "version 9"));
    CHECK(names(refused, "version 1"));
    CHECK(RocksStore::open_existing(folder.path()).error().code == Errc::kIncompatible);
    test::put_raw(folder.path(), schema::kIdentityKey, ByteView{identity}.first(20));
    CHECK(failure_of(folder.path()).code == Errc::kCorrupt);
    test::put_raw(folder.path(), schema::kIdentityKey, identity);
    check_whole(folder.path());
}

TEST_CASE("RocksStore: open_existing takes any network and creates nothing", "[storage]") {
    const test::TempDir folder;
    const fs::path path = folder.path() / "store";
    CHECK(RocksStore::open_existing(path).error().code == Errc::kNotFound);
    CHECK_FALSE(fs::exists(path));
    fs::create_directory(path);
    CHECK(RocksStore::open_existing(path).error().code == Errc::kNotFound);
    CHECK(fs::is_empty(path));
    fill(path);
    auto store = RocksStore::open_existing(path);
    REQUIRE(store);
    CHECK((*store)->identity() == test::kTestChain);
}

TEST_CASE("RocksStore: a folder of other files is refused and left as it is", "[storage]") {
    const test::TempDir folder;
    std::ofstream{folder.path() / "letters.txt"} << "dear";
    const Error refused = failure_of(folder.path());
    CHECK(refused.code == Errc::kConfig);
    CHECK(names(refused, "letters.txt"));
    CHECK(std::distance(fs::directory_iterator{folder.path()}, fs::directory_iterator{}) == 1);
    StoreOptions options;
    options.neighbours = {"letters.txt"};
    CHECK(RocksStore::open_or_create(folder.path(), test::kTestChain, options));
    // Once there is a database, further files are nobody's business.
    std::ofstream{folder.path() / "notes.txt"} << "hello";
    CHECK(RocksStore::open_or_create(folder.path(), test::kTestChain));
}

TEST_CASE("RocksStore: a file in place of the folder is refused", "[storage]") {
    const test::TempDir folder;
    const fs::path path = folder.path() / "file";
    std::ofstream{path} << "x";
    CHECK(failure_of(path).code == Errc::kConfig);
    CHECK(failure_of(path / "below").code == Errc::kStorage);
}

TEST_CASE("RocksStore: without permission the folder is named", "[storage]") {
    const test::TempDir folder;
    fs::permissions(folder.path(), fs::perms::owner_all | fs::perms::others_exec);
    const fs::path path = folder.path() / "store";
    fill(path);
    fs::permissions(path, fs::perms::owner_all);
    const bool ran = as_nobody([&] {
        const Error existing = failure_of(path);
        CHECK(existing.code == Errc::kStorage);
        CHECK(names(existing, "ermission"));
        CHECK(names(existing, path.string()));
        const Error creating = failure_of(folder.path() / "new");
        CHECK(creating.code == Errc::kStorage);
        CHECK(names(creating, "ermission"));
    });
    if (!ran) WARN("skipped: needs root, to become a user without rights");
    check_whole(path);
}

TEST_CASE("RocksStore: a damaged database is named as such and nothing of it is destroyed",
          "[storage]") {
    struct Damage {
        std::string file;
        std::function<void(const fs::path&)> apply;
    };
    const auto remove = [](const fs::path& file) { fs::remove(file); };
    const auto halve = [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); };
    const auto empty = [](const fs::path& file) { fs::resize_file(file, 0); };
    const auto scribble = [](const fs::path& file) { std::ofstream{file} << "MANIFEST-9\nx"; };
    const Damage damage = GENERATE_COPY(Damage{"CURRENT", remove}, Damage{"CURRENT", empty},
                                        Damage{"CURRENT", scribble}, Damage{"MANIFEST", remove},
                                        Damage{"MANIFEST", empty}, Damage{".sst", remove},
                                        Damage{".sst", halve}, Damage{".sst", empty});
    const test::TempDir folder;
    const fs::path path = folder.path() / "store";
    fill(path);
    const fs::path file = file_like(path, damage.file);
    const fs::path copy = folder.path() / "copy";
    fs::copy_file(file, copy);
    damage.apply(file);
    CAPTURE(file.string());
    for (int attempt = 0; attempt < 2; ++attempt) {
        const Error error = failure_of(path);
        CHECK(error.code == Errc::kCorrupt);
        CHECK(names(error, (path / "db").string()));
        CHECK(RocksStore::open_existing(path).error().code == Errc::kCorrupt);
    }
    fs::copy_file(copy, file, fs::copy_options::overwrite_existing);
    check_whole(path);
}

TEST_CASE("RocksStore: a MANIFEST cut anywhere is refused or gives an earlier state", "[storage]") {
    // RocksDB cannot tell a cut at a record's end from a crash before the next one.
    const test::TempDir folder;
    const fs::path path = folder.path() / "store";
    fill(path);
    const std::uintmax_t tenth = GENERATE(range<std::uintmax_t>(0, 11));
    const fs::path manifest = file_like(path, "MANIFEST");
    fs::resize_file(manifest, fs::file_size(manifest) * tenth / 10);
    auto store = RocksStore::open_or_create(path, test::kTestChain);
    if (!store) {
        CHECK(store.error().code == Errc::kCorrupt);
        return;
    }
    bool gap = false;
    for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
        const std::int64_t present = test::present_of(**store, batch);
        if (present == 0) gap = true;
        REQUIRE(present == (gap ? 0 : static_cast<std::int64_t>(test::size_of_batch(batch))));
    }
    CHECK(gap == (tenth < 10));
}

TEST_CASE("RocksStore: a flipped byte in a table is corrupt where it is read, the rest is not",
          "[storage]") {
    const test::TempDir folder;
    fill(folder.path());
    const fs::path table = file_like(folder.path(), ".sst");
    std::fstream bytes{table, std::ios::in | std::ios::out | std::ios::binary};
    bytes.seekg(1000);
    const char old = static_cast<char>(bytes.get());
    bytes.seekp(1000);
    bytes.put(static_cast<char>(old ^ 1));
    bytes.close();
    auto store = RocksStore::open_or_create(folder.path(), test::kTestChain);
    REQUIRE(store);
    std::size_t corrupt = 0;
    std::size_t sound = 0;
    for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
        for (std::uint64_t i = 0; i < test::size_of_batch(batch); ++i) {
            const test::TestItem item = test::item_of(batch, i);
            const auto got = (*store)->get(item.kind, item.hash);
            if (got) {
                REQUIRE(*got == item.blob);
                ++sound;
            } else {
                REQUIRE(got.error().code == Errc::kCorrupt);
                ++corrupt;
            }
        }
    }
    CHECK(corrupt > 0);
    CHECK(sound > corrupt);
    CHECK((*store)
              ->for_each(ItemKind::kCode, [](const Hash256&, ByteView) { return Visit::kContinue; })
              .error()
              .code == Errc::kCorrupt);
}

TEST_CASE("RocksStore: what is left of a store in the making is made anew", "[storage]") {
    const test::TempDir folder;
    fs::create_directory(folder.path() / "db.new");
    std::ofstream{folder.path() / "db.new" / "MANIFEST-000001"} << "half";
    auto store = RocksStore::open_or_create(folder.path(), test::kTestChain);
    REQUIRE(store);
    CHECK_FALSE(fs::exists(folder.path() / "db.new"));
}

}  // namespace fastsync
