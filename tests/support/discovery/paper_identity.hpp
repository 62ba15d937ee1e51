#pragma once

#include <cstdint>
#include <random>

#include <crypto/entropy.hpp>
#include <discovery/identity.hpp>

namespace fastsync::test {

/// Deterministic bytes.
class SeededEntropy final : public crypto::EntropySource {
  public:
    explicit SeededEntropy(std::uint64_t seed) : engine_(seed) {}
    void fill(std::span<Byte> out) override;

  private:
    std::mt19937_64 engine_;
};

/// The key number `seed`; making it costs 30 us.
[[nodiscard]] crypto::SecretKey seeded_key(std::uint64_t seed);
/// Signs by writing its id: networks of hundreds of nodes would else spend their time on curves.
/// Records are signed truly.
class PaperIdentity final : public discovery::Identity {
  public:
    explicit PaperIdentity(const crypto::SecretKey& key) : key_(key), id_(key.public_key()) {}
    [[nodiscard]] const NodeId& id() const noexcept override { return id_; }
    [[nodiscard]] crypto::Signature sign(const Hash256& digest) const override;
    [[nodiscard]] Result<NodeId> signer_of(const crypto::Signature& signature,
                                           const Hash256& digest) const override;
    [[nodiscard]] Result<NodeRecord> sign_record(std::uint64_t sequence,
                                                 RecordEntries entries) const override;

  private:
    crypto::SecretKey key_;
    NodeId id_;
};

}  // namespace fastsync::test
