#include <map>
#include <random>

#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <devnet/item_store.hpp>

using namespace fastsync;
using devnet::ItemStore;
using devnet::StoredItem;

namespace {

Bytes some_bytes(std::size_t size, std::uint32_t number) {
    Bytes bytes(size, static_cast<Byte>(number));
    for (std::size_t i = 0; i < bytes.size() && i < sizeof number; ++i)
        bytes[i] = static_cast<Byte>(number >> (8U * i));
    return bytes;
}

void check_equal(const ItemStore& store, const std::map<Hash256, Bytes>& expected) {
    CHECK(store.size() == expected.size());
    std::uint64_t total = 0;
    for (const auto& [hash, bytes] : expected) {
        const StoredItem* const item = store.find(hash);
        REQUIRE(item != nullptr);
        CHECK(item->hash == hash);
        CHECK(equal(item->bytes(), bytes));
        total += bytes.size();
    }
    CHECK(store.bytes() == total);
}

}  // namespace

TEST_CASE("ItemStore: holds what was added and not erased, whatever the order", "[devnet]") {
    const auto seed = GENERATE(range(1U, 6U));
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    ItemStore store;
    std::map<Hash256, Bytes> expected;
    for (std::uint32_t step = 0; step < 3000; ++step) {
        if (random() % 3 == 0 && !expected.empty()) {
            const auto victim = std::next(expected.begin(),
                                          static_cast<std::ptrdiff_t>(random() % expected.size()));
            store.erase(*store.find(victim->first));
            expected.erase(victim);
            continue;
        }
        const Bytes bytes = some_bytes(random() % 600, static_cast<std::uint32_t>(random() % 2000));
        const Hash256 hash = crypto::keccak256(bytes);
        store.add(hash, bytes);
        expected.emplace(hash, bytes);
    }
    check_equal(store, expected);
}

TEST_CASE("ItemStore: an item that is there stays where it is when it is added again", "[devnet]") {
    ItemStore store;
    const Bytes bytes = some_bytes(100, 7);
    const Hash256 hash = crypto::keccak256(bytes);
    StoredItem& item = store.add(hash, bytes);
    item.references = 3;
    CHECK(&store.add(hash, bytes) == &item);
    CHECK(item.references == 3);
    CHECK(store.find(Hash256{}) == nullptr);
}

TEST_CASE("ItemStore: hashes that begin alike are told apart", "[devnet]") {
    ItemStore store;
    Hash256 first = crypto::keccak256(as_bytes("x"));
    Hash256 second = first;
    second.data.back() ^= 1U;
    store.add(first, as_bytes("first"));
    CHECK(store.find(second) == nullptr);
    store.add(second, as_bytes("second"));
    CHECK(equal(store.find(first)->bytes(), as_bytes("first")));
    CHECK(equal(store.find(second)->bytes(), as_bytes("second")));
    store.erase(*store.find(first));
    CHECK(store.find(first) == nullptr);
    CHECK(equal(store.find(second)->bytes(), as_bytes("second")));
}

TEST_CASE("ItemStore: the longest items and the empty one", "[devnet]") {
    ItemStore store;
    std::map<Hash256, Bytes> expected;
    for (std::uint32_t i = 0; i < 40; ++i) {
        const Bytes bytes = some_bytes(devnet::kMaxItemSize, i);
        expected.emplace(crypto::keccak256(bytes), bytes);
    }
    expected.emplace(crypto::keccak256({}), Bytes{});
    for (const auto& [hash, bytes] : expected)
        store.add(hash, bytes);
    check_equal(store, expected);
}

TEST_CASE("ItemStore: what nothing refers to can be erased at once", "[devnet]") {
    ItemStore store;
    std::map<Hash256, Bytes> expected;
    for (std::uint32_t i = 0; i < 100; ++i) {
        const Bytes bytes = some_bytes(50 + i, i);
        const Hash256 hash = crypto::keccak256(bytes);
        store.add(hash, bytes).references = i % 3;
        if (i % 3 != 0) expected.emplace(hash, bytes);
    }
    store.erase_unreferenced();
    check_equal(store, expected);
}
