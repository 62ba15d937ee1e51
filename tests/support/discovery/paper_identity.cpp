#include "paper_identity.hpp"

#include <algorithm>

namespace fastsync::test {

void SeededEntropy::fill(std::span<Byte> out) {
    for (Byte& byte : out)
        byte = static_cast<Byte>(engine_() >> 32U);
}

crypto::SecretKey seeded_key(std::uint64_t seed) {
    SeededEntropy entropy{seed};
    return crypto::SecretKey::generate(entropy);
}

crypto::Signature PaperIdentity::sign(const Hash256&) const {
    crypto::Signature out;
    std::copy(id_.data.begin(), id_.data.end(), out.data.begin());
    return out;
}

Result<NodeId> PaperIdentity::signer_of(const crypto::Signature& signature, const Hash256&) const {
    return NodeId::from(signature.view().first(NodeId::kSize));
}

Result<NodeRecord> PaperIdentity::sign_record(std::uint64_t sequence, RecordEntries entries) const {
    return NodeRecord::sign(key_, sequence, std::move(entries));
}

}  // namespace fastsync::test
