#include <algorithm>

#include <crypto/ecies.hpp>
#include <rlp/decode.hpp>
#include <rlp/encode.hpp>
#include <rlpx/handshake.hpp>

namespace fastsync::rlpx {
namespace {

constexpr std::uint64_t kVersion = 4;
constexpr std::size_t kPrefix = 2;
/// EIP-8: 100 to 300 bytes of random padding keep the two forms, and us, apart from the rest.
constexpr std::size_t kMinPadding = 100;
constexpr std::size_t kMaxPadding = 300;
/// First byte of an ECIES message: an uncompressed point.
constexpr Byte kEciesMark = 0x04;

template <class A, class B>
Hash256 exclusive_or(const A& a, const B& b) {
    Hash256 out;
    std::transform(a.data.begin(), a.data.end(), b.data.begin(), out.data.begin(),
                   [](Byte x, Byte y) { return static_cast<Byte>(x ^ y); });
    return out;
}

Hash256 hash_pair(ByteView first, ByteView second) {
    return crypto::Keccak256{}.update(first).update(second).digest();
}

std::array<Byte, kPrefix> prefix_of(std::size_t size) {
    return {static_cast<Byte>(size >> 8U), static_cast<Byte>(size & 0xffU)};
}

Result<Bytes> pack_eip8(const crypto::PublicKey& to, Bytes body, crypto::EntropySource& entropy) {
    const auto dice = entropy.draw<FixedBytes<2, struct DiceTag>>();
    const std::size_t roll = (std::size_t{dice.data[0]} << 8U) | dice.data[1];
    Bytes padding(kMinPadding + roll % (kMaxPadding - kMinPadding + 1));
    entropy.fill(padding);
    append(body, padding);
    const auto prefix = prefix_of(body.size() + crypto::kEciesOverhead);
    FASTSYNC_TRY(const Bytes sealed, crypto::ecies_encrypt(to, body, prefix, entropy));
    Bytes packet{prefix.begin(), prefix.end()};
    append(packet, sealed);
    return packet;
}

Bytes encode_auth(const Auth& auth) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.string(auth.signature).string(auth.initiator).string(auth.nonce).uint(auth.version);
    out.end_list(list);
    return out.take();
}

Result<Bytes> pack_ack(const crypto::PublicKey& to, const Ack& ack, Packing packing,
                       crypto::EntropySource& entropy) {
    if (packing == Packing::kPlain) {
        Bytes body = to_bytes(ack.ephemeral);
        append(body, ack.nonce);
        body.push_back(0);
        return crypto::ecies_encrypt(to, body, {}, entropy);
    }
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.string(ack.ephemeral).string(ack.nonce).uint(ack.version);
    out.end_list(list);
    return pack_eip8(to, out.take(), entropy);
}

/// Cuts a value of fixed size from the front; the caller has checked the length of the whole.
template <class Fixed>
Fixed cut(ByteView& in) {
    Fixed out;
    std::copy_n(in.begin(), Fixed::kSize, out.data.begin());
    in = in.subspan(Fixed::kSize);
    return out;
}

}  // namespace

std::optional<Unpacked> unpack_plain(HandshakeMessage kind, const crypto::SecretKey& key,
                                     ByteView head) {
    if (head.size() != plain_size(kind) || head[0] != kEciesMark) return std::nullopt;
    auto body = crypto::ecies_decrypt(key, head, {});
    if (!body) return std::nullopt;
    return Unpacked{to_bytes(head), *std::move(body), Packing::kPlain};
}

Result<std::size_t> eip8_size(HandshakeMessage kind, ByteView head) {
    if (head.size() < kPrefix) return Error{Errc::kMalformed, "a handshake message without length"};
    const std::size_t size = (std::size_t{head[0]} << 8U) | head[1];
    if (size > kMaxHandshakeSize)
        return Error{Errc::kTooLarge, "a handshake message of more than 2048 bytes"};
    if (size + kPrefix < plain_size(kind))
        return Error{Errc::kMalformed, "a handshake message that is too short"};
    return size + kPrefix;
}

Result<Unpacked> unpack_eip8(const crypto::SecretKey& key, Bytes packet) {
    const ByteView view{packet};
    if (view.size() < kPrefix) return Error{Errc::kMalformed, "a handshake message without length"};
    FASTSYNC_TRY(Bytes body,
                 crypto::ecies_decrypt(key, view.subspan(kPrefix), view.first(kPrefix)));
    return Unpacked{std::move(packet), std::move(body), Packing::kEip8};
}

