#include <type_traits>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <crypto/keccak.hpp>
#include <crypto/secp256k1.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::crypto;
using nlohmann::json;
using test::hash_of;
using test::hex;

namespace {

// SEC 2, section 2.4.1: the order n and the base point G.
constexpr const char* kOrder = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
constexpr const char* kBelowOrder =
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";
constexpr const char* kBaseX = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
constexpr const char* kBaseY = "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
constexpr const char* kOne = "0000000000000000000000000000000000000000000000000000000000000001";

SecretKey key_of(std::string_view text) {
    const auto key = SecretKey::from(hex(text));
    REQUIRE(key);
    return *key;
}

/// Yields the chunks it was given, one a call.
class ScriptedEntropy final : public EntropySource {
  public:
    explicit ScriptedEntropy(std::vector<Bytes> chunks) : chunks_(std::move(chunks)) {}
    void fill(std::span<Byte> out) override {
        REQUIRE(next_ < chunks_.size());
        REQUIRE(chunks_[next_].size() == out.size());
        std::copy(chunks_[next_].begin(), chunks_[next_].end(), out.begin());
        ++next_;
    }

  private:
    std::vector<Bytes> chunks_;
    std::size_t next_ = 0;
};

}  // namespace

TEST_CASE("SecretKey: only 32 bytes in [1, n) are a key", "[crypto]") {
    CHECK(SecretKey::from(hex(kOne)));
    CHECK(SecretKey::from(hex(kBelowOrder)));
    for (const Bytes& bad : {hex(kOrder), Bytes(32, 0x00), Bytes(32, 0xff), Bytes(31, 0x01),
                             Bytes(33, 0x01), Bytes{}}) {
        CAPTURE(to_hex(bad));
        const auto key = SecretKey::from(bad);
        REQUIRE_FALSE(key);
        CHECK(key.error().code == Errc::kMalformed);
    }
}

TEST_CASE("SecretKey: the public key of one is the base point", "[crypto]") {
    CHECK(to_hex(key_of(kOne).public_key()) == std::string{kBaseX} + kBaseY);
}

TEST_CASE("SecretKey: the bytes are wiped with the object", "[crypto]") {
    alignas(SecretKey) std::array<Byte, sizeof(SecretKey)> place{};
    auto* key = new (place.data()) SecretKey(key_of(kBelowOrder));
    REQUIRE(equal(key->bytes(), hex(kBelowOrder)));
    key->~SecretKey();
    // Through volatile: to the compiler these bytes stopped existing.
    const volatile Byte* left = place.data();
    for (std::size_t i = 0; i < place.size(); ++i)
        CHECK(left[i] == 0);
}

TEST_CASE("SecretKey: a draw that is no key is drawn again", "[crypto]") {
    ScriptedEntropy entropy({Bytes(32, 0x00), hex(kOrder), hex(kBelowOrder)});
    CHECK(to_hex(SecretKey::generate(entropy).bytes()) == kBelowOrder);
    const SecretKey random = SecretKey::generate(system_entropy());
    CHECK_FALSE(equal(random.bytes(), SecretKey::generate(system_entropy()).bytes()));
}

TEST_CASE("check_public_key: a point must be on the curve", "[crypto]") {
    PublicKey key = key_of(kOne).public_key();
    CHECK(check_public_key(key));
    key.data[63] ^= 1U;
    CHECK(check_public_key(key).error().code == Errc::kMalformed);
    CHECK(check_public_key(PublicKey{}).error().code == Errc::kMalformed);
    PublicKey over_field;
    over_field.data.fill(0xff);
    CHECK(check_public_key(over_field).error().code == Errc::kMalformed);
}

TEST_CASE("sign: deterministic as in RFC 6979", "[crypto]") {
    // SHA-256 of "Satoshi Nakamoto" under the key 1: a vector many wallets share.
    const Hash256 digest =
        hash_of("a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e");
    const Signature signature = sign(key_of(kOne), digest);
    CHECK(to_hex(ByteView{signature}.first(64)) ==
          "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
          "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5");
    CHECK(signature.data[64] <= 3);
    CHECK(*recover(signature, digest) == key_of(kOne).public_key());
}

TEST_CASE("recover: gives the signer back, and another key for another digest", "[crypto]") {
    for (Byte i = 1; i <= 32; ++i) {
        CAPTURE(int{i});
        const SecretKey key = SecretKey::generate(system_entropy());
        const Hash256 digest = keccak256(Bytes{i});
        const Signature signature = sign(key, digest);
        CHECK(*recover(signature, digest) == key.public_key());
        const auto other = recover(signature, keccak256(Bytes{0}));
        CHECK((!other || *other != key.public_key()));
    }
}

