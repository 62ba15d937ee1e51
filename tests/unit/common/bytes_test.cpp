#include <catch2/catch.hpp>

#include <common/bytes.hpp>
#include <common/u256.hpp>

using namespace fastsync;

TEST_CASE("hex: what is written is read back", "[common]") {
    const Bytes bytes{0x00, 0x0f, 0xab, 0xff};
    CHECK(to_hex(bytes) == "000fabff");
    CHECK(to_hex0x(bytes) == "0x000fabff");
    CHECK(*from_hex("000fabff") == bytes);
    CHECK(*from_hex("0x000FABff") == bytes);
    CHECK(from_hex("")->empty());
}

TEST_CASE("hex: odd length and foreign characters are malformed", "[common]") {
    for (const char* bad : {"0", "0x0", "0g", "zz", "0x 1"}) {
        CAPTURE(bad);
        const auto result = from_hex(bad);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == Errc::kMalformed);
    }
}

TEST_CASE("FixedBytes: only the exact length is accepted", "[common]") {
    CHECK(Hash256::from(Bytes(32)));
    CHECK_FALSE(Hash256::from(Bytes(31)));
    CHECK_FALSE(Hash256::from(Bytes(33)));
    CHECK_FALSE(fixed_from_hex<Address>("0x00"));
}

TEST_CASE("FixedBytes: order is that of the bytes", "[common]") {
    Hash256 low;
    Hash256 high;
    low.data[31] = 0xff;
    high.data[0] = 0x80;
    CHECK(low < high);
}

TEST_CASE("U256: big-endian form is shortest and reads back", "[common]") {
    CHECK(u256_to_be(0).empty());
    CHECK(u256_to_be(256) == Bytes{1, 0});
    const Bytes ones(32, 0xff);
    CHECK(u256_to_be(*u256_from_be(ones)) == ones);
    CHECK(u256_from_be(Bytes(33)).error().code == Errc::kTooLarge);
}