Result<Auth> decode_auth(const Unpacked& message) {
    ByteView in{message.body};
    Auth auth;
    if (message.packing == Packing::kPlain) {
        constexpr std::size_t kSize = plain_size(HandshakeMessage::kAuth) - crypto::kEciesOverhead;
        if (in.size() != kSize) return Error{Errc::kMalformed, "an auth of wrong size"};
        auth.signature = cut<crypto::Signature>(in);
        // A hash of the ephemeral key, which the signature gives us anyway.
        (void)cut<Hash256>(in);
        auth.initiator = cut<NodeId>(in);
        auth.nonce = cut<Nonce>(in);
        return auth;
    }
    FASTSYNC_TRY(ByteView list, rlp::take_list(in));
    FASTSYNC_TRY(auth.signature, rlp::take_fixed<crypto::Signature>(list));
    FASTSYNC_TRY(auth.initiator, rlp::take_fixed<NodeId>(list));
    FASTSYNC_TRY(auth.nonce, rlp::take_fixed<Nonce>(list));
    FASTSYNC_TRY(auth.version, rlp::take_uint64(list));
    return auth;
}

Result<Ack> decode_ack(const Unpacked& message) {
    ByteView in{message.body};
    Ack ack;
    if (message.packing == Packing::kPlain) {
        constexpr std::size_t kSize = plain_size(HandshakeMessage::kAck) - crypto::kEciesOverhead;
        if (in.size() != kSize) return Error{Errc::kMalformed, "an ack of wrong size"};
        ack.ephemeral = cut<crypto::PublicKey>(in);
        ack.nonce = cut<Nonce>(in);
        return ack;
    }
    FASTSYNC_TRY(ByteView list, rlp::take_list(in));
    FASTSYNC_TRY(ack.ephemeral, rlp::take_fixed<crypto::PublicKey>(list));
    FASTSYNC_TRY(ack.nonce, rlp::take_fixed<Nonce>(list));
    FASTSYNC_TRY(ack.version, rlp::take_uint64(list));
    return ack;
}

Result<Secrets> derive_secrets(Role role, const crypto::SecretKey& ephemeral,
                               const crypto::PublicKey& remote, const Exchange& exchange) {
    FASTSYNC_TRY(const crypto::SharedSecret agreed, crypto::ecdh(ephemeral, remote));
    const Hash256 nonces = hash_pair(exchange.recipient_nonce, exchange.initiator_nonce);
    const Hash256 shared = hash_pair(agreed, nonces);
    const Hash256 aes = hash_pair(agreed, shared);
    const Hash256 mac = hash_pair(agreed, aes);

    crypto::Keccak256 of_initiator;
    of_initiator.update(exclusive_or(mac, exchange.recipient_nonce)).update(exchange.auth);
    crypto::Keccak256 of_recipient;
    of_recipient.update(exclusive_or(mac, exchange.initiator_nonce)).update(exchange.ack);
    DirectionSecrets forth{aes, mac, std::move(of_initiator)};
    DirectionSecrets back{aes, mac, std::move(of_recipient)};
    if (role == Role::kInitiator) return Secrets{std::move(forth), std::move(back)};
    return Secrets{std::move(back), std::move(forth)};
}

Result<Initiator> Initiator::make(const crypto::SecretKey& key, const NodeId& remote,
                                  crypto::EntropySource& entropy) {
    FASTSYNC_TRY(const crypto::SharedSecret token, crypto::ecdh(key, remote));
    crypto::SecretKey ephemeral = crypto::SecretKey::generate(entropy);
    Initiator self{std::move(ephemeral), entropy.draw<Nonce>()};
    const Auth auth{crypto::sign(self.ephemeral_, exclusive_or(token, self.nonce_)),
                    key.public_key(), self.nonce_, kVersion};
    FASTSYNC_TRY(self.auth_, pack_eip8(remote, encode_auth(auth), entropy));
    return self;
}

Result<Secrets> Initiator::finish(Unpacked ack) const {
    FASTSYNC_TRY(const Ack content, decode_ack(ack));
    return derive_secrets(Role::kInitiator, ephemeral_, content.ephemeral,
                          {nonce_, content.nonce, auth_, std::move(ack.packet)});
}

Result<Answer> answer(const crypto::SecretKey& key, Unpacked auth, crypto::EntropySource& entropy) {
    FASTSYNC_TRY(const Auth content, decode_auth(auth));
    FASTSYNC_TRY(const crypto::SharedSecret token, crypto::ecdh(key, content.initiator));
    FASTSYNC_TRY(const crypto::PublicKey remote_ephemeral,
                 crypto::recover(content.signature, exclusive_or(token, content.nonce)));
    const crypto::SecretKey ephemeral = crypto::SecretKey::generate(entropy);
    const Ack ack{ephemeral.public_key(), entropy.draw<Nonce>(), kVersion};
    FASTSYNC_TRY(Bytes packet, pack_ack(content.initiator, ack, auth.packing, entropy));
    FASTSYNC_TRY(Secrets secrets,
                 derive_secrets(Role::kRecipient, ephemeral, remote_ephemeral,
                                {content.nonce, ack.nonce, std::move(auth.packet), packet}));
    return Answer{std::move(packet), content.initiator, std::move(secrets)};
}

}  // namespace fastsync::rlpx