TEST_CASE("recover: a signature outside the group fits no key", "[crypto]") {
    const Hash256 digest = keccak256(Bytes{1});
    const Signature good = sign(key_of(kBelowOrder), digest);
    const auto code_of = [&](const Signature& signature) {
        const auto key = recover(signature, digest);
        REQUIRE_FALSE(key);
        return key.error().code;
    };
    for (unsigned id = 4; id < 256; ++id) {
        Signature bad = good;
        bad.data[64] = static_cast<Byte>(id);
        CHECK(code_of(bad) == Errc::kUnauthenticated);
    }
    CHECK(code_of(Signature{}) == Errc::kUnauthenticated);
    const Bytes order = hex(kOrder);
    for (const std::ptrdiff_t at : {0, 32}) {
        Signature bad = good;
        std::copy(order.begin(), order.end(), bad.data.begin() + at);
        CHECK(code_of(bad) == Errc::kUnauthenticated);
        std::fill_n(bad.data.begin() + at, 32, Byte{0});
        CHECK(code_of(bad) == Errc::kUnauthenticated);
    }
}

TEST_CASE("ecdh: both sides get the same raw x coordinate", "[crypto]") {
    const SecretKey a = SecretKey::generate(system_entropy());
    const SecretKey b = SecretKey::generate(system_entropy());
    CHECK(*ecdh(a, b.public_key()) == *ecdh(b, a.public_key()));
    // One times a point is the point: its x comes out unhashed.
    CHECK(to_hex(*ecdh(key_of(kOne), a.public_key())) == to_hex(a.public_key().view().first(32)));
    CHECK(ecdh(a, PublicKey{}).error().code == Errc::kMalformed);
}

TEST_CASE("secp256k1: the auth signature of EIP-8 names its signer", "[crypto]") {
    const auto path = test::shared_file("vectors/rlpx.json");
    if (!path) return;
    const json vectors = json::parse(test::read_text(*path));
    const auto secret = [&](const char* name) { return key_of(vectors[name].get<std::string>()); };
    // The signed digest is the static shared secret xor the nonce (rlpx.md, "Initial Handshake").
    const auto shared = ecdh(secret("static_key_b"), secret("static_key_a").public_key());
    REQUIRE(shared);
    Hash256 digest = hash_of(vectors["nonce_a"].get<std::string>());
    for (std::size_t i = 0; i < digest.data.size(); ++i)
        digest.data[i] ^= shared->data[i];
    const auto signature = fixed_from_hex<Signature>(vectors["auth_signature"].get<std::string>());
    REQUIRE(signature);
    CHECK(*recover(*signature, digest) == secret("ephemeral_key_a").public_key());
}

TEST_CASE("secp256k1: the discovery packets of EIP-8 name their signer", "[crypto]") {
    const auto path = test::shared_file("vectors/eip8-all.json");
    if (!path) return;
    const SecretKey signer =
        key_of("b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291");
    int packets = 0;
    const json vectors = json::parse(test::read_text(*path));
    for (const json& block : vectors["blocks"]) {
        const auto caption = block["caption"].get<std::string>();
        if (caption.find("hello") != std::string::npos) continue;
        CAPTURE(caption);
        ++packets;
        // hash (32) || signature (65) || type || data
        const Bytes packet = hex(block["hex"].get<std::string>());
        const ByteView view{packet};
        CHECK(equal(keccak256(view.subspan(32)), view.first(32)));
        const auto signature = Signature::from(view.subspan(32, 65));
        REQUIRE(signature);
        CHECK(*recover(*signature, keccak256(view.subspan(97))) == signer.public_key());
    }
    CHECK(packets == 5);
}

TEST_CASE("compress: a key in 33 bytes and back", "[crypto]") {
    const PublicKey base = key_of(kOne).public_key();
    CHECK(to_hex(compress(base)) == std::string{"02"} + kBaseX);
    for (const char* secret : {kOne, kBelowOrder}) {
        const PublicKey key = key_of(secret).public_key();
        const auto back = decompress(compress(key));
        REQUIRE(back);
        CHECK(*back == key);
    }
    CHECK(compress(key_of(kBelowOrder).public_key()).data[0] == 0x03);
    for (const std::string first : {"00", "01", "04", "05", "06"}) {
        const auto bad = decompress(*CompressedKey::from(hex(first + kBaseX)));
        REQUIRE_FALSE(bad);
        CHECK(bad.error().code == Errc::kMalformed);
    }
    CHECK_FALSE(decompress(*CompressedKey::from(hex("02" + std::string(64, 'f')))));
}

TEST_CASE("verify: only the signature of this key over this digest", "[crypto]") {
    const SecretKey key = key_of(kBelowOrder);
    const Hash256 digest = keccak256(as_bytes("message"));
    const Signature signature = sign(key, digest);
    const PlainSignature plain = *PlainSignature::from(signature.view().first(64));
    CHECK(verify(plain, digest, key.public_key()));
    CHECK_FALSE(verify(plain, keccak256(as_bytes("other")), key.public_key()));
    CHECK_FALSE(verify(plain, digest, key_of(kOne).public_key()));
    CHECK_FALSE(verify(plain, digest, PublicKey{}));
    for (const std::size_t at : {0U, 31U, 32U, 63U}) {
        PlainSignature flipped = plain;
        flipped.data[at] ^= 1U;
        CHECK_FALSE(verify(flipped, digest, key.public_key()));
    }
    PlainSignature overflow;
    overflow.data.fill(0xff);
    CHECK_FALSE(verify(overflow, digest, key.public_key()));
}
