#include <cryptopp/keccak.h>

#include <crypto/keccak.hpp>
#include <crypto/keccak_x4.hpp>

namespace fastsync::crypto {

struct Keccak256::State {
    CryptoPP::Keccak_256 sponge;
};

Hash256 keccak256(ByteView message) {
    CryptoPP::Keccak_256 sponge;
    sponge.Update(message.data(), message.size());
    Hash256 out;
    sponge.Final(out.data.data());
    return out;
}

void keccak256_batch(std::span<const ByteView> messages, std::span<Hash256> out) {
    static const bool can_x4 = detail::can_hash_x4();
    // Four lanes cost as much as one message alone, so even two fill them well enough.
    if (can_x4 && messages.size() > 1) {
        detail::keccak256_batch_x4(messages, out);
    } else {
        detail::keccak256_batch_scalar(messages, out);
    }
}

void detail::keccak256_batch_scalar(std::span<const ByteView> messages, std::span<Hash256> out) {
    FASTSYNC_ASSERT(messages.size() == out.size());
    for (std::size_t i = 0; i < messages.size(); ++i)
        out[i] = keccak256(messages[i]);
}

Keccak256::Keccak256() : state_(std::make_unique<State>()) {}
Keccak256::Keccak256(const Keccak256& other) : state_(std::make_unique<State>(*other.state_)) {}
Keccak256& Keccak256::operator=(const Keccak256& other) {
    if (this != &other) state_ = std::make_unique<State>(*other.state_);
    return *this;
}
Keccak256::Keccak256(Keccak256&&) noexcept = default;
Keccak256& Keccak256::operator=(Keccak256&&) noexcept = default;
Keccak256::~Keccak256() = default;

Keccak256& Keccak256::update(ByteView bytes) {
    state_->sponge.Update(bytes.data(), bytes.size());
    return *this;
}

Hash256 Keccak256::digest() const {
    CryptoPP::Keccak_256 finished = state_->sponge;  // padding closes a sponge: close a copy
    Hash256 out;
    finished.Final(out.data.data());
    return out;
}

}  // namespace fastsync::crypto
