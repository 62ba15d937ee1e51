#include <catch2/catch.hpp>

#include <rlp/encode.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using test::hex;

TEST_CASE("Encoder: strings take the shortest header", "[rlp]") {
    CHECK(to_hex(rlp::encode_string({})) == "80");
    CHECK(to_hex(rlp::encode_string(Bytes{0x00})) == "00");
    CHECK(to_hex(rlp::encode_string(Bytes{0x7f})) == "7f");
    CHECK(to_hex(rlp::encode_string(Bytes{0x80})) == "8180");
    const auto header = [](std::size_t size) {
        Bytes out = rlp::encode_string(Bytes(size, 0xaa));
        out.resize(out.size() - size);
        return to_hex(out);
    };
    CHECK(header(55) == "b7");
    CHECK(header(56) == "b838");
    CHECK(header(255) == "b8ff");
    CHECK(header(256) == "b90100");
    CHECK(header(65536) == "ba010000");
}

TEST_CASE("Encoder: integers have no leading zeros", "[rlp]") {
    CHECK(to_hex(rlp::encode_uint(0)) == "80");
    CHECK(to_hex(rlp::encode_uint(1)) == "01");
    CHECK(to_hex(rlp::encode_uint(127)) == "7f");
    CHECK(to_hex(rlp::encode_uint(128)) == "8180");
    CHECK(to_hex(rlp::encode_uint(0x010000)) == "83010000");
    CHECK(to_hex(rlp::encode_uint(~std::uint64_t{0})) == "88ffffffffffffffff");
    CHECK(to_hex(rlp::Encoder{}.uint(U256{0}).take()) == "80");
    CHECK(to_hex(rlp::Encoder{}.uint(U256{0x80}).take()) == "8180");
    CHECK(to_hex(rlp::Encoder{}.uint(U256{1} << 64).take()) == "89010000000000000000");
    CHECK(rlp::Encoder{}.uint(std::numeric_limits<U256>::max()).size() == 33);
}

TEST_CASE("Encoder: lists nest and take their header when they close", "[rlp]") {
    rlp::Encoder out;
    out.uint(std::uint64_t{7});
    const std::size_t outer = out.begin_list();
    out.string(as_bytes("cat"));
    const std::size_t inner = out.begin_list();
    out.end_list(inner);
    const std::size_t second = out.begin_list();
    out.uint(std::uint64_t{1}).uint(std::uint64_t{2});
    out.end_list(second);
    out.end_list(outer);
    CHECK(to_hex(out.view()) ==
          "07"
          "c8"
          "83636174"
          "c0"
          "c20102");
    CHECK(out.size() == out.view().size());
    CHECK(to_hex(out.take()) == "07c883636174c0c20102");
}

TEST_CASE("Encoder: a list of more than 55 bytes takes the long header", "[rlp]") {
    for (const std::size_t size : {55U, 56U, 256U, 70000U}) {
        CAPTURE(size);
        rlp::Encoder out;
        const std::size_t mark = out.begin_list();
        for (std::size_t i = 0; i < size; ++i)
            out.uint(std::uint64_t{3});
        out.end_list(mark);
        Bytes header = out.take();
        header.resize(header.size() - size);
        const auto wanted = size == 55    ? "f7"
                            : size == 56  ? "f838"
                            : size == 256 ? "f90100"
                                          : "fa011170";
        CHECK(to_hex(header) == wanted);
    }
}

TEST_CASE("encode_list: joins items that are RLP already", "[rlp]") {
    const Bytes dog = rlp::encode_string(as_bytes("dog"));
    const Bytes empty = rlp::encode_list({});
    CHECK(to_hex(empty) == "c0");
    CHECK(to_hex(rlp::encode_list({dog, empty, dog})) == "c983646f67c083646f67");
}
