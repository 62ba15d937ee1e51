#include <eth/inbound_gate.hpp>

namespace fastsync::eth {

bool InboundGate::enter(const IpAddress& from, TimePoint now) {
    if (!may_enter(from, now)) {
        ++refused_;
        return false;
    }
    ++pending_;
    ++pending_of_[from];
    if (!from.is_local()) heard_[from] = now;
    return true;
}

bool InboundGate::may_enter(const IpAddress& from, TimePoint now) {
    if (pending_ >= kMaxPendingInbound) return false;
    const auto pending = pending_of_.find(from);
    if (pending != pending_of_.end() && pending->second >= kMaxPendingOfAddress) return false;
    if (from.is_local()) return true;
    const auto heard = heard_.find(from);
    if (heard != heard_.end()) return now - heard->second >= kInboundPause;
    if (heard_.size() >= kMaxInboundAddresses) forget_old(now);
    return heard_.size() < kMaxInboundAddresses;
}

void InboundGate::left(const IpAddress& from) {
    const auto pending = pending_of_.find(from);
    if (pending == pending_of_.end()) return;
    --pending_;
    if (--pending->second == 0) pending_of_.erase(pending);
}

void InboundGate::forget_old(TimePoint now) {
    boost::unordered::erase_if(heard_,
                               [now](const auto& e) { return now - e.second >= kInboundPause; });
}

}  // namespace fastsync::eth
