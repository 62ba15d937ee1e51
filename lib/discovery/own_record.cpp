#include <map>

#include <discovery/own_record.hpp>
#include <rlp/encode.hpp>

namespace fastsync::discovery {

Result<OwnRecord> OwnRecord::make(const Identity& identity, std::uint64_t sequence,
                                  RecordEntries entries) {
    FASTSYNC_TRY(NodeRecord record, identity.sign_record(sequence, std::move(entries)));
    return OwnRecord{identity, std::move(record)};
}

Result<void> OwnRecord::update(const RecordEntries& changes) {
    RecordEntries entries = record_.entries();
    for (const auto& [key, value] : changes) {
        if (value.empty())
            entries.erase(key);
        else
            entries.insert_or_assign(key, value);
    }
    if (entries == record_.entries()) return {};
    FASTSYNC_TRY(record_, identity_->sign_record(record_.sequence() + 1, std::move(entries)));
    return {};
}

RecordEntries endpoint_entries(const std::optional<IpAddress>& address, std::uint16_t udp,
                               std::uint16_t tcp) {
    RecordEntries out{{"ip", {}}, {"ip6", {}}, {"udp", {}}, {"tcp", {}}};
    if (udp != 0) out["udp"] = rlp::encode_uint(udp);
    if (tcp != 0) out["tcp"] = rlp::encode_uint(tcp);
    if (address) out[address->is_v4() ? "ip" : "ip6"] = rlp::encode_string(address->bytes());
    return out;
}

void EndpointVotes::add(const IpAddress& voter, const IpEndpoint& seen_as, TimePoint now) {
    const IpAddress network = voter.masked(voter.is_v4() ? 24 : 48);
    std::erase_if(votes_, [&](const Vote& vote) { return vote.network == network; });
    if (votes_.size() >= kMaxVotes) votes_.erase(votes_.begin());
    votes_.push_back({network, seen_as, now});
}

std::optional<IpEndpoint> EndpointVotes::winner(TimePoint now) const {
    std::map<IpEndpoint, std::size_t> counts;
    std::size_t counted = 0;
    for (const Vote& vote : votes_) {
        if (now - vote.at >= kVoteValid) continue;
        ++counts[vote.seen_as];
        ++counted;
    }
    for (const auto& [endpoint, count] : counts)
        if (count >= kVotesNeeded && 2 * count > counted) return endpoint;
    return std::nullopt;
}

}  // namespace fastsync::discovery
