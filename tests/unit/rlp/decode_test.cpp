#include <catch2/catch.hpp>

#include <rlp/decode.hpp>
#include <rlp/encode.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using test::hex;

namespace {

/// The error of taking one item, after checking that the input was left as it was.
Error take_error(const Bytes& bytes) {
    ByteView in = bytes;
    const auto item = rlp::take(in);
    REQUIRE_FALSE(item);
    CHECK(in.data() == bytes.data());
    CHECK(in.size() == bytes.size());
    return item.error();
}

Bytes nested(std::size_t depth) {
    Bytes out;
    for (std::size_t i = 0; i < depth; ++i)
        out = rlp::encode_list({out});
    return out;
}

}  // namespace

TEST_CASE("take: an item comes off the front as views into the input", "[rlp]") {
    const Bytes bytes =
        hex("83646f67"
            "05"
            "c20102"
            "80");
    ByteView in = bytes;

    const auto dog = rlp::take(in);
    REQUIRE(dog);
    CHECK_FALSE(dog->is_list());
    CHECK(dog->raw.data() == bytes.data());
    CHECK(dog->raw.size() == 4);
    CHECK(dog->payload.data() == bytes.data() + 1);
    CHECK(equal(dog->payload, as_bytes("dog")));

    const auto five = rlp::take(in);
    REQUIRE(five);
    CHECK_FALSE(five->is_list());
    CHECK(to_hex(five->payload) == "05");
    CHECK(to_hex(five->raw) == "05");

    const auto list = rlp::take(in);
    REQUIRE(list);
    CHECK(list->is_list());
    CHECK(to_hex(list->payload) == "0102");
    CHECK(to_hex(list->raw) == "c20102");

    const auto empty = rlp::take(in);
    REQUIRE(empty);
    CHECK(empty->payload.empty());
    CHECK(in.empty());
}

TEST_CASE("take: every payload size around the changes of form is read back", "[rlp]") {
    for (const std::size_t size : {0U, 1U, 2U, 54U, 55U, 56U, 57U, 255U, 256U, 65535U, 65536U}) {
        CAPTURE(size);
        const Bytes payload(size, 0xab);
        const Bytes encoded = rlp::encode_string(payload);
        const auto whole = rlp::whole_string(encoded);
        REQUIRE(whole);
        CHECK(equal(*whole, payload));

        // 0x01 is an item in itself: a payload of `size` items.
        const Bytes items(size, 0x01);
        const Bytes list = rlp::encode_list({items});
        const auto inside = rlp::whole_list(list);
        REQUIRE(inside);
        CHECK(equal(*inside, items));
        CHECK(*rlp::count_items(*inside, size) == size);
    }
}

TEST_CASE("take: every single byte is an item below 0x80 and needs a header from there", "[rlp]") {
    for (unsigned value = 0; value < 256; ++value) {
        CAPTURE(value);
        const auto byte = static_cast<Byte>(value);
        CHECK(static_cast<bool>(rlp::whole_item(Bytes{byte})) == (value <= 0x80 || value == 0xc0));
        CHECK(static_cast<bool>(rlp::whole_item(Bytes{0x81, byte})) == (value >= 0x80));
    }
}

TEST_CASE("take: an input that ends early is malformed at every cut", "[rlp]") {
    for (const std::size_t size : {1U, 55U, 56U, 300U, 70000U}) {
        const Bytes payload(size, 0x80);
        for (const Bytes& whole : {rlp::encode_string(payload), rlp::encode_list({payload})}) {
            REQUIRE(rlp::whole_item(whole));
            const std::size_t step = size > 1000 ? 997 : 1;
            for (std::size_t cut = 0; cut < whole.size(); cut += step) {
                CAPTURE(size, cut);
                const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
                CHECK(take_error(part).code == Errc::kMalformed);
            }
        }
    }
}

TEST_CASE("take: lengths up to 2^64 - 1 do not wrap around", "[rlp]") {
    for (const char* bad : {
             "bfffffffffffffffff",      // 2^64 - 1, nothing behind it
             "bffffffffffffffff700",    // 9 + length wraps to 0
             "bffffffffffffffff80000",  // wraps to 1
             "fffffffffffffffff700",    // the same for lists
             "fffffffffffffffff80000",  //
             "bf800000000000000000",    // 2^63
             "bf7fffffffffffffff00",    // the largest signed
             "bb0100000000",            // 2^24 and little behind it
         }) {
        CAPTURE(bad);
        CHECK(take_error(hex(bad)).code == Errc::kMalformed);
    }
}

TEST_CASE("take: long lengths must be shortest and without leading zeros", "[rlp]") {
    const Bytes filler(300, 0x01);
    const auto with_filler = [&](const char* header) {
        Bytes out = hex(header);
        append(out, filler);
        return out;
    };
    CHECK(take_error(with_filler("b837")).detail.find("long form") != std::string::npos);
    CHECK(take_error(with_filler("f837")).detail.find("long form") != std::string::npos);
    CHECK(take_error(with_filler("b90038")).detail.find("leading zero") != std::string::npos);
    CHECK(take_error(with_filler("fa000100")).detail.find("leading zero") != std::string::npos);
    CHECK(take_error(with_filler("b800")).code == Errc::kMalformed);

    const Bytes shortest_string = with_filler("b838");
    ByteView in = shortest_string;
    CHECK(rlp::take(in)->payload.size() == 56);
    const Bytes shortest_list = with_filler("f90100");
    in = shortest_list;
    CHECK(rlp::take(in)->payload.size() == 256);
}

