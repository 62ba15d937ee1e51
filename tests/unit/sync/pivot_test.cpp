#include <catch2/catch.hpp>

#include <sync/pivot.hpp>

using namespace fastsync;
using namespace fastsync::sync;

TEST_CASE("pivot: 64 below the head, the genesis on a shorter chain", "[sync]") {
    CHECK(pivot_number(264) == 200);
    CHECK(pivot_number(64) == 0);
    CHECK(pivot_number(63) == 0);
    CHECK(pivot_number(65) == 1);
}

TEST_CASE("pivot: stale two blocks before peers drop its state", "[sync]") {
    CHECK_FALSE(is_stale(200, 200 + 125));
    CHECK(is_stale(200, 200 + 126));
    CHECK_FALSE(is_stale(200, 100));
}

TEST_CASE("pivot: headers must name each other as parents", "[sync]") {
    std::vector<chain::BlockHeader> headers(3);
    for (std::size_t i = 0; i < headers.size(); ++i) {
        headers[i].number = 10 + i;
        headers[i].hash.data[0] = static_cast<Byte>(i + 1);
        headers[i].parent_hash.data[0] = static_cast<Byte>(i);
    }
    CHECK(check_linked(headers));
    headers[2].parent_hash.data[5] = 1;
    CHECK(check_linked(headers).error().code == Errc::kMalformed);
    headers[2].parent_hash.data[5] = 0;
    headers[1].number = 12;
    CHECK_FALSE(check_linked(headers));
}
