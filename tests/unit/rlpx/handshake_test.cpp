#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <crypto/ecies.hpp>
#include <rlp/encode.hpp>
#include <rlpx/handshake.hpp>

#include "peers.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::test;
using rlpx::HandshakeMessage;
using rlpx::Packing;
using rlpx::Role;

namespace {

/// The vectors of EIP-8 "RLPx Handshake".
struct Vectors {
    nlohmann::json json;
    [[nodiscard]] Bytes bytes(const char* name) const {
        return hex(json.at(name).get<std::string>());
    }
    [[nodiscard]] crypto::SecretKey key(const char* name) const {
        return *crypto::SecretKey::from(bytes(name));
    }
    [[nodiscard]] rlpx::Nonce nonce(const char* name) const {
        return *rlpx::Nonce::from(bytes(name));
    }
};

std::optional<Vectors> vectors() {
    const auto path = shared_file("vectors/rlpx.json");
    if (!path) return std::nullopt;
    return Vectors{nlohmann::json::parse(read_text(*path))};
}

Hash256 mac_after(crypto::Keccak256 mac, std::string_view text) {
    return mac.update(as_bytes(text)).digest();
}

/// The ephemeral key an auth was signed with: the digest is the ECDH of the static keys, mixed with
/// the nonce.
crypto::PublicKey signer_of(const rlpx::Auth& auth, const crypto::SecretKey& recipient) {
    const auto token = crypto::ecdh(recipient, auth.initiator);
    REQUIRE(token);
    Hash256 digest;
    for (std::size_t i = 0; i < 32; ++i)
        digest.data[i] = static_cast<Byte>(token->data[i] ^ auth.nonce.data[i]);
    const auto signer = crypto::recover(auth.signature, digest);
    REQUIRE(signer);
    return *signer;
}

/// A message as a shell would read it: plain if it is, else by its length.
Result<rlpx::Unpacked> unpack(HandshakeMessage kind, const crypto::SecretKey& key,
                              const Bytes& packet) {
    const ByteView head = ByteView{packet}.first(rlpx::plain_size(kind));
    if (auto plain = rlpx::unpack_plain(kind, key, head)) return *std::move(plain);
    FASTSYNC_TRY(const std::size_t size, rlpx::eip8_size(kind, head));
    if (size != packet.size()) return Error{Errc::kMalformed, "length"};
    return rlpx::unpack_eip8(key, packet);
}

/// An auth of the form before EIP-8, by hand.
Bytes plain_auth(const crypto::SecretKey& key, const crypto::SecretKey& ephemeral,
                 const rlpx::Nonce& nonce, const NodeId& to, crypto::EntropySource& entropy) {
    const auto token = crypto::ecdh(key, to);
    REQUIRE(token);
    Hash256 digest;
    for (std::size_t i = 0; i < 32; ++i)
        digest.data[i] = static_cast<Byte>(token->data[i] ^ nonce.data[i]);
    Bytes body = to_bytes(crypto::sign(ephemeral, digest));
    append(body, crypto::keccak256(ephemeral.public_key()));
    append(body, key.public_key());
    append(body, nonce);
    body.push_back(0);
    auto sealed = crypto::ecies_encrypt(to, body, {}, entropy);
    REQUIRE(sealed);
    return *std::move(sealed);
}

void check_same(const rlpx::DirectionSecrets& a, const rlpx::DirectionSecrets& b) {
    CHECK(a.aes_key == b.aes_key);
    CHECK(a.mac_key == b.mac_key);
    CHECK(a.mac.digest() == b.mac.digest());
}

}  // namespace

TEST_CASE("Handshake: the auth vectors of EIP-8 are understood", "[rlpx]") {
    const auto v = vectors();
    if (!v) return;
    const auto b = v->key("static_key_b");
    REQUIRE(v->json.at("auth").size() == 2);
    for (const auto& item : v->json.at("auth")) {
        CAPTURE(item.at("name"));
        const auto message =
            unpack(HandshakeMessage::kAuth, b, hex(item.at("ciphertext").get<std::string>()));
        REQUIRE(message);
        CHECK(message->packing == Packing::kEip8);
        const auto auth = rlpx::decode_auth(*message);
        REQUIRE(auth);
        CHECK(auth->version == item.at("version").get<std::uint64_t>());
        CHECK(auth->nonce == v->nonce("nonce_a"));
        CHECK(auth->initiator == v->key("static_key_a").public_key());
        CHECK(to_hex(auth->signature) == v->json.at("auth_signature").get<std::string>());
        CHECK(signer_of(*auth, b) == v->key("ephemeral_key_a").public_key());
    }
}

TEST_CASE("Handshake: the ack vectors of EIP-8 are understood", "[rlpx]") {
    const auto v = vectors();
    if (!v) return;
    REQUIRE(v->json.at("ack").size() == 2);
    for (const auto& item : v->json.at("ack")) {
        CAPTURE(item.at("name"));
        const auto message = unpack(HandshakeMessage::kAck, v->key("static_key_a"),
                                    hex(item.at("ciphertext").get<std::string>()));
        REQUIRE(message);
        const auto ack = rlpx::decode_ack(*message);
        REQUIRE(ack);
        CHECK(ack->version == item.at("version").get<std::uint64_t>());
        CHECK(ack->nonce == v->nonce("nonce_b"));
        CHECK(ack->ephemeral == v->key("ephemeral_key_b").public_key());
    }
}

