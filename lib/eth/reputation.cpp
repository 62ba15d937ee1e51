#include <algorithm>
#include <cmath>

#include <eth/reputation.hpp>

namespace fastsync::eth {

double Reputation::faded(const Record& record, TimePoint now) {
    const double half_lives = to_seconds(now - record.at) / to_seconds(kPenaltyHalfLife);
    return record.penalty * std::exp2(-std::max(0.0, half_lives));
}

void Reputation::note(const NodeId& id, Fault fault, TimePoint now) {
    const double added = reaction_to(fault).penalty;
    if (added <= 0) return;
    if (!records_.contains(id)) make_room(now);
    Record& record = records_[id];
    record.penalty = faded(record, now) + added;
    record.at = now;
    record.worst_lately = fault;
    if (record.penalty < kBanPenalty || now < record.banned_until) return;
    const double doubled = to_seconds(kFirstBan) * std::exp2(std::min(record.bans, 16U));
    ++record.bans;
    record.banned_until = now + std::min<Duration>(from_seconds(doubled), kLongestBan);
}

double Reputation::penalty(const NodeId& id, TimePoint now) const {
    const auto found = records_.find(id);
    return found == records_.end() ? 0 : faded(found->second, now);
}

std::optional<Ban> Reputation::ban(const NodeId& id, TimePoint now) const {
    const auto found = records_.find(id);
    if (found == records_.end() || now >= found->second.banned_until) return std::nullopt;
    return Ban{id, found->second.worst_lately, found->second.banned_until};
}

std::vector<Ban> Reputation::bans(TimePoint now) const {
    std::vector<Ban> all;
    for (const auto& [id, record] : records_) {
        if (now < record.banned_until)
            all.push_back({id, record.worst_lately, record.banned_until});
    }
    return all;
}

/// Banned nodes are the last to be forgotten.
void Reputation::make_room(TimePoint now) {
    if (records_.size() < kMaxRemembered) return;
    const auto worth = [now](const Record& record) {
        return (now < record.banned_until ? 1e9 : 0.0) + faded(record, now);
    };
    records_.erase(std::min_element(
        records_.begin(), records_.end(),
        [&](const auto& a, const auto& b) { return worth(a.second) < worth(b.second); }));
}

}  // namespace fastsync::eth
