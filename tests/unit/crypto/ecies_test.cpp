// Vectors: EIP-8 "RLPx Handshake"; one is kept here, all of them are in shared vectors.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <crypto/ecies.hpp>
#include <crypto/secp256k1.hpp>
#include <rlp/decode.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::crypto;
using nlohmann::json;
using test::hex;

namespace {

constexpr const char* kStaticKeyA =
    "49a7b37aa6f6645917e7b807e9d1c00d4fa71f18343b0d4122a4d2df64dd6fee";
constexpr const char* kStaticKeyB =
    "b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291";
constexpr const char* kNonceA = "7e968bba13b6c50e2c4cd7f241cc0d64d1ac25c7f5952df231ac6a2bda8ee5d6";
constexpr const char* kAuth2 =
    "01b304ab7578555167be8154d5cc456f567d5ba302662433674222360f08d5f1534499d3678b513b0fca474f"
    "3a514b18e75683032eb63fccb16c156dc6eb2c0b1593f0d84ac74f6e475f1b8d56116b849634a8c458705bf8"
    "3a626ea0384d4d7341aae591fae42ce6bd5c850bfe0b999a694a49bbbaf3ef6cda61110601d3b4c02ab6c304"
    "37257a6e0117792631a4b47c1d52fc0f8f89caadeb7d02770bf999cc147d2df3b62e1ffb2c9d8c125a398486"
    "5356266bca11ce7d3a688663a51d82defaa8aad69da39ab6d5470e81ec5f2a7a47fb865ff7cca21516f9299a"
    "07b1bc63ba56c7a1a892112841ca44b6e0034dee70c9adabc15d76a54f443593fafdc3b27af8059703f88928"
    "e199cb122362a4b35f62386da7caad09c001edaeb5f8a06d2b26fb6cb93c52a9fca51853b68193916982358f"
    "e1e5369e249875bb8d0d0ec36f917bc5e1eafd5896d46bd61ff23f1a863a8a8dcd54c7b109b771c8e61ec9c8"
    "908c733c0263440e2aa067241aaa433f0bb053c7b31a838504b148f570c0ad62837129e547678c5190341e4f"
    "1693956c3bf7678318e2d5b5340c9e488eefea198576344afbdf66db5f51204a6961a63ce072c8926c";

SecretKey key_of(const std::string& text) {
    const auto key = SecretKey::from(hex(text));
    REQUIRE(key);
    return *key;
}

/// Opens a handshake packet of EIP-8: two bytes of size, which are authenticated, then ECIES.
Result<Bytes> open_packet(const SecretKey& key, const Bytes& packet) {
    return ecies_decrypt(key, ByteView{packet}.subspan(2), ByteView{packet}.first(2));
}

/// The items of the list at the front; random padding may follow it.
std::vector<Bytes> list_at_front(ByteView plain) {
    auto list = rlp::take_list(plain);
    REQUIRE(list);
    std::vector<Bytes> out;
    while (!list->empty()) {
        const auto item = rlp::take(*list);
        REQUIRE(item);
        out.push_back(to_bytes(item->payload));
    }
    return out;
}

}  // namespace

TEST_CASE("ECIES: the auth packet of EIP-8 opens", "[crypto]") {
    const auto plain = open_packet(key_of(kStaticKeyB), hex(kAuth2));
    REQUIRE(plain);
    const auto items = list_at_front(*plain);
    REQUIRE(items.size() == 4);
    CHECK(items[0].size() == Signature::kSize);
    CHECK(equal(items[1], key_of(kStaticKeyA).public_key()));
    CHECK(to_hex(items[2]) == kNonceA);
    CHECK(items[3] == Bytes{4});
}

TEST_CASE("ECIES: the auth packet opens for its recipient only", "[crypto]") {
    CHECK(open_packet(key_of(kStaticKeyA), hex(kAuth2)).error().code == Errc::kUnauthenticated);
}

