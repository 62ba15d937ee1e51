#include <cstring>

#include <catch2/catch.hpp>

#include <storage/key_filter.hpp>

namespace fastsync {

using storage::ItemKind;
using storage::KeyFilter;

namespace {

/// As even as the hash of an item, and quicker.
Hash256 key_of(std::uint64_t number) {
    Hash256 key;
    for (std::size_t at = 0; at < key.data.size(); at += sizeof number) {
        number += 0x9e3779b97f4a7c15ULL;
        std::uint64_t word = (number ^ (number >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        word = (word ^ (word >> 27U)) * 0x94d049bb133111ebULL;
        word ^= word >> 31U;
        std::memcpy(key.data.data() + at, &word, sizeof word);
    }
    return key;
}

}  // namespace

TEST_CASE("KeyFilter: never denies a key it was given, seldom affirms another", "[storage]") {
    // Enough for a second segment.
    constexpr std::uint64_t kKeys = 6'000'000;
    KeyFilter filter{std::size_t{64} << 20U};
    for (std::uint64_t i = 0; i < kKeys; ++i)
        filter.add(ItemKind::kNode, key_of(i));
    std::size_t denied = 0;
    std::size_t affirmed = 0;
    std::size_t other_kind = 0;
    for (std::uint64_t i = 0; i < kKeys; i += 20) {
        denied += !filter.may_contain(ItemKind::kNode, key_of(i));
        affirmed += filter.may_contain(ItemKind::kNode, key_of(kKeys + i));
        other_kind += filter.may_contain(ItemKind::kCode, key_of(i));
    }
    CHECK(denied == 0);
    CHECK(affirmed < kKeys / 20 / 100);
    CHECK(other_kind < kKeys / 20 / 100);
    CHECK(filter.memory_bytes() == std::size_t{24} << 20U);
}

TEST_CASE("KeyFilter: an empty filter denies everything", "[storage]") {
    const KeyFilter filter{std::size_t{64} << 20U};
    CHECK_FALSE(filter.may_contain(ItemKind::kNode, Hash256{}));
    CHECK(filter.memory_bytes() == 0);
}

TEST_CASE("KeyFilter: out of memory it denies nothing", "[storage]") {
    KeyFilter filter{std::size_t{4} << 20U};
    filter.add(ItemKind::kNode, Hash256{{1}});
    CHECK(filter.may_contain(ItemKind::kNode, Hash256{{1}}));
    CHECK(filter.may_contain(ItemKind::kCode, Hash256{{2}}));
    CHECK(filter.exhausted());
}

}  // namespace fastsync
