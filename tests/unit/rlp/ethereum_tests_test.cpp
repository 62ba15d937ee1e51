// The RLP vectors of https://github.com/ethereum/tests (RLPTests).
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <rlp/decode.hpp>
#include <rlp/encode.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using nlohmann::json;

namespace {

std::optional<json> vectors(const std::string& name) {
    const auto path = test::shared_file("vectors/ethereum-tests/RLPTests/" + name);
    if (!path) return std::nullopt;
    return json::parse(test::read_text(*path));
}

/// The value of a vector as bytes: text, a number, or "#" and decimal digits of a big one.
Bytes payload_of(const json& value) {
    if (value.is_number()) return u256_to_be(U256{value.get<std::uint64_t>()});
    const auto text = value.get<std::string>();
    if (!text.starts_with("#")) return to_bytes(as_bytes(text));
    const boost::multiprecision::cpp_int number{text.substr(1)};
    Bytes out;
    export_bits(number, std::back_inserter(out), 8);
    return out;
}

Bytes encode(const json& value) {
    if (!value.is_array()) return rlp::encode_string(payload_of(value));
    rlp::Encoder out;
    const std::size_t mark = out.begin_list();
    for (const json& item : value)
        out.raw(encode(item));
    return out.end_list(mark).take();
}

void check_decodes_to(const json& value, const rlp::Item& item) {
    REQUIRE(item.is_list() == value.is_array());
    if (!value.is_array()) {
        CHECK(equal(item.payload, payload_of(value)));
        return;
    }
    ByteView rest = item.payload;
    for (const json& wanted : value) {
        const auto inner = rlp::take(rest);
        REQUIRE(inner);
        check_decodes_to(wanted, *inner);
    }
    CHECK(rest.empty());
}

bool accepted(ByteView bytes) {
    return rlp::whole_item(bytes) && rlp::check_nested(bytes);
}

}  // namespace

TEST_CASE("ethereum/tests: valid RLP is encoded and decoded", "[rlp]") {
    const auto tests = vectors("rlptest.json");
    if (!tests) return;
    CHECK(tests->size() == 28);
    for (const auto& [name, vector] : tests->items()) {
        CAPTURE(name);
        const Bytes encoded = test::hex(vector["out"].get<std::string>());
        CHECK(to_hex(encode(vector["in"])) == to_hex(encoded));
        const auto item = rlp::whole_item(encoded);
        REQUIRE(item);
        check_decodes_to(vector["in"], *item);
        CHECK(rlp::check_nested(encoded));
    }
}

TEST_CASE("ethereum/tests: invalid RLP is refused", "[rlp]") {
    const auto tests = vectors("invalidRLPTest.json");
    if (!tests) return;
    CHECK(tests->size() == 26);
    for (const auto& [name, vector] : tests->items()) {
        CAPTURE(name);
        CHECK_FALSE(accepted(test::hex(vector["out"].get<std::string>())));
    }
}

TEST_CASE("ethereum/tests: the random examples are judged as they say", "[rlp]") {
    const auto tests = vectors("random-example.json");
    if (!tests) return;
    CHECK_FALSE(tests->empty());
    for (const auto& [name, vector] : tests->items()) {
        CAPTURE(name);
        CHECK(accepted(test::hex(vector["out"].get<std::string>())) == (vector["in"] == "VALID"));
    }
}