TEST_CASE("Handshake: both sides derive the secrets of the vector", "[rlpx]") {
    const auto v = vectors();
    if (!v) return;
    const rlpx::Exchange exchange{v->nonce("nonce_a"), v->nonce("nonce_b"),
                                  hex(v->json.at("auth").at(0).at("ciphertext").get<std::string>()),
                                  hex(v->json.at("ack").at(0).at("ciphertext").get<std::string>())};
    const auto ours = rlpx::derive_secrets(Role::kRecipient, v->key("ephemeral_key_b"),
                                           v->key("ephemeral_key_a").public_key(), exchange);
    const auto theirs = rlpx::derive_secrets(Role::kInitiator, v->key("ephemeral_key_a"),
                                             v->key("ephemeral_key_b").public_key(), exchange);
    REQUIRE(ours);
    REQUIRE(theirs);
    const auto& expected = v->json.at("derived_on_recipient_side_from_auth2_ack2");
    CHECK(to_hex(ours->ingress.aes_key) == expected.at("aes_secret").get<std::string>());
    CHECK(to_hex(ours->ingress.mac_key) == expected.at("mac_secret").get<std::string>());
    CHECK(to_hex(mac_after(ours->ingress.mac, "foo")) ==
          expected.at("ingress_mac_after_absorbing_ascii_foo").get<std::string>());
    check_same(ours->ingress, theirs->egress);
    check_same(ours->egress, theirs->ingress);
}

TEST_CASE("Handshake: an initiator with the keys of the vector takes its acks", "[rlpx]") {
    const auto v = vectors();
    if (!v) return;
    const auto b = v->key("static_key_b");
    ScriptedEntropy entropy{{v->bytes("ephemeral_key_a"), v->bytes("nonce_a")}};
    const auto initiator = rlpx::Initiator::make(v->key("static_key_a"), b.public_key(), entropy);
    REQUIRE(initiator);
    const auto message = unpack(HandshakeMessage::kAuth, b, initiator->auth());
    REQUIRE(message);
    const auto auth = rlpx::decode_auth(*message);
    REQUIRE(auth);
    CHECK(auth->version == 4);
    CHECK(auth->nonce == v->nonce("nonce_a"));
    CHECK(signer_of(*auth, b) == v->key("ephemeral_key_a").public_key());
    for (const auto& item : v->json.at("ack")) {
        auto ack = unpack(HandshakeMessage::kAck, v->key("static_key_a"),
                          hex(item.at("ciphertext").get<std::string>()));
        REQUIRE(ack);
        CHECK(initiator->finish(*std::move(ack)));
    }
}

TEST_CASE("Handshake: initiator and recipient agree, with fresh entropy each time", "[rlpx]") {
    const auto a = key_of(1);
    const auto b = key_of(2);
    std::size_t smallest = 4096;
    std::size_t largest = 0;
    for (int i = 0; i < 40; ++i) {
        const auto initiator = rlpx::Initiator::make(a, b.public_key(), crypto::system_entropy());
        REQUIRE(initiator);
        auto auth = unpack(HandshakeMessage::kAuth, b, initiator->auth());
        REQUIRE(auth);
        const auto reply = rlpx::answer(b, *std::move(auth), crypto::system_entropy());
        REQUIRE(reply);
        CHECK(reply->initiator == a.public_key());
        auto ack = unpack(HandshakeMessage::kAck, a, reply->ack);
        REQUIRE(ack);
        const auto secrets = initiator->finish(*std::move(ack));
        REQUIRE(secrets);
        check_same(secrets->egress, reply->secrets.ingress);
        check_same(secrets->ingress, reply->secrets.egress);
        smallest = std::min(smallest, initiator->auth().size());
        largest = std::max(largest, initiator->auth().size());
    }
    // EIP-8 asks for random padding of at least 100 bytes.
    CHECK(smallest >= 2 + 113 + 169 + 100);
    CHECK(largest > smallest);
    CHECK(largest <= rlpx::kMaxHandshakeSize + 2);
}

