#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/resource.h>

#include <storage/rocks_store.hpp>
#include <support/shared_files.hpp>

#include "opened_store.hpp"
#include "store_items.hpp"

namespace fastsync {

using namespace storage;
using test::absent;
using test::open;
using test::whole;

TEST_CASE("RocksStore: committed items are found at once and after a flush and a restart",
          "[storage]") {
    const test::TempDir folder;
    {
        auto store = open(folder.path());
        CHECK(absent(*store, 0));
        for (std::uint64_t batch = 0; batch < 30; ++batch) {
            REQUIRE(store->commit(test::batch_of(batch)));
            REQUIRE(whole(*store, batch));
            if (batch % 7 == 0) REQUIRE(store->flush());
            if (batch % 7 == 3) REQUIRE(store->begin_flush());
            REQUIRE(whole(*store, batch));
        }
        REQUIRE(store->flush());
        CHECK(store->unflushed_items() == 0);
        CHECK(store->unflushed_bytes() == 0);
    }
    auto store = open(folder.path());
    for (std::uint64_t batch = 0; batch < 30; ++batch)
        REQUIRE(whole(*store, batch));
    CHECK(absent(*store, 30));
}

TEST_CASE(
    "RocksStore: the thread that writes tables lets others go first, and no other thread does",
    "[storage]") {
    const test::TempDir folder;
    auto store = open(folder.path());
    REQUIRE(store->commit(test::batch_of(0)));
    REQUIRE(store->flush());  // it runs
    const int own = ::getpriority(PRIO_PROCESS, 0);
    int writers = 0;
    for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
        std::string name;
        std::getline(std::ifstream{task.path() / "comm"} >> std::ws, name);
        const auto id = static_cast<id_t>(std::stoul(task.path().filename().string()));
        const int nice = ::getpriority(PRIO_PROCESS, id);
        CAPTURE(name);
        if (name == "fs-store") {
            ++writers;
            CHECK(nice == std::min(own + 10, 19));
        } else if (!name.starts_with("rocksdb:")) {
            CHECK(nice <= own);
        }
    }
    CHECK(writers == 1);
}

TEST_CASE("RocksStore: what was not flushed is gone after a restart, whole batches of it",
          "[storage]") {
    const test::TempDir folder;
    {
        auto store = open(folder.path());
        REQUIRE(store->commit(test::batch_of(0)));
        REQUIRE(store->flush());
        REQUIRE(store->commit(test::batch_of(1)));
        CHECK(store->unflushed_items() == test::batch_of(1).size());
        CHECK(store->unflushed_bytes() == test::batch_of(1).blob_bytes());
    }
    auto store = open(folder.path());
    CHECK(whole(*store, 0));
    CHECK(absent(*store, 1));
}

TEST_CASE("RocksStore: get_many answers in the order asked, buffered, stored and missing",
          "[storage]") {
    const test::TempDir folder;
    auto store = open(folder.path());
    REQUIRE(store->commit(test::batch_of(0)));
    REQUIRE(store->flush());
    REQUIRE(store->commit(test::batch_of(1)));
    std::vector<test::TestItem> items;
    for (std::uint64_t i = 0; i < 600; ++i)
        items.push_back(test::item_of(i % 3, i % test::size_of_batch(i % 3)));
    std::vector<Hash256> nodes;
    std::vector<const test::TestItem*> expected;
    for (const test::TestItem& item : items) {
        if (item.kind != ItemKind::kNode) continue;
        nodes.push_back(item.hash);
        expected.push_back(&item);
    }
    const auto got = store->get_many(ItemKind::kNode, nodes);
    REQUIRE(got.size() == nodes.size());
    std::size_t found = 0;
    std::size_t missing = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        if (got[i]) {
            REQUIRE(*got[i] == expected[i]->blob);
            ++found;
        } else {
            REQUIRE(got[i].error().code == Errc::kNotFound);
            ++missing;
        }
    }
    CHECK(found > 300);
    CHECK(missing > 100);
    CHECK(store->get_many(ItemKind::kCode, {}).empty());
}

TEST_CASE("RocksStore: an item committed again is harmless, in one buffer and across files",
          "[storage]") {
    const test::TempDir folder;
    {
        auto store = open(folder.path());
        for (int round = 0; round < 3; ++round) {
            for (std::uint64_t batch = 0; batch < 10; ++batch) {
                REQUIRE(store->commit(test::batch_of(batch)));
                REQUIRE(store->commit(test::batch_of(batch)));
            }
            REQUIRE(store->flush());
        }
    }
    auto store = open(folder.path());
    std::size_t items = 0;
    std::size_t seen = 0;
    for (std::uint64_t batch = 0; batch < 10; ++batch) {
        CHECK(whole(*store, batch));
        items += test::size_of_batch(batch);
    }
    for (const ItemKind kind : {ItemKind::kCode, ItemKind::kNode}) {
        REQUIRE(store->for_each(kind, [&](const Hash256&, ByteView) {
            ++seen;
            return Visit::kContinue;
        }));
    }
    CHECK(seen == items);
}

