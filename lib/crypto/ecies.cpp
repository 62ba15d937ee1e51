#include <cryptopp/hmac.h>
#include <cryptopp/misc.h>
#include <cryptopp/sha.h>

#include <crypto/aes.hpp>
#include <crypto/ecies.hpp>

namespace fastsync::crypto {
namespace {

constexpr Byte kUncompressed = 0x04;
constexpr std::size_t kPointSize = 1 + PublicKey::kSize;
constexpr std::size_t kCipherKeySize = 16;

using Iv = FixedBytes<16, struct EciesIvTag>;
using Tag = FixedBytes<CryptoPP::SHA256::DIGESTSIZE, struct EciesMacTag>;

static_assert(kEciesOverhead == kPointSize + Iv::kSize + Tag::kSize);

struct Keys {
    std::array<Byte, kCipherKeySize> cipher{};
    std::array<Byte, CryptoPP::SHA256::DIGESTSIZE> mac{};
};

/// NIST SP 800-56 concatenation KDF: SHA-256(counter || z) gives 32 bytes, so one round is enough.
/// The second half is hashed once more before it keys the MAC.
Keys derive_keys(const SharedSecret& secret) {
    static constexpr std::array<Byte, 4> kCounter{0, 0, 0, 1};
    std::array<Byte, CryptoPP::SHA256::DIGESTSIZE> material{};
    CryptoPP::SHA256 hash;
    hash.Update(kCounter.data(), kCounter.size());
    hash.Update(secret.data.data(), secret.data.size());
    hash.Final(material.data());
    Keys out;
    std::copy_n(material.begin(), kCipherKeySize, out.cipher.begin());
    hash.CalculateDigest(out.mac.data(), material.data() + kCipherKeySize,
                         material.size() - kCipherKeySize);
    return out;
}

/// HMAC-SHA-256 of iv || ciphertext, then of what is authenticated without being sent.
Tag authenticate(const Keys& keys, ByteView iv_and_ciphertext, ByteView mac_data) {
    CryptoPP::HMAC<CryptoPP::SHA256> mac(keys.mac.data(), keys.mac.size());
    mac.Update(iv_and_ciphertext.data(), iv_and_ciphertext.size());
    mac.Update(mac_data.data(), mac_data.size());
    Tag out;
    mac.Final(out.data.data());
    return out;
}

}  // namespace

Result<Bytes> ecies_encrypt(const PublicKey& to, ByteView plain, ByteView mac_data,
                            EntropySource& entropy) {
    const SecretKey ephemeral = SecretKey::generate(entropy);
    FASTSYNC_TRY(const SharedSecret secret, ecdh(ephemeral, to));
    const Keys keys = derive_keys(secret);
    const Iv iv = entropy.draw<Iv>();

    Bytes out;
    out.reserve(kEciesOverhead + plain.size());
    out.push_back(kUncompressed);
    append(out, ephemeral.public_key());
    append(out, iv);
    append(out, plain);
    AesCtr(keys.cipher, iv).apply(std::span{out}.subspan(kPointSize + Iv::kSize));
    append(out, authenticate(keys, ByteView{out}.subspan(kPointSize), mac_data));
    return out;
}

Result<Bytes> ecies_decrypt(const SecretKey& key, ByteView message, ByteView mac_data) {
    if (message.size() < kEciesOverhead)
        return Error{Errc::kMalformed, "ECIES message shorter than its overhead"};
    if (message.front() != kUncompressed)
        return Error{Errc::kMalformed, "ECIES message whose key is not in uncompressed form"};
    FASTSYNC_TRY(const PublicKey ephemeral, PublicKey::from(message.subspan(1, PublicKey::kSize)));
    FASTSYNC_TRY(const SharedSecret secret, ecdh(key, ephemeral));
    const Keys keys = derive_keys(secret);

    const std::size_t tag_at = message.size() - Tag::kSize;
    const ByteView sealed = message.subspan(kPointSize, tag_at - kPointSize);
    const Tag tag = authenticate(keys, sealed, mac_data);
    // In constant time: how many bytes of a forged tag were right is nobody's business.
    if (!CryptoPP::VerifyBufsEqual(tag.data.data(), message.data() + tag_at, Tag::kSize))
        return Error{Errc::kUnauthenticated, "ECIES message with a wrong tag"};

    Bytes plain = to_bytes(sealed.subspan(Iv::kSize));
    AesCtr(keys.cipher, sealed.first(Iv::kSize)).apply(plain);
    return plain;
}

}  // namespace fastsync::crypto
