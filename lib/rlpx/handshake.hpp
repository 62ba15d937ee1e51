#pragma once

#include <cstdint>
#include <optional>

#include <common/bytes.hpp>
#include <crypto/entropy.hpp>
#include <crypto/keccak.hpp>
#include <crypto/secp256k1.hpp>
#include <enode/enode.hpp>

/// The key exchange of devp2p rlpx.md "Initial Handshake", without I/O: auth from the initiator,
/// ack from the recipient. We write the EIP-8 form and answer the older plain form in kind.
namespace fastsync::rlpx {

using Nonce = FixedBytes<32, struct NonceTag>;

/// How a handshake message is packed: ECIES alone, of one size; or behind a 2-byte length (EIP-8).
enum class Packing : std::uint8_t { kPlain, kEip8 };
enum class HandshakeMessage : std::uint8_t { kAuth, kAck };

/// Largest EIP-8 message, bytes behind the length.
inline constexpr std::size_t kMaxHandshakeSize = 2048;
/// Size of the plain form. The EIP-8 form is never smaller.
[[nodiscard]] constexpr std::size_t plain_size(HandshakeMessage kind) noexcept {
    return kind == HandshakeMessage::kAuth ? 307 : 210;
}

/// A received message, decrypted.
struct Unpacked {
    Bytes packet;  ///< as received
    Bytes body;
    Packing packing = Packing::kEip8;
};

/// Takes the first plain_size(kind) bytes for a message of the plain form, if they are one.
[[nodiscard]] std::optional<Unpacked> unpack_plain(HandshakeMessage kind,
                                                   const crypto::SecretKey& key, ByteView head);
/// How long the EIP-8 message with these first bytes is in all. kMalformed, kTooLarge.
[[nodiscard]] Result<std::size_t> eip8_size(HandshakeMessage kind, ByteView head);
/// kMalformed, kUnauthenticated
[[nodiscard]] Result<Unpacked> unpack_eip8(const crypto::SecretKey& key, Bytes packet);

/// Content of auth. Further list elements and bytes behind the list are ignored (EIP-8).
struct Auth {
    crypto::Signature signature;
    NodeId initiator;
    Nonce nonce;
    std::uint64_t version = 0;
};
/// Content of ack.
struct Ack {
    crypto::PublicKey ephemeral;
    Nonce nonce;
    std::uint64_t version = 0;
};
[[nodiscard]] Result<Auth> decode_auth(const Unpacked& message);
[[nodiscard]] Result<Ack> decode_ack(const Unpacked& message);

/// Keys and MAC state of one direction.
struct DirectionSecrets {
    Hash256 aes_key;
    Hash256 mac_key;
    crypto::Keccak256 mac;
};
struct Secrets {
    DirectionSecrets egress;
    DirectionSecrets ingress;
};

/// What both sides know after the exchange.
struct Exchange {
    Nonce initiator_nonce;
    Nonce recipient_nonce;
    Bytes auth;  ///< as sent, with the length in front
    Bytes ack;
};
enum class Role : std::uint8_t { kInitiator, kRecipient };
/// kMalformed when `remote` is no point of the curve.
[[nodiscard]] Result<Secrets> derive_secrets(Role role, const crypto::SecretKey& ephemeral,
                                             const crypto::PublicKey& remote,
                                             const Exchange& exchange);

/// Our side when we dial: send auth(), give the answer to finish().
class Initiator {
  public:
    /// kMalformed when `remote` is no point of the curve.
    [[nodiscard]] static Result<Initiator> make(const crypto::SecretKey& key, const NodeId& remote,
                                                crypto::EntropySource& entropy);
    [[nodiscard]] const Bytes& auth() const noexcept { return auth_; }
    [[nodiscard]] Result<Secrets> finish(Unpacked ack) const;

  private:
    Initiator(crypto::SecretKey ephemeral, const Nonce& nonce)
        : ephemeral_(std::move(ephemeral)), nonce_(nonce) {}

    crypto::SecretKey ephemeral_;
    Nonce nonce_;
    Bytes auth_;
};

/// Our side when we are dialed: the answer to send and what follows from it.
struct Answer {
    Bytes ack;
    NodeId initiator;
    Secrets secrets;
};
/// kMalformed, kUnauthenticated (the signature does not fit).
[[nodiscard]] Result<Answer> answer(const crypto::SecretKey& key, Unpacked auth,
                                    crypto::EntropySource& entropy);

}  // namespace fastsync::rlpx
