#pragma once

#include <common/bytes.hpp>
#include <crypto/entropy.hpp>
#include <crypto/secp256k1.hpp>

/// ECIES as RLPx uses it (devp2p rlpx.md "ECIES Encryption"): ECDH on secp256k1, NIST SP 800-56 KDF
/// with SHA-256, AES-128-CTR, HMAC-SHA-256. Message: 0x04 || ephemeral key (64) || iv (16) ||
/// ciphertext || tag (32).
namespace fastsync::crypto {

/// Bytes a message grows by: 65 + 16 + 32.
inline constexpr std::size_t kEciesOverhead = 113;

/// `mac_data` is authenticated but not sent: the two length bytes of an EIP-8 handshake, else
/// empty.
[[nodiscard]] Result<Bytes> ecies_encrypt(const PublicKey& to, ByteView plain, ByteView mac_data,
                                          EntropySource& entropy);
/// kMalformed (too short, bad point), kUnauthenticated (tag).
[[nodiscard]] Result<Bytes> ecies_decrypt(const SecretKey& key, ByteView message,
                                          ByteView mac_data);

}  // namespace fastsync::crypto
