#include <discovery/endpoint_proofs.hpp>

namespace fastsync::discovery {

void EndpointProofs::add(const Whereabouts& where, TimePoint now,
                         std::optional<TimePoint> their_ping) {
    const auto known = proofs_.find(where);
    if (known != proofs_.end()) {
        known->second.pong = now;
        if (their_ping) known->second.ping = their_ping;
        return;
    }
    make_room(where.address);
    proofs_.emplace(where, Proof{now, their_ping});
    ++per_address_[where.address];
}

void EndpointProofs::make_room(const IpAddress& address) {
    const auto count = per_address_.find(address);
    const bool crowded =
        !address.is_local() && count != per_address_.end() && count->second >= kMaxProofsPerAddress;
    if (!crowded && proofs_.size() < kMaxProofs) return;
    // The one that goes is the oldest: of its own address where that has had its share.
    auto oldest = proofs_.end();
    for (auto it = proofs_.begin(); it != proofs_.end(); ++it) {
        if (crowded && it->first.address != address) continue;
        if (oldest == proofs_.end() || it->second.pong < oldest->second.pong) oldest = it;
    }
    FASTSYNC_ASSERT(oldest != proofs_.end());
    erase(oldest);
}

void EndpointProofs::erase(Proofs::iterator proof) {
    const auto count = per_address_.find(proof->first.address);
    FASTSYNC_ASSERT(count != per_address_.end());
    if (--count->second == 0) per_address_.erase(count);
    proofs_.erase(proof);
}

void EndpointProofs::pinged_us(const Whereabouts& where, TimePoint now) {
    const auto proof = proofs_.find(where);
    if (proof != proofs_.end()) proof->second.ping = now;
}

void EndpointProofs::forgot_us(const Whereabouts& where) {
    const auto proof = proofs_.find(where);
    if (proof != proofs_.end()) proof->second.ping.reset();
}

bool EndpointProofs::is_proven(const Whereabouts& where, TimePoint now) const {
    const auto proof = proofs_.find(where);
    return proof != proofs_.end() && now - proof->second.pong < kProofValid;
}

bool EndpointProofs::is_fresh(const Whereabouts& where, TimePoint now) const {
    const auto proof = proofs_.find(where);
    return proof != proofs_.end() && now - proof->second.pong < kProofFresh;
}

bool EndpointProofs::knows_us(const Whereabouts& where, TimePoint now) const {
    const auto proof = proofs_.find(where);
    return proof != proofs_.end() && proof->second.ping && now - *proof->second.ping < kProofFresh;
}

bool EndpointProofs::is_known(const IpAddress& address) const {
    return per_address_.contains(address);
}

}  // namespace fastsync::discovery
