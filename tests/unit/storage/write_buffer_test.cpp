#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include <storage/schema.hpp>
#include <storage/write_buffer.hpp>

#include "store_items.hpp"

namespace fastsync {

using namespace storage;

TEST_CASE("WriteBuffer: everything added is found, nothing else", "[storage]") {
    WriteBuffer buffer;
    for (std::uint64_t batch = 0; batch < 500; ++batch)
        buffer.add(test::batch_of(batch));
    std::size_t items = 0;
    std::size_t bytes = 0;
    for (std::uint64_t batch = 0; batch < 500; ++batch) {
        for (std::uint64_t i = 0; i < test::size_of_batch(batch); ++i, ++items) {
            const test::TestItem item = test::item_of(batch, i);
            const auto found = buffer.find(item.kind, item.hash);
            REQUIRE(found);
            REQUIRE(equal(*found, item.blob));
            const auto other = item.kind == ItemKind::kCode ? ItemKind::kNode : ItemKind::kCode;
            REQUIRE_FALSE(buffer.contains(other, item.hash));
            bytes += item.blob.size();
        }
    }
    CHECK(buffer.size() == items);
    CHECK(buffer.blob_bytes() == bytes);
    CHECK_FALSE(buffer.find(test::item_of(500, 0).kind, test::item_of(500, 0).hash));
}

TEST_CASE("WriteBuffer: sorted() is the order of the keys, also where hashes start alike",
          "[storage]") {
    WriteBuffer buffer;
    NodeBatch batch;
    for (const Byte last : {Byte{9}, Byte{3}, Byte{7}, Byte{1}}) {
        Hash256 hash{{0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99}};
        hash.data[7] = last;  // within the bits that are compared first, or just below
        batch.add(ItemKind::kNode, hash, {});
        hash.data[31] = last;
        batch.add(ItemKind::kCode, hash, {});
        hash.data[30] = static_cast<Byte>(200 - last);
        batch.add(ItemKind::kNode, hash, {});
    }
    buffer.add(batch);
    for (std::uint64_t i = 0; i < 100; ++i)
        buffer.add(test::batch_of(i));
    const std::vector<std::uint32_t> order = buffer.sorted();
    REQUIRE(order.size() == buffer.size());
    std::string last;
    for (const std::uint32_t index : order) {
        const std::string key{schema::ItemKey{buffer[index].kind, buffer[index].hash}.view()};
        REQUIRE(last < key);
        last = key;
    }
}

TEST_CASE("WriteBuffer: an item added twice is held once", "[storage]") {
    WriteBuffer buffer;
    buffer.add(test::batch_of(1));
    const std::size_t size = buffer.size();
    const std::size_t bytes = buffer.blob_bytes();
    buffer.add(test::batch_of(1));
    CHECK(buffer.size() == size);
    CHECK(buffer.blob_bytes() == bytes);
}

TEST_CASE("WriteBuffer: blobs of any size keep their bytes, cleared buffers are empty",
          "[storage]") {
    WriteBuffer buffer;
    const std::size_t size = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{131'072},
                                      std::size_t{131'073}, std::size_t{1'100'000});
    for (int round = 0; round < 2; ++round) {
        NodeBatch batch;
        Hash256 hash;
        for (Byte i = 0; i < 20; ++i) {
            hash.data[0] = i;
            batch.add(ItemKind::kCode, hash, Bytes(size, i));
        }
        buffer.add(batch);
        for (Byte i = 0; i < 20; ++i) {
            hash.data[0] = i;
            const auto found = buffer.find(ItemKind::kCode, hash);
            REQUIRE(found);
            REQUIRE(found->size() == size);
            REQUIRE(std::all_of(found->begin(), found->end(), [i](Byte b) { return b == i; }));
        }
        buffer.clear();
        CHECK(buffer.empty());
        CHECK(buffer.blob_bytes() == 0);
        CHECK_FALSE(buffer.contains(ItemKind::kCode, hash));
    }
}

TEST_CASE("WriteBuffer: released, it takes and finds as before", "[storage]") {
    WriteBuffer buffer;
    for (int round = 0; round < 2; ++round) {
        buffer.release();
        for (std::uint64_t i = 0; i < 100; ++i)
            buffer.add(test::batch_of(i));
        const NodeBatch batch = test::batch_of(7);
        for (const NodeBatch::Entry& entry : batch.entries()) {
            const auto found = buffer.find(entry.kind, entry.hash);
            REQUIRE(found);
            REQUIRE(equal(*found, batch.blob(entry)));
        }
        CHECK(buffer.sorted().size() == buffer.size());
        buffer.clear();
    }
}

}  // namespace fastsync
