#include <limits>

#include <catch2/catch.hpp>

#include <eth/header_walk.hpp>

using namespace fastsync;
using namespace fastsync::eth;

namespace {

/// Blocks 0 to `count` - 1, each a header of `size` bytes.
std::size_t walked(const HeaderQuery& query, chain::BlockNumber first, std::uint64_t count,
                   std::size_t size = 500) {
    const Bytes raw(size, 7);
    return walk_headers(query, first,
                        [&](chain::BlockNumber number) { return number < count ? &raw : nullptr; })
        .size();
}

}  // namespace

TEST_CASE("walk_headers: at most 192 headers, or until 2 MiB are passed", "[eth]") {
    const auto at = [](std::uint64_t number) { return chain::BlockNumber{number}; };
    CHECK(walked({at(0), 1000, 0, false}, 0, 5000) == kMaxHeadersServed);
    CHECK(walked({at(4999), 1000, 0, true}, 4999, 5000) == kMaxHeadersServed);
    CHECK(walked({at(0), 191, 0, false}, 0, 5000) == 191);
    CHECK(walked({at(0), 1000, 0, false}, 0, 5000, 64 * 1024) == 32);
    CHECK(walked({at(0), 1000, 0, false}, 0, 5000, 64 * 1024 - 1) == 33);
}

TEST_CASE("walk_headers: ends where the source or the numbers end", "[eth]") {
    constexpr auto kHighest = std::numeric_limits<std::uint64_t>::max();
    const auto at = [](std::uint64_t number) { return chain::BlockNumber{number}; };
    CHECK(walked({at(10), 5, 0, false}, 10, 10) == 0);
    CHECK(walked({at(8), 5, 0, false}, 8, 10) == 2);
    CHECK(walked({at(8), 5, 3, true}, 8, 10) == 3);
    CHECK(walked({at(8), 5, 8, true}, 8, 10) == 1);
    CHECK(walked({at(8), 5, kHighest, true}, 8, 10) == 1);
    CHECK(walked({at(8), 5, kHighest - 8, false}, 8, 10) == 1);
    CHECK(walked({at(kHighest), 5, 0, false}, kHighest, kHighest) == 0);
    CHECK(walked({at(0), 0, 0, false}, 0, 10) == 0);
}
