#include <algorithm>

#include <catch2/catch.hpp>

#include <sync/key_space_map.hpp>

using namespace fastsync;
using namespace fastsync::sync;

namespace {

TriePath at(std::initializer_list<Byte> nibbles) {
    TriePath where;
    for (const Byte nibble : nibbles)
        REQUIRE(where.path.push(nibble));
    return where;
}

constexpr KeyShare kCell = kWholeKeySpace / KeySpaceMap::kCells;

}  // namespace

TEST_CASE("KeySpaceMap: shares count where they lie, those near the root everywhere below",
          "[sync]") {
    KeySpaceMap map;
    map.add(at({0xa, 0xb, 0xc}), kCell / 2);
    map.add(at({0xf}), kCell * 16 / 4);
    CHECK(map.percents()[0xab] == 50);
    CHECK(map.percents()[0xf0] == 25);
    CHECK(map.percents()[0xff] == 25);
    CHECK(map.percents()[0xaa] == 0);
    map.add(at({}), kWholeKeySpace / 10);
    CHECK(map.percents()[0xab] == 60);
    CHECK(map.percents()[0x00] == 10);
    // What belongs to an account lies where the account does.
    TriePath storage{TrieKind::kStorage, Hash256{{0x12, 0x34}}, {}};
    map.add(storage, kCell / 2);
    CHECK(map.percents()[0x12] == 60);
}

TEST_CASE("KeySpaceMap: 100 is what is complete, and nothing else", "[sync]") {
    KeySpaceMap map;
    map.add(at({1, 2}), 3 * kCell);
    CHECK(map.percents()[0x12] == 99);
    map.complete(at({1, 2, 3}));
    map.complete({TrieKind::kStorage, Hash256{{0x12}}, {}});
    CHECK(map.percents()[0x12] == 99);
    map.complete(at({1, 2}));
    CHECK(map.percents()[0x12] == 100);
    map.complete(at({7}));
    const auto after = map.percents();
    CHECK(std::count(after.begin(), after.end(), 100) == 17);
    map.complete(at({}));
    const auto all = map.percents();
    CHECK(std::count(all.begin(), all.end(), 100) == 256);
}