TEST_CASE("RocksStore: a code and a node of one hash are two items", "[storage]") {
    const test::TempDir folder;
    auto store = open(folder.path());
    const Hash256 hash{{7}};
    NodeBatch batch;
    batch.add(ItemKind::kCode, hash, Bytes{1});
    REQUIRE(store->commit(std::move(batch)));
    for (int round = 0; round < 2; ++round) {
        CHECK(*store->has(ItemKind::kCode, hash));
        CHECK_FALSE(*store->has(ItemKind::kNode, hash));
        REQUIRE(store->flush());
    }
    NodeBatch node;
    node.add(ItemKind::kNode, hash, Bytes{2});
    REQUIRE(store->commit(std::move(node)));
    REQUIRE(store->flush());
    CHECK(*store->get(ItemKind::kCode, hash) == Bytes{1});
    CHECK(*store->get(ItemKind::kNode, hash) == Bytes{2});
}

TEST_CASE("RocksStore: records are durable at once and apart from the identity", "[storage]") {
    const test::TempDir folder;
    {
        auto store = open(folder.path());
        REQUIRE(store->save_meta("a", Bytes{1}));
        REQUIRE(store->save_meta("a", Bytes{2}));
        REQUIRE(store->save_meta("identity", Bytes{3}));
        REQUIRE(store->save_meta("empty", {}));
    }
    auto store = open(folder.path());
    CHECK(store->identity() == test::kTestChain);
    CHECK(**store->load_meta("a") == Bytes{2});
    CHECK(**store->load_meta("identity") == Bytes{3});
    CHECK(store->load_meta("empty")->value().empty());
    CHECK_FALSE(store->load_meta("b")->has_value());
}

TEST_CASE("RocksStore: full buffers are written without a flush, in the background", "[storage]") {
    const test::TempDir folder;
    StoreOptions options;
    options.write_buffer_items = 500;
    options.write_buffer_bytes = GENERATE(std::size_t{1} << 30U, std::size_t{1} << 16U);
    auto store = open(folder.path(), options);
    for (std::uint64_t batch = 0; batch < 500; ++batch) {
        REQUIRE(store->commit(test::batch_of(batch)));
        // Two buffers, each overrun by a batch at most.
        REQUIRE(store->unflushed_items() < 2 * (500 + 40));
        REQUIRE(store->unflushed_bytes() < 2 * (options.write_buffer_bytes + 40 * 532));
    }
    CHECK(store->statistics().tables_flushed > 5);
    for (std::uint64_t batch = 0; batch < 500; ++batch)
        REQUIRE(whole(*store, batch));
}

TEST_CASE("RocksStore: what a kill left in the staging folder is removed at the start",
          "[storage]") {
    const test::TempDir folder;
    open(folder.path());
    std::ofstream{folder.path() / "staging" / "0.sst"} << "half a table";
    auto store = open(folder.path());
    CHECK(std::filesystem::is_empty(folder.path() / "staging"));
    REQUIRE(store->commit(test::batch_of(0)));
    REQUIRE(store->flush());
}

TEST_CASE("RocksStore: merging keeps every item, leaves one run and can be interrupted",
          "[storage]") {
    const test::TempDir folder;
    StoreOptions options;
    options.merge_trigger = 1000;
    auto store = open(folder.path(), options);
    for (std::uint64_t batch = 0; batch < 40; ++batch) {
        REQUIRE(store->commit(test::batch_of(batch)));
        REQUIRE(store->flush());
    }
    REQUIRE(store->commit(test::batch_of(40)));
    REQUIRE(store->flush());
    REQUIRE(store->settle());
    const RocksStatistics statistics = store->statistics();
    CHECK(statistics.sorted_runs == 1);
    CHECK(statistics.tables_flushed == 41);
    CHECK(statistics.bytes_flushed > 0);
    CHECK(statistics.bytes_merged > 0);
    CHECK(statistics.background_errors == 0);
    CHECK_FALSE(statistics.writes_stopped);
    for (std::uint64_t batch = 0; batch <= 40; ++batch)
        REQUIRE(whole(*store, batch));
    // A little more is not worth writing everything again.
    const std::uint64_t merged = statistics.bytes_merged;
    REQUIRE(store->commit(test::batch_of(41)));
    REQUIRE(store->flush());
    REQUIRE(store->settle());
    CHECK(store->statistics().sorted_runs == 2);
    CHECK(store->statistics().bytes_merged == merged);
    for (std::uint64_t batch = 42; batch < 80; ++batch)
        REQUIRE(store->commit(test::batch_of(batch)));
    REQUIRE(store->flush());
    store->interrupt_settling();
    CHECK(store->settle().error().code == Errc::kClosed);
    CHECK(whole(*store, 41));
    CHECK(whole(*store, 79));
}

