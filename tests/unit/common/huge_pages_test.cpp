#include <cstdint>
#include <string>

#include <catch2/catch.hpp>

#include <common/huge_pages.hpp>

using fastsync::HugePageAllocator;
using fastsync::HugeVector;
using fastsync::kHugePage;

TEST_CASE("huge pages: an array keeps its elements on its way into them and beyond", "[common]") {
    HugeVector<std::string> texts;
    const std::size_t count = 3 * kHugePage / sizeof(std::string) + 1;
    bool was_small = false;
    for (std::size_t i = 0; i < count; ++i) {
        texts.push_back(std::to_string(i));
        was_small = was_small || texts.capacity() * sizeof(std::string) < kHugePage;
    }
    CHECK(was_small);
    if constexpr (fastsync::detail::kMapLargeArrays)
        CHECK(reinterpret_cast<std::uintptr_t>(texts.data()) % kHugePage == 0);
    for (std::size_t i = 0; i < count; ++i) {
        if (texts[i] != std::to_string(i)) FAIL("element " << i);
    }
    HugeVector<std::string> copy = texts;
    texts.clear();
    texts.shrink_to_fit();
    CHECK(copy.back() == std::to_string(count - 1));
}

TEST_CASE("huge pages: more than there can be is refused", "[common]") {
    HugePageAllocator<std::uint64_t> allocator;
    CHECK_THROWS_AS(allocator.allocate(SIZE_MAX / 4), std::bad_array_new_length);
}
