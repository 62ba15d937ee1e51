#include <catch2/catch.hpp>

#include <storage/key_filter.hpp>

#include "store_items.hpp"

namespace fastsync {

using storage::ItemKind;
using storage::KeyFilter;

TEST_CASE("KeyFilter: never denies a key it was given, seldom affirms another", "[storage]") {
    // Enough for a second segment.
    constexpr std::uint64_t kKeys = 6'000'000;
    KeyFilter filter{std::size_t{64} << 20U};
    for (std::uint64_t i = 0; i < kKeys; ++i)
        filter.add(ItemKind::kNode, test::item_of(i, 0).hash);
    std::size_t denied = 0;
    std::size_t affirmed = 0;
    std::size_t other_kind = 0;
    for (std::uint64_t i = 0; i < kKeys; i += 20) {
        denied += !filter.may_contain(ItemKind::kNode, test::item_of(i, 0).hash);
        affirmed += filter.may_contain(ItemKind::kNode, test::item_of(kKeys + i, 0).hash);
        other_kind += filter.may_contain(ItemKind::kCode, test::item_of(i, 0).hash);
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