TEST_CASE("RocksStore: a record follows the items that it speaks of, in the background",
          "[storage]") {
    const test::TempDir folder;
    {
        auto store = open(folder.path());
        REQUIRE(store->commit(test::batch_of(0)));
        REQUIRE(store->begin_flush(MetaRecord{"note", {1}}));
        REQUIRE(store->commit(test::batch_of(1)));
        REQUIRE(store->begin_flush(MetaRecord{"note", {2}}));
        REQUIRE(store->flush());
        CHECK(store->load_meta("note").value() == Bytes{2});
        // Of nothing new, too.
        REQUIRE(store->begin_flush(MetaRecord{"note", {3}}));
        REQUIRE(store->flush());
        CHECK(store->load_meta("note").value() == Bytes{3});
        CHECK(store->statistics().tables_flushed <= 2);
        // Items that cannot be written keep their record back.
        std::filesystem::remove_all(folder.path() / "staging");
        REQUIRE(store->commit(test::batch_of(2)));
        REQUIRE(store->begin_flush(MetaRecord{"note", {4}}));
        CHECK(store->flush().error().code == Errc::kStorage);
        CHECK(store->load_meta("note").value() == Bytes{3});
        std::filesystem::create_directory(folder.path() / "staging");
        REQUIRE(store->flush());
        CHECK(store->load_meta("note").value() == Bytes{4});
    }
    auto store = open(folder.path());
    CHECK(whole(*store, 2));
    CHECK(store->load_meta("note").value() == Bytes{4});
}

TEST_CASE("RocksStore: keys of an earlier run are read into the filter beside new commits",
          "[storage]") {
    const test::TempDir folder;
    StoreOptions options;
    // Room for the keys, and too little of it.
    options.key_filter_bytes = GENERATE(std::size_t{32} << 20U, std::size_t{1} << 20U);
    {
        auto store = open(folder.path(), options);
        CHECK(store->statistics().keys_known);
        for (std::uint64_t batch = 0; batch < 200; ++batch)
            REQUIRE(store->commit(test::batch_of(batch)));
        REQUIRE(store->flush());
    }
    auto store = open(folder.path(), options);
    CHECK_FALSE(store->statistics().keys_known);
    for (std::uint64_t batch = 200; batch < 300 || !store->statistics().keys_known; ++batch) {
        REQUIRE(store->commit(test::batch_of(batch)));
        REQUIRE(whole(*store, batch * 7919 % 200));
        REQUIRE(whole(*store, batch));
    }
    for (std::uint64_t batch = 0; batch < 300; ++batch)
        REQUIRE(whole(*store, batch));
    CHECK_FALSE(store->has(ItemKind::kNode, Hash256{{1}}).value());
}

TEST_CASE("RocksStore: for_each visits a kind in the order of hashes and stops when told",
          "[storage]") {
    const test::TempDir folder;
    auto store = open(folder.path());
    std::size_t items = 0;
    for (std::uint64_t batch = 0; batch < 40; ++batch) {
        REQUIRE(store->commit(test::batch_of(batch)));
        items += test::size_of_batch(batch);
        if (batch % 10 == 9) REQUIRE(store->flush());
    }
    std::size_t seen = 0;
    for (const ItemKind kind : {ItemKind::kCode, ItemKind::kNode}) {
        Hash256 last;
        REQUIRE(store->for_each(kind, [&](const Hash256& hash, ByteView blob) {
            REQUIRE(last < hash);
            REQUIRE(equal(blob.first(32), hash));
            last = hash;
            ++seen;
            return Visit::kContinue;
        }));
    }
    CHECK(seen == items);
    seen = 0;
    REQUIRE(store->for_each(ItemKind::kNode, [&](const Hash256&, ByteView) {
        return ++seen == 3 ? Visit::kStop : Visit::kContinue;
    }));
    CHECK(seen == 3);
}

TEST_CASE("RocksStore: other threads find every committed item at every moment", "[storage]") {
    const test::TempDir folder;
    StoreOptions options;
    options.write_buffer_items = 300;
    options.merge_trigger = 4;
    // With a filter and without.
    options.key_filter_bytes = GENERATE(std::size_t{16} << 20U, std::size_t{0});
    auto store = open(folder.path(), options);
    std::atomic<std::uint64_t> committed{0};
    std::atomic<std::uint64_t> misses{0};
    std::atomic<std::uint64_t> looks{0};
    std::atomic<bool> done{false};
    std::vector<std::thread> readers;
    for (std::uint64_t reader = 0; reader < 2; ++reader) {
        readers.emplace_back([&, reader] {
            for (std::uint64_t turn = reader; !done; ++turn) {
                const std::uint64_t count = committed;
                if (count == 0) continue;
                const std::uint64_t newest = count - 1;
                misses += !whole(*store, newest);
                misses += !whole(*store, turn * 7919 % count);
                ++looks;
            }
        });
    }
    for (std::uint64_t batch = 0; batch < 400; ++batch) {
        CHECK(store->commit(test::batch_of(batch)));
        committed = batch + 1;
        if (batch % 64 == 63) CHECK(store->flush());
        if (batch % 32 == 10) CHECK(store->begin_flush());
        if (batch % 50 == 0) CHECK(store->statistics().background_errors == 0);
    }
    while (looks < 4)
        std::this_thread::yield();
    done = true;
    for (std::thread& reader : readers)
        reader.join();
    CHECK(misses == 0);
}

}  // namespace fastsync
