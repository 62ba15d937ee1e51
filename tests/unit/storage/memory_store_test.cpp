#include <catch2/catch.hpp>

#include <storage/memory_store.hpp>

#include "store_items.hpp"

namespace fastsync {

using namespace storage;

namespace {

bool whole(const NodeReader& store, std::uint64_t batch) {
    return test::present_of(store, batch) == static_cast<std::int64_t>(test::size_of_batch(batch));
}
bool absent(const NodeReader& store, std::uint64_t batch) {
    return test::present_of(store, batch) == 0;
}

}  // namespace

TEST_CASE("MemoryStore: a crash forgets what was not flushed, in whole batches", "[storage]") {
    MemoryStore store;
    for (std::uint64_t batch = 0; batch < 6; ++batch) {
        REQUIRE(store.commit(test::batch_of(batch)));
        CHECK(whole(store, batch));
        if (batch == 1) REQUIRE(store.flush());
    }
    CHECK(store.unflushed_items() == test::batch_of(2).size() + test::batch_of(3).size() +
                                         test::batch_of(4).size() + test::batch_of(5).size());
    store.crash(2);
    for (std::uint64_t batch = 0; batch < 4; ++batch)
        CHECK(whole(store, batch));
    CHECK(absent(store, 4));
    CHECK(absent(store, 5));
    CHECK(store.unflushed_items() == 0);
    CHECK(store.unflushed_bytes() == 0);
}

TEST_CASE("MemoryStore: operations fail on demand, after some that succeed, until healed",
          "[storage]") {
    MemoryStore store;
    const Error full{Errc::kStorage, "the disk is full"};
    store.fail(MemoryStore::Operation::kCommit, full, 1);
    REQUIRE(store.commit(test::batch_of(0)));
    CHECK(store.commit(test::batch_of(1)).error() == full);
    CHECK(absent(store, 1));
    store.fail(MemoryStore::Operation::kFlush, full);
    CHECK(store.flush().error() == full);
    CHECK(store.begin_flush().error() == full);
    CHECK(store.unflushed_items() > 0);
    store.fail(MemoryStore::Operation::kHas, full);
    CHECK(store.has(ItemKind::kNode, {}).error() == full);
    store.fail(MemoryStore::Operation::kGet, full);
    CHECK(store.get(ItemKind::kNode, {}).error() == full);
    store.fail(MemoryStore::Operation::kSaveMeta, full);
    CHECK(store.save_meta("a", {}).error() == full);
    store.fail(MemoryStore::Operation::kLoadMeta, full);
    CHECK(store.load_meta("a").error() == full);
    store.heal();
    CHECK(store.flush());
    CHECK(store.flushes() == 1);
    CHECK(whole(store, 0));
}

TEST_CASE("MemoryStore: records survive a crash, items can be changed behind its back",
          "[storage]") {
    MemoryStore store;
    REQUIRE(store.save_meta("a", test::encode_count(5)));
    REQUIRE(store.commit(test::batch_of(0)));
    REQUIRE(store.flush());
    store.crash();
    CHECK(test::decode_count(**store.load_meta("a")) == 5);
    CHECK_FALSE(store.load_meta("b")->has_value());
    const test::TestItem item = test::item_of(0, 0);
    CHECK(store.overwrite(item.kind, item.hash, Bytes{1}));
    CHECK(*store.get(item.kind, item.hash) == Bytes{1});
    CHECK(store.erase(item.kind, item.hash));
    CHECK(store.get(item.kind, item.hash).error().code == Errc::kNotFound);
    CHECK_FALSE(store.erase(item.kind, item.hash));
    CHECK_FALSE(store.overwrite(item.kind, item.hash, Bytes{1}));
}

TEST_CASE("MemoryStore: for_each visits one kind in the order of hashes and stops when told",
          "[storage]") {
    MemoryStore store;
    for (std::uint64_t batch = 0; batch < 20; ++batch) {
        REQUIRE(store.commit(test::batch_of(batch)));
        if (batch == 10) REQUIRE(store.flush());
    }
    std::size_t seen = 0;
    for (const ItemKind kind : {ItemKind::kCode, ItemKind::kNode}) {
        Hash256 last;
        REQUIRE(store.for_each(kind, [&](const Hash256& hash, ByteView) {
            CHECK(last < hash);
            last = hash;
            ++seen;
            return Visit::kContinue;
        }));
    }
    CHECK(seen == store.items());
    seen = 0;
    REQUIRE(store.for_each(ItemKind::kNode, [&](const Hash256&, ByteView) {
        return ++seen == 3 ? Visit::kStop : Visit::kContinue;
    }));
    CHECK(seen == 3);
}

}  // namespace fastsync
