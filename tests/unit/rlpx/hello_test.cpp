#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <rlp/encode.hpp>
#include <rlpx/compression.hpp>
#include <rlpx/hello.hpp>

#include "peers.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::test;
using rlpx::Capability;
using rlpx::DisconnectReason;
using rlpx::Hello;

namespace {

Hello sample() {
    return {5, "test/v1", {{"eth", 62}, {"eth", 63}}, 30303, key_of(7).public_key()};
}

/// A Hello of any content: its five fields as RLP, and more.
Bytes raw_hello(const Bytes& version, const Bytes& name, const Bytes& capabilities,
                const Bytes& port, const Bytes& id, const Bytes& more = {}) {
    return rlp::encode_list({version, name, capabilities, port, id, more});
}

Bytes encoded_name(std::size_t size) {
    return rlp::encode_string(Bytes(size, 'x'));
}

Bytes capability_list(std::size_t count, std::size_t name_size) {
    Bytes all;
    for (std::size_t i = 0; i < count; ++i)
        append(all, rlp::encode_list({encoded_name(name_size), rlp::encode_uint(1)}));
    return rlp::encode_list({all});
}

Bytes node_id() {
    return rlp::encode_string(key_of(7).public_key());
}

Bytes compressed(const Bytes& plain) {
    Bytes out(rlpx::max_compressed_size(plain.size()));
    out.resize(rlpx::compress(plain, out));
    return out;
}

}  // namespace

TEST_CASE("Hello: what is encoded is decoded", "[rlpx]") {
    const auto decoded = rlpx::decode_hello(rlpx::encode_hello(sample()));
    REQUIRE(decoded);
    CHECK(decoded->p2p_version == 5);
    CHECK(decoded->client_name == "test/v1");
    CHECK(decoded->capabilities == sample().capabilities);
    CHECK(decoded->listen_port == 30303);
    CHECK(decoded->id == sample().id);
}

TEST_CASE("Hello: the EIP-8 vector, of an unknown version with further elements", "[rlpx]") {
    const auto path = shared_file("vectors/eip8-all.json");
    if (!path) return;
    const auto vectors = nlohmann::json::parse(read_text(*path));
    const auto& block = vectors.at("blocks").at(0);
    REQUIRE_THAT(block.at("caption").get<std::string>(), Catch::Contains("hello"));
    const auto decoded = rlpx::decode_hello(hex(block.at("hex").get<std::string>()));
    REQUIRE(decoded);
    // The text of EIP-8 says version 22; the packet holds 0x37, and 22 is that of "mork".
    CHECK(decoded->p2p_version == 55);
    CHECK(decoded->client_name == "kneth/v0.91/plan9");
    CHECK(decoded->capabilities == std::vector<Capability>{{"eth", 61}, {"mork", 22}});
    CHECK(decoded->listen_port == 9999);
    CHECK(to_hex(decoded->id).substr(0, 16) == "fda1cff674c90c9a");
}

TEST_CASE("Hello: every truncation is malformed", "[rlpx]") {
    const Bytes whole = rlpx::encode_hello(sample());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(rlpx::decode_hello(ByteView{whole}.first(size)));
    }
    Bytes longer = whole;
    longer.push_back(0);
    CHECK_FALSE(rlpx::decode_hello(longer));
}

TEST_CASE("Hello: 2048 bytes are taken, 2049 are not", "[rlpx]") {
    const Bytes base = raw_hello({0x05}, encoded_name(3), capability_list(1, 3), {0x80}, node_id());
    // The rest is filled with a further element, a string with a 3-byte header.
    const auto padded = [&](std::size_t total) {
        const std::size_t fields = base.size() - 2;  // without its f8 xx header
        const std::size_t filler = total - fields - 3 - 3;
        return raw_hello({0x05}, encoded_name(3), capability_list(1, 3), {0x80}, node_id(),
                         rlp::encode_string(Bytes(filler, 1)));
    };
    REQUIRE(padded(rlpx::kMaxHelloSize).size() == rlpx::kMaxHelloSize);
    CHECK(rlpx::decode_hello(padded(rlpx::kMaxHelloSize)));
    const auto beyond = rlpx::decode_hello(padded(rlpx::kMaxHelloSize + 1));
    REQUIRE_FALSE(beyond);
    CHECK(beyond.error().code == Errc::kTooLarge);
}

