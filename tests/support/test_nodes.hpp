#pragma once

#include <deque>
#include <initializer_list>

#include <crypto/entropy.hpp>
#include <rlpx/connection.hpp>

namespace fastsync::test {

/// Gives out what was put in first, then bytes of a fixed sequence.
class ScriptedEntropy final : public crypto::EntropySource {
  public:
    ScriptedEntropy() = default;
    explicit ScriptedEntropy(std::uint64_t seed) : state_(seed) {}
    explicit ScriptedEntropy(std::initializer_list<Bytes> script) {
        for (const Bytes& part : script)
            script_.insert(script_.end(), part.begin(), part.end());
    }
    void fill(std::span<Byte> out) override;

  private:
    std::deque<Byte> script_;
    std::uint64_t state_ = 1;
};

[[nodiscard]] crypto::SecretKey key_of(Byte number);
/// A node that speaks eth/63 (17 codes); `number` makes its key.
[[nodiscard]] rlpx::LocalNode node_of(Byte number);

}  // namespace fastsync::test
