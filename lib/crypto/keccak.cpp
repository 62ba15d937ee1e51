#include <variant>

#include <cryptopp/keccak.h>

#include <crypto/keccak.hpp>
#include <crypto/keccak_vector.hpp>

namespace fastsync::crypto {
namespace {

bool has_avx512() {
    static const bool has = detail::can_hash_avx512();
    return has;
}

Hash256 scalar_keccak256(ByteView message) {
    CryptoPP::Keccak_256 sponge;
    sponge.Update(message.data(), message.size());
    Hash256 out;
    sponge.Final(out.data.data());
    return out;
}

}  // namespace

struct Keccak256::State {
    /// What this CPU does fastest.
    std::variant<CryptoPP::Keccak_256, detail::VectorSponge> sponge;

    explicit State(By by) {
        if (by == By::kFastest && has_avx512()) sponge.emplace<detail::VectorSponge>();
    }
};

Hash256 keccak256(ByteView message) {
    if (!has_avx512()) return scalar_keccak256(message);
    detail::VectorSponge sponge;
    sponge.update(message);
    return sponge.digest();
}

void keccak256_batch(std::span<const ByteView> messages, std::span<Hash256> out) {
    static const bool can_x4 = detail::can_hash_x4();
    FASTSYNC_ASSERT(messages.size() == out.size());
    if (messages.size() == 1) {
        out[0] = keccak256(messages[0]);
    } else if (has_avx512()) {
        // Eight lanes cost less than two messages one by one, so even two fill them well enough.
        detail::keccak256_batch_x8(messages, out);
    } else if (can_x4) {
        detail::keccak256_batch_x4(messages, out);
    } else {
        detail::keccak256_batch_scalar(messages, out);
    }
}

void detail::keccak256_batch_scalar(std::span<const ByteView> messages, std::span<Hash256> out) {
    FASTSYNC_ASSERT(messages.size() == out.size());
    for (std::size_t i = 0; i < messages.size(); ++i)
        out[i] = scalar_keccak256(messages[i]);
}

Keccak256::Keccak256(By by) : state_(std::make_unique<State>(by)) {}
Keccak256::Keccak256(const Keccak256& other) : state_(std::make_unique<State>(*other.state_)) {}
Keccak256& Keccak256::operator=(const Keccak256& other) {
    if (this != &other) state_ = std::make_unique<State>(*other.state_);
    return *this;
}
Keccak256::Keccak256(Keccak256&&) noexcept = default;
Keccak256& Keccak256::operator=(Keccak256&&) noexcept = default;
Keccak256::~Keccak256() = default;

Keccak256& Keccak256::update(ByteView bytes) {
    if (auto* vector = std::get_if<detail::VectorSponge>(&state_->sponge)) {
        vector->update(bytes);
    } else {
        std::get<CryptoPP::Keccak_256>(state_->sponge).Update(bytes.data(), bytes.size());
    }
    return *this;
}

Hash256 Keccak256::digest() const {
    if (const auto* vector = std::get_if<detail::VectorSponge>(&state_->sponge))
        return vector->digest();
    // Padding closes a sponge: close a copy.
    auto finished = std::get<CryptoPP::Keccak_256>(state_->sponge);
    Hash256 out;
    finished.Final(out.data.data());
    return out;
}

}  // namespace fastsync::crypto
