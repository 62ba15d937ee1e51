#include <discovery/identity.hpp>

namespace fastsync::discovery {
namespace {

class KeyIdentity final : public Identity {
  public:
    explicit KeyIdentity(const crypto::SecretKey& key) : key_(key), id_(key.public_key()) {}

    [[nodiscard]] const NodeId& id() const noexcept override { return id_; }
    [[nodiscard]] crypto::Signature sign(const Hash256& digest) const override {
        return crypto::sign(key_, digest);
    }
    [[nodiscard]] Result<NodeId> signer_of(const crypto::Signature& signature,
                                           const Hash256& digest) const override {
        return crypto::recover(signature, digest);
    }
    [[nodiscard]] Result<NodeRecord> sign_record(std::uint64_t sequence,
                                                 RecordEntries entries) const override {
        return NodeRecord::sign(key_, sequence, std::move(entries));
    }

  private:
    crypto::SecretKey key_;
    NodeId id_;
};

}  // namespace

std::unique_ptr<Identity> make_identity(const crypto::SecretKey& key) {
    return std::make_unique<KeyIdentity>(key);
}

}  // namespace fastsync::discovery
