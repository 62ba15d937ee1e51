#pragma once

#include <memory>
#include <span>

#include <common/bytes.hpp>

namespace fastsync::crypto {

/// Keccak-256 with the original padding (not SHA3-256).
[[nodiscard]] Hash256 keccak256(ByteView message);

/// Hashes many messages: out[i] = keccak256(messages[i]). The sizes must be equal.
void keccak256_batch(std::span<const ByteView> messages, std::span<Hash256> out);

/// Incremental Keccak-256. digest() leaves the sponge open: more may be absorbed after it, as the
/// RLPx frame MACs do.
class Keccak256 {
  public:
    /// Who computes; another one than the fastest is for tests and measurements.
    enum class By { kFastest, kCryptopp };

    explicit Keccak256(By by = By::kFastest);
    Keccak256(const Keccak256& other);
    Keccak256& operator=(const Keccak256& other);
    Keccak256(Keccak256&&) noexcept;
    Keccak256& operator=(Keccak256&&) noexcept;
    ~Keccak256();

    Keccak256& update(ByteView bytes);
    [[nodiscard]] Hash256 digest() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace fastsync::crypto
