#include <cryptopp/aes.h>
#include <cryptopp/modes.h>

#include <crypto/aes.hpp>

// Crypto++ throws on keys and vectors of a wrong size only; ours are checked before it sees them.
namespace fastsync::crypto {
namespace {

constexpr std::size_t kBlockSize = CryptoPP::AES::BLOCKSIZE;
constexpr std::size_t kAes128Key = 16;
constexpr std::size_t kAes256Key = 32;

}  // namespace

struct AesCtr::State {
    CryptoPP::CTR_Mode<CryptoPP::AES>::Encryption stream;
};

AesCtr::AesCtr(ByteView key, ByteView iv) : state_(std::make_unique<State>()) {
    FASTSYNC_ASSERT(key.size() == kAes128Key || key.size() == kAes256Key);
    FASTSYNC_ASSERT(iv.size() == kBlockSize);
    state_->stream.SetKeyWithIV(key.data(), key.size(), iv.data(), iv.size());
}
AesCtr::AesCtr(AesCtr&&) noexcept = default;
AesCtr& AesCtr::operator=(AesCtr&&) noexcept = default;
AesCtr::~AesCtr() = default;

void AesCtr::apply(std::span<Byte> data) {
    if (!data.empty()) state_->stream.ProcessData(data.data(), data.data(), data.size());
}

struct AesBlock::State {
    CryptoPP::AES::Encryption cipher;
};

AesBlock::AesBlock(ByteView key) : state_(std::make_unique<State>()) {
    FASTSYNC_ASSERT(key.size() == kAes256Key);
    state_->cipher.SetKey(key.data(), key.size());
}
AesBlock::AesBlock(AesBlock&&) noexcept = default;
AesBlock& AesBlock::operator=(AesBlock&&) noexcept = default;
AesBlock::~AesBlock() = default;

std::array<Byte, 16> AesBlock::encrypt(std::span<const Byte, 16> block) const {
    std::array<Byte, kBlockSize> out{};
    state_->cipher.ProcessBlock(block.data(), out.data());
    return out;
}

}  // namespace fastsync::crypto
