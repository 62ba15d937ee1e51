#pragma once

#include <memory>

#include <common/bytes.hpp>
#include <crypto/secp256k1.hpp>
#include <enode/node_record.hpp>

namespace fastsync::discovery {

/// Who we are, and how packets are signed and signers found: a seam, because networks of hundreds
/// of nodes run in tests, where nearly all the time would go into signatures.
class Identity {
  public:
    virtual ~Identity() = default;
    [[nodiscard]] virtual const NodeId& id() const noexcept = 0;
    [[nodiscard]] virtual crypto::Signature sign(const Hash256& digest) const = 0;
    /// kUnauthenticated when no key fits.
    [[nodiscard]] virtual Result<NodeId> signer_of(const crypto::Signature& signature,
                                                   const Hash256& digest) const = 0;
    /// Errors as NodeRecord::sign().
    [[nodiscard]] virtual Result<NodeRecord> sign_record(std::uint64_t sequence,
                                                         RecordEntries entries) const = 0;
};

/// The node key and secp256k1.
[[nodiscard]] std::unique_ptr<Identity> make_identity(const crypto::SecretKey& key);

}  // namespace fastsync::discovery