TEST_CASE("take_string and take_list: the other kind is malformed and not removed", "[rlp]") {
    const Bytes list = hex("c101");
    ByteView in = list;
    CHECK(rlp::take_string(in).error().code == Errc::kMalformed);
    CHECK(in.size() == 2);
    CHECK(to_hex(*rlp::take_list(in)) == "01");
    CHECK(in.empty());

    const Bytes string = hex("8180");
    in = string;
    CHECK(rlp::take_list(in).error().code == Errc::kMalformed);
    CHECK(in.size() == 2);
    CHECK(to_hex(*rlp::take_string(in)) == "80");
    CHECK(in.empty());
}

TEST_CASE("take_uint64: shortest form up to 64 bits", "[rlp]") {
    const auto read = [](const char* text) {
        const Bytes bytes = hex(text);
        ByteView in = bytes;
        auto value = rlp::take_uint64(in);
        CHECK(in.size() == (value ? 0 : bytes.size()));
        return value;
    };
    CHECK(*read("80") == 0);
    CHECK(*read("01") == 1);
    CHECK(*read("8180") == 128);
    CHECK(*read("820400") == 1024);
    CHECK(*read("88ffffffffffffffff") == ~std::uint64_t{0});
    CHECK(read("89010000000000000000").error().code == Errc::kTooLarge);
    CHECK(read("00").error().code == Errc::kMalformed);
    CHECK(read("820001").error().code == Errc::kMalformed);
    CHECK(read("89000000000000000001").error().code == Errc::kMalformed);
    CHECK(read("c0").error().code == Errc::kMalformed);
    CHECK(read("").error().code == Errc::kMalformed);
}

TEST_CASE("take_u256: shortest form up to 256 bits", "[rlp]") {
    const auto read = [](const Bytes& payload) {
        const Bytes bytes = rlp::encode_string(payload);
        ByteView in = bytes;
        auto value = rlp::take_u256(in);
        CHECK(in.size() == (value ? 0 : bytes.size()));
        return value;
    };
    CHECK(*read({}) == 0);
    CHECK(*read({0x7f}) == 0x7f);
    CHECK(*read(Bytes(32, 0xff)) == std::numeric_limits<U256>::max());
    CHECK(read(Bytes(33, 0xff)).error().code == Errc::kTooLarge);
    CHECK(read({0x00}).error().code == Errc::kMalformed);
    CHECK(read({0x00, 0x01}).error().code == Errc::kMalformed);
}

TEST_CASE("take_fixed: only the exact length", "[rlp]") {
    for (const std::size_t size : {0U, 31U, 32U, 33U}) {
        CAPTURE(size);
        const Bytes bytes = rlp::encode_string(Bytes(size, 0xee));
        ByteView in = bytes;
        const auto hash = rlp::take_fixed<Hash256>(in);
        CHECK(static_cast<bool>(hash) == (size == 32));
        CHECK(in.size() == (size == 32 ? 0 : bytes.size()));
    }
}

TEST_CASE("whole items: bytes behind the item are malformed", "[rlp]") {
    CHECK(rlp::whole_list(hex("c0")));
    CHECK(rlp::whole_list(hex("c000")).error().code == Errc::kMalformed);
    CHECK(rlp::whole_list(hex("80")).error().code == Errc::kMalformed);
    CHECK(rlp::whole_string(hex("80")));
    CHECK(rlp::whole_string(hex("8000")).error().code == Errc::kMalformed);
    CHECK(rlp::whole_string(hex("c0")).error().code == Errc::kMalformed);
    CHECK(rlp::whole_item({}).error().code == Errc::kMalformed);
}

TEST_CASE("count_items: counts to the limit and no further", "[rlp]") {
    const Bytes three =
        hex("01"
            "820400"
            "c20102");
    CHECK(*rlp::count_items(three, 3) == 3);
    CHECK(rlp::count_items(three, 2).error().code == Errc::kTooLarge);
    CHECK(*rlp::count_items({}, 0) == 0);
    CHECK(rlp::count_items(hex("01"
                               "83"),
                           5)
              .error()
              .code == Errc::kMalformed);
    // Headers only: what is inside a list is not looked at.
    CHECK(*rlp::count_items(hex("c28100"), 1) == 1);
}

TEST_CASE("check_nested: a fault at any depth is found", "[rlp]") {
    CHECK(rlp::check_nested({}));
    CHECK(
        rlp::check_nested(hex("01"
                              "c3c20102"
                              "80")));
    CHECK(rlp::check_nested(hex("c28100")).error().code == Errc::kMalformed);
    CHECK(rlp::check_nested(hex("c3c28100")).error().code == Errc::kMalformed);
    CHECK(rlp::check_nested(hex("c3c20184")).error().code == Errc::kMalformed);
    CHECK(rlp::check_nested(hex("c180"
                                "c183"))
              .error()
              .code == Errc::kMalformed);
}

TEST_CASE("check_nested: lists may lie kMaxDepth deep and no deeper", "[rlp]") {
    CHECK(rlp::check_nested(nested(rlp::kMaxDepth)));
    CHECK(rlp::check_nested(nested(rlp::kMaxDepth + 1)).error().code == Errc::kTooLarge);
    CHECK(rlp::check_nested(nested(10'000)).error().code == Errc::kTooLarge);
}
