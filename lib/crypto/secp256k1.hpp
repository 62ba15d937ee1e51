#pragma once

#include <common/bytes.hpp>
#include <crypto/entropy.hpp>

namespace fastsync::crypto {

/// 64 bytes: x then y, big-endian, without the 0x04 prefix; the form of an enode id.
using PublicKey = FixedBytes<64, struct PublicKeyTag>;
/// r (32), s (32), recovery id (1, value 0..3).
using Signature = FixedBytes<65, struct SignatureTag>;
/// r (32), s (32): a signature whose key is known from elsewhere.
using PlainSignature = FixedBytes<64, struct PlainSignatureTag>;
/// 0x02 or 0x03 for an even or odd y, then x (SEC 1, section 2.3.3).
using CompressedKey = FixedBytes<33, struct CompressedKeyTag>;
/// The x coordinate of an ECDH product, not hashed.
using SharedSecret = FixedBytes<32, struct SharedSecretTag>;

/// A valid secp256k1 private key. Every copy is wiped when destroyed; never printed.
class SecretKey {
  public:
    /// kMalformed unless it is 32 bytes in [1, n).
    [[nodiscard]] static Result<SecretKey> from(ByteView bytes);
    [[nodiscard]] static SecretKey generate(EntropySource& entropy);
    SecretKey(const SecretKey&) = default;
    SecretKey& operator=(const SecretKey&) = default;
    ~SecretKey();

    [[nodiscard]] ByteView bytes() const noexcept { return bytes_.view(); }
    [[nodiscard]] PublicKey public_key() const;

  private:
    SecretKey() = default;

    FixedBytes<32, struct SecretKeyTag> bytes_;
};

/// kMalformed unless the point is on the curve.
[[nodiscard]] Result<void> check_public_key(const PublicKey& key);
[[nodiscard]] CompressedKey compress(const PublicKey& key);
/// kMalformed unless it is a point on the curve.
[[nodiscard]] Result<PublicKey> decompress(const CompressedKey& key);
/// Deterministic (RFC 6979), s in the lower half.
[[nodiscard]] Signature sign(const SecretKey& key, const Hash256& digest);
/// True when `signature` (r, s without recovery id; s in the lower half) is of `key` over `digest`.
[[nodiscard]] bool verify(const PlainSignature& signature, const Hash256& digest,
                          const PublicKey& key);
/// kUnauthenticated when no key fits.
[[nodiscard]] Result<PublicKey> recover(const Signature& signature, const Hash256& digest);
/// kMalformed when `key` is not on the curve.
[[nodiscard]] Result<SharedSecret> ecdh(const SecretKey& secret, const PublicKey& key);

}  // namespace fastsync::crypto
