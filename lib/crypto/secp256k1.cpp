#include <cstring>

#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <secp256k1_recovery.h>

#include <crypto/secp256k1.hpp>

namespace fastsync::crypto {
namespace {

constexpr Byte kUncompressed = 0x04;
constexpr std::size_t kSerializedSize = 1 + PublicKey::kSize;
constexpr std::size_t kRecoveryIdAt = 64;
constexpr Byte kMaxRecoveryId = 3;
constexpr int kMaxKeyDraws = 8;

/// One for the process: making it costs more than a signature. Only read after it is made, so any
/// thread may use it. Never destroyed: keys may outlive static objects.
const secp256k1_context* context() {
    static const secp256k1_context* instance = [] {
        secp256k1_context* made = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
        FASTSYNC_ASSERT(made != nullptr);
        // Blinds what a side channel could learn from our own keys.
        std::array<Byte, 32> seed{};
        system_entropy().fill(seed);
        FASTSYNC_ASSERT(secp256k1_context_randomize(made, seed.data()) == 1);
        return made;
    }();
    return instance;
}

Result<secp256k1_pubkey> parse(const PublicKey& key) {
    std::array<Byte, kSerializedSize> serialized{kUncompressed};
    std::copy(key.data.begin(), key.data.end(), serialized.begin() + 1);
    secp256k1_pubkey point;
    if (secp256k1_ec_pubkey_parse(context(), &point, serialized.data(), serialized.size()) != 1)
        return Error{Errc::kMalformed, "public key that is not on the curve"};
    return point;
}

PublicKey serialize(const secp256k1_pubkey& point) {
    std::array<Byte, kSerializedSize> serialized{};
    std::size_t size = serialized.size();
    secp256k1_ec_pubkey_serialize(context(), serialized.data(), &size, &point,
                                  SECP256K1_EC_UNCOMPRESSED);
    PublicKey out;
    std::copy(serialized.begin() + 1, serialized.end(), out.data.begin());
    return out;
}

/// RLPx wants the x coordinate itself; the library would hash it.
int copy_x(unsigned char* out, const unsigned char* x, const unsigned char*, void*) {
    std::memcpy(out, x, SharedSecret::kSize);
    return 1;
}

}  // namespace

Result<SecretKey> SecretKey::from(ByteView bytes) {
    constexpr std::size_t kSize = decltype(SecretKey::bytes_)::kSize;
    if (bytes.size() != kSize) return Error{Errc::kMalformed, "secret key that is not 32 bytes"};
    if (secp256k1_ec_seckey_verify(context(), bytes.data()) != 1)
        return Error{Errc::kMalformed, "secret key outside [1, n)"};
    SecretKey out;
    std::copy(bytes.begin(), bytes.end(), out.bytes_.data.begin());
    return out;
}

SecretKey SecretKey::generate(EntropySource& entropy) {
    SecretKey out;
    int draws = 0;
    do {
        // One draw in 2^128 is no valid key: a source that keeps giving such is broken.
        FASTSYNC_ASSERT(++draws <= kMaxKeyDraws);
        entropy.fill(out.bytes_.data);
    } while (secp256k1_ec_seckey_verify(context(), out.bytes_.data.data()) != 1);
    return out;
}

SecretKey::~SecretKey() {
    // Not memset, which the compiler may leave out for an object that ends here.
    ::explicit_bzero(bytes_.data.data(), bytes_.data.size());
}

PublicKey SecretKey::public_key() const {
    secp256k1_pubkey point;
    FASTSYNC_ASSERT(secp256k1_ec_pubkey_create(context(), &point, bytes_.data.data()) == 1);
    return serialize(point);
}

Result<void> check_public_key(const PublicKey& key) {
    FASTSYNC_CHECK(parse(key));
    return {};
}

CompressedKey compress(const PublicKey& key) {
    constexpr Byte kEven = 0x02;
    CompressedKey out;
    out.data[0] = static_cast<Byte>(kEven | (key.data.back() & 1U));
    std::copy_n(key.data.begin(), CompressedKey::kSize - 1, out.data.begin() + 1);
    return out;
}

Result<PublicKey> decompress(const CompressedKey& key) {
    secp256k1_pubkey point;
    if (secp256k1_ec_pubkey_parse(context(), &point, key.data.data(), key.data.size()) != 1)
        return Error{Errc::kMalformed, "compressed public key that is not on the curve"};
    return serialize(point);
}

bool verify(const PlainSignature& signature, const Hash256& digest, const PublicKey& key) {
    const auto point = parse(key);
    if (!point) return false;
    secp256k1_ecdsa_signature parsed;
    if (secp256k1_ecdsa_signature_parse_compact(context(), &parsed, signature.data.data()) != 1)
        return false;
    return secp256k1_ecdsa_verify(context(), &parsed, digest.data.data(), &*point) == 1;
}

Signature sign(const SecretKey& key, const Hash256& digest) {
    secp256k1_ecdsa_recoverable_signature signature;
    FASTSYNC_ASSERT(secp256k1_ecdsa_sign_recoverable(context(), &signature, digest.data.data(),
                                                     key.bytes().data(), nullptr, nullptr) == 1);
    Signature out;
    int recovery_id = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context(), out.data.data(),
                                                            &recovery_id, &signature);
    out.data[kRecoveryIdAt] = static_cast<Byte>(recovery_id);
    return out;
}

Result<PublicKey> recover(const Signature& signature, const Hash256& digest) {
    const Byte recovery_id = signature.data[kRecoveryIdAt];
    // Checked here because the library ends the process on an id it does not know.
    if (recovery_id > kMaxRecoveryId)
        return Error{Errc::kUnauthenticated, "signature with a recovery id over 3"};
    secp256k1_ecdsa_recoverable_signature parsed;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(
            context(), &parsed, signature.data.data(), recovery_id) != 1)
        return Error{Errc::kUnauthenticated, "signature with r or s outside the group"};
    secp256k1_pubkey point;
    if (secp256k1_ecdsa_recover(context(), &point, &parsed, digest.data.data()) != 1)
        return Error{Errc::kUnauthenticated, "signature that fits no public key"};
    return serialize(point);
}

Result<SharedSecret> ecdh(const SecretKey& secret, const PublicKey& key) {
    FASTSYNC_TRY(const secp256k1_pubkey point, parse(key));
    SharedSecret out;
    FASTSYNC_ASSERT(secp256k1_ecdh(context(), out.data.data(), &point, secret.bytes().data(),
                                   copy_x, nullptr) == 1);
    return out;
}

}  // namespace fastsync::crypto