TEST_CASE("Hello: names and the number of capabilities have limits", "[rlpx]") {
    struct Case {
        std::size_t client_name;
        std::size_t capabilities;
        std::size_t capability_name;
        bool taken;
    };
    const auto c = GENERATE(
        Case{rlpx::kMaxClientName, 1, 3, true}, Case{rlpx::kMaxClientName + 1, 1, 3, false},
        Case{3, rlpx::kMaxCapabilities, 3, true}, Case{3, rlpx::kMaxCapabilities + 1, 3, false},
        Case{3, 1, rlpx::kMaxCapabilityName, true}, Case{3, 1, rlpx::kMaxCapabilityName + 1, false},
        Case{0, 0, 0, true});
    CAPTURE(c.client_name, c.capabilities, c.capability_name);
    const auto decoded = rlpx::decode_hello(
        raw_hello({0x05}, encoded_name(c.client_name),
                  capability_list(c.capabilities, c.capability_name), {0x80}, node_id()));
    CHECK(decoded.has_value() == c.taken);
    if (!decoded) CHECK(decoded.error().code == Errc::kTooLarge);
}

TEST_CASE("Hello: what cannot be printed does not reach a log", "[rlpx]") {
    Hello hello = sample();
    hello.client_name = "a\nb\x1b[2Jc\xff\xc3\xa4~ ";
    hello.capabilities = {{std::string("e\0th", 4), 63}};
    const auto decoded = rlpx::decode_hello(rlpx::encode_hello(hello));
    REQUIRE(decoded);
    CHECK(decoded->client_name == "a?b?[2Jc???~ ");
    CHECK(decoded->capabilities[0].name == "e?th");
}

TEST_CASE("Hello: ports and versions that fit nothing become 0, ids must be 64 bytes", "[rlpx]") {
    const Bytes big = rlp::encode_uint(std::uint64_t{1} << 32U);
    const Bytes name = encoded_name(3);
    const Bytes odd_capability = rlp::encode_list({rlp::encode_list({name, big})});
    const auto odd = rlpx::decode_hello(raw_hello({0x05}, name, odd_capability, big, node_id()));
    REQUIRE(odd);
    CHECK(odd->listen_port == 0);
    CHECK(odd->capabilities == std::vector<Capability>{{"xxx", 0}});
    for (const std::size_t size : {0U, 63U, 65U}) {
        CAPTURE(size);
        CHECK_FALSE(rlpx::decode_hello(raw_hello({0x05}, name, capability_list(1, 3), {0x80},
                                                 rlp::encode_string(Bytes(size, 1)))));
    }
    // A string where the list of capabilities belongs, a list where the name belongs.
    CHECK_FALSE(rlpx::decode_hello(raw_hello({0x05}, name, name, {0x80}, node_id())));
    CHECK_FALSE(rlpx::decode_hello(
        raw_hello({0x05}, capability_list(1, 3), capability_list(1, 3), {0x80}, node_id())));
}

TEST_CASE("Disconnect: every reason survives, in each of the four forms", "[rlpx]") {
    for (unsigned number = 0; number <= 0x11; ++number) {
        CAPTURE(number);
        const auto reason = static_cast<DisconnectReason>(number);
        const Bytes list = rlpx::encode_disconnect(reason);
        const Bytes bare = rlp::encode_uint(std::uint64_t{number});
        for (const Bytes& form : {list, bare, compressed(list), compressed(bare)}) {
            CAPTURE(form);
            const auto decoded = rlpx::decode_disconnect(form);
            REQUIRE(decoded);
            CHECK(*decoded == reason);
        }
        CHECK_FALSE(rlpx::to_string(reason).empty());
    }
    CHECK(rlpx::to_string(DisconnectReason::kTooManyPeers) == "too many peers");
    CHECK(rlpx::to_string(static_cast<DisconnectReason>(0x99)) == "a reason without a name");
}

TEST_CASE("Disconnect: nothing, and an empty list, mean requested", "[rlpx]") {
    for (const Bytes& form : {Bytes{}, Bytes{0xc0}, compressed({}), compressed({0xc0})}) {
        CAPTURE(form);
        const auto decoded = rlpx::decode_disconnect(form);
        REQUIRE(decoded);
        CHECK(*decoded == DisconnectReason::kRequested);
    }
}

TEST_CASE("Disconnect: further elements are ignored, nonsense is malformed", "[rlpx]") {
    const auto longer = rlpx::decode_disconnect(hex("c20405"));
    REQUIRE(longer);
    CHECK(*longer == DisconnectReason::kTooManyPeers);
    CHECK(rlpx::decode_disconnect(hex("c281ff")));
    for (const char* nonsense :
         {"c3820100", "820100", "c1c0", "0405", "c2", "8100", "ff", "c100ff"}) {
        CAPTURE(nonsense);
        CHECK_FALSE(rlpx::decode_disconnect(hex(nonsense)));
    }
}