TEST_CASE("ECIES: every handshake packet of EIP-8 opens", "[crypto]") {
    const auto path = test::shared_file("vectors/rlpx.json");
    if (!path) return;
    const json vectors = json::parse(test::read_text(*path));
    for (const char* kind : {"auth", "ack"}) {
        const bool is_auth = std::string_view{kind} == "auth";
        const SecretKey key = key_of(vectors[is_auth ? "static_key_b" : "static_key_a"]);
        CHECK(vectors[kind].size() == 2);
        for (const json& vector : vectors[kind]) {
            CAPTURE(vector["name"].get<std::string>());
            const auto plain = open_packet(key, hex(vector["ciphertext"].get<std::string>()));
            REQUIRE(plain);
            const auto items = list_at_front(*plain);
            const std::size_t version_at = is_auth ? 3 : 2;
            REQUIRE(items.size() == version_at + 1 + vector["extra_list_elements"].size());
            CHECK(items[version_at] == Bytes{vector["version"].get<Byte>()});
            const auto nonce = vectors[is_auth ? "nonce_a" : "nonce_b"].get<std::string>();
            CHECK(to_hex(items[version_at - 1]) == nonce);
        }
    }
}

TEST_CASE("ECIES: what is sealed is opened", "[crypto]") {
    const SecretKey key = SecretKey::generate(system_entropy());
    for (const std::size_t size : {0U, 1U, 16U, 17U, 194U, 2000U}) {
        CAPTURE(size);
        const Bytes plain(size, 0x5a);
        for (const Bytes& mac_data : {Bytes{}, Bytes{0x01, 0xb3}}) {
            const auto sealed = ecies_encrypt(key.public_key(), plain, mac_data, system_entropy());
            REQUIRE(sealed);
            CHECK(sealed->size() == size + kEciesOverhead);
            const auto opened = ecies_decrypt(key, *sealed, mac_data);
            REQUIRE(opened);
            CHECK(*opened == plain);
        }
    }
}

TEST_CASE("ECIES: two messages share neither key nor text", "[crypto]") {
    const SecretKey key = SecretKey::generate(system_entropy());
    const auto first = ecies_encrypt(key.public_key(), as_bytes("hello"), {}, system_entropy());
    const auto second = ecies_encrypt(key.public_key(), as_bytes("hello"), {}, system_entropy());
    REQUIRE(first);
    REQUIRE(second);
    CHECK(Bytes(first->begin(), first->begin() + 65) !=
          Bytes(second->begin(), second->begin() + 65));
    CHECK(*first != *second);
}

TEST_CASE("ECIES: one flipped bit anywhere is an error", "[crypto]") {
    const SecretKey key = SecretKey::generate(system_entropy());
    const Bytes mac_data{0x00, 0x80};
    const auto sealed =
        ecies_encrypt(key.public_key(), as_bytes("attack at dawn"), mac_data, system_entropy());
    REQUIRE(sealed);
    for (std::size_t at = 0; at < sealed->size(); ++at) {
        CAPTURE(at);
        Bytes forged = *sealed;
        forged[at] ^= static_cast<Byte>(1U << (at % 8));
        const auto opened = ecies_decrypt(key, forged, mac_data);
        REQUIRE_FALSE(opened);
        // A point that stays on the curve by chance gives other keys, and so a wrong tag.
        const bool in_point = at < 65;
        CHECK((opened.error().code == Errc::kUnauthenticated ||
               (in_point && opened.error().code == Errc::kMalformed)));
    }
    for (const Bytes& wrong : {Bytes{}, Bytes{0x00, 0x81}, Bytes{0x00, 0x80, 0x00}})
        CHECK(ecies_decrypt(key, *sealed, wrong).error().code == Errc::kUnauthenticated);
}

TEST_CASE("ECIES: a message cut or grown is an error", "[crypto]") {
    const SecretKey key = SecretKey::generate(system_entropy());
    const auto sealed = ecies_encrypt(key.public_key(), as_bytes("x"), {}, system_entropy());
    REQUIRE(sealed);
    for (std::size_t size = 0; size < sealed->size(); ++size) {
        CAPTURE(size);
        const auto opened = ecies_decrypt(key, ByteView{*sealed}.first(size), {});
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code ==
              (size < kEciesOverhead ? Errc::kMalformed : Errc::kUnauthenticated));
    }
    Bytes grown = *sealed;
    grown.push_back(0);
    CHECK(ecies_decrypt(key, grown, {}).error().code == Errc::kUnauthenticated);
}

TEST_CASE("ECIES: nothing is sealed for a key that is not on the curve", "[crypto]") {
    CHECK(ecies_encrypt(PublicKey{}, as_bytes("x"), {}, system_entropy()).error().code ==
          Errc::kMalformed);
}