TEST_CASE("Handshake: a plain auth, older than EIP-8, gets a plain ack", "[rlpx]") {
    ScriptedEntropy entropy;
    const auto a = key_of(1);
    const auto b = key_of(2);
    const auto ephemeral = key_of(3);
    rlpx::Nonce nonce;
    nonce.data.fill(0x44);
    const Bytes packet = plain_auth(a, ephemeral, nonce, b.public_key(), entropy);
    REQUIRE(packet.size() == rlpx::plain_size(HandshakeMessage::kAuth));
    auto auth = unpack(HandshakeMessage::kAuth, b, packet);
    REQUIRE(auth);
    CHECK(auth->packing == Packing::kPlain);
    const auto reply = rlpx::answer(b, *std::move(auth), entropy);
    REQUIRE(reply);
    CHECK(reply->initiator == a.public_key());
    REQUIRE(reply->ack.size() == rlpx::plain_size(HandshakeMessage::kAck));
    const auto ack = unpack(HandshakeMessage::kAck, a, reply->ack);
    REQUIRE(ack);
    CHECK(ack->packing == Packing::kPlain);
    const auto content = rlpx::decode_ack(*ack);
    REQUIRE(content);
    const auto secrets = rlpx::derive_secrets(Role::kInitiator, ephemeral, content->ephemeral,
                                              {nonce, content->nonce, packet, reply->ack});
    REQUIRE(secrets);
    check_same(secrets->egress, reply->secrets.ingress);
    check_same(secrets->ingress, reply->secrets.egress);
}

TEST_CASE("Handshake: a flipped bit anywhere in auth or ack is refused", "[rlpx]") {
    ScriptedEntropy entropy;
    const auto a = key_of(1);
    const auto b = key_of(2);
    const auto initiator = rlpx::Initiator::make(a, b.public_key(), entropy);
    REQUIRE(initiator);
    auto auth = unpack(HandshakeMessage::kAuth, b, initiator->auth());
    REQUIRE(auth);
    const auto reply = rlpx::answer(b, *std::move(auth), entropy);
    REQUIRE(reply);
    for (std::size_t i = 0; i < initiator->auth().size(); i += i < 100 ? 1 : 13) {
        CAPTURE(i);
        Bytes damaged = initiator->auth();
        damaged[i] ^= 0x10;
        CHECK_FALSE(unpack(HandshakeMessage::kAuth, b, damaged));
    }
    for (std::size_t i = 0; i < reply->ack.size(); i += i < 100 ? 1 : 13) {
        CAPTURE(i);
        Bytes damaged = reply->ack;
        damaged[i] ^= 0x10;
        CHECK_FALSE(unpack(HandshakeMessage::kAck, a, damaged));
    }
    // And it is for the right key only.
    CHECK_FALSE(unpack(HandshakeMessage::kAuth, key_of(9), initiator->auth()));
}

TEST_CASE("Handshake: the EIP-8 length has both bounds", "[rlpx]") {
    const auto kind = GENERATE(HandshakeMessage::kAuth, HandshakeMessage::kAck);
    const auto head = [](std::size_t size) {
        return Bytes{static_cast<Byte>(size >> 8U), static_cast<Byte>(size & 0xffU)};
    };
    const std::size_t least = rlpx::plain_size(kind) - 2;
    REQUIRE(rlpx::eip8_size(kind, head(least)));
    CHECK(*rlpx::eip8_size(kind, head(least)) == least + 2);
    CHECK(rlpx::eip8_size(kind, head(least - 1)).error().code == Errc::kMalformed);
    CHECK(rlpx::eip8_size(kind, head(rlpx::kMaxHandshakeSize)));
    CHECK(rlpx::eip8_size(kind, head(rlpx::kMaxHandshakeSize + 1)).error().code == Errc::kTooLarge);
    CHECK_FALSE(rlpx::eip8_size(kind, Bytes(1)));
}

TEST_CASE("Handshake: content that is no auth or ack is malformed", "[rlpx]") {
    const auto packing = GENERATE(Packing::kPlain, Packing::kEip8);
    for (const std::size_t size : {0U, 1U, 96U, 98U, 193U, 195U}) {
        CAPTURE(size);
        const rlpx::Unpacked message{{}, Bytes(size, 0x11), packing};
        CHECK_FALSE(rlpx::decode_auth(message));
        CHECK_FALSE(rlpx::decode_ack(message));
    }
    // A list whose nonce is a byte short.
    const Bytes short_nonce = rlp::encode_list(
        {rlp::encode_string(Bytes(64)), rlp::encode_string(Bytes(31)), rlp::encode_uint(4)});
    CHECK_FALSE(rlpx::decode_ack({{}, short_nonce, Packing::kEip8}));
}

TEST_CASE("Handshake: a signature or a point that fits nothing is refused", "[rlpx]") {
    ScriptedEntropy entropy;
    const auto b = key_of(2);
    const auto auth_with = [](const Bytes& signature, const Bytes& id) {
        return rlpx::Unpacked{
            {},
            rlp::encode_list({rlp::encode_string(signature), rlp::encode_string(id),
                              rlp::encode_string(Bytes(32, 5)), rlp::encode_uint(4)}),
            Packing::kEip8};
    };
    const Bytes good_id = to_bytes(key_of(1).public_key());
    CHECK_FALSE(rlpx::answer(b, auth_with(Bytes(65), good_id), entropy));
    CHECK_FALSE(rlpx::answer(b, auth_with(Bytes(65, 0xff), good_id), entropy));
    CHECK_FALSE(rlpx::answer(b, auth_with(Bytes(65, 1), Bytes(64, 1)), entropy));
    NodeId off_curve;
    off_curve.data.fill(7);
    CHECK_FALSE(rlpx::Initiator::make(b, off_curve, entropy));
}
