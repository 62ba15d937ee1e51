#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <common/time.hpp>
#include <discovery/identity.hpp>
#include <discovery/node.hpp>

namespace fastsync::discovery {

/// Our own node record. Every change signs a new one with the next sequence number.
class OwnRecord {
  public:
    /// @param sequence  that of the first record; must be above any a former run used (the time of
    /// the start in milliseconds is)
    /// @return kTooLarge when the entries do not fit
    [[nodiscard]] static Result<OwnRecord> make(const Identity& identity, std::uint64_t sequence,
                                                RecordEntries entries);

    [[nodiscard]] const NodeRecord& record() const noexcept { return record_; }
    /// Sets entries, given as RLP; empty bytes remove one. The sequence number stays when nothing
    /// changes by it. @return kTooLarge when they do not fit; the record stays as it is
    [[nodiscard]] Result<void> update(const RecordEntries& changes);

  private:
    OwnRecord(const Identity& identity, NodeRecord record)
        : identity_(&identity), record_(std::move(record)) {}

    const Identity* identity_;
    NodeRecord record_;
};

/// Entries that say where we are.
[[nodiscard]] RecordEntries endpoint_entries(const std::optional<IpAddress>& address,
                                             std::uint16_t udp, std::uint16_t tcp);

/// Votes that agree before we believe them.
inline constexpr std::size_t kVotesNeeded = 4;
/// Votes kept; one for each network.
inline constexpr std::size_t kMaxVotes = 32;
inline constexpr Duration kVoteValid = std::chrono::minutes{60};

/// What others see as our endpoint. A network (IPv4 /24, IPv6 /48) has one vote, so that a single
/// owner of addresses cannot move us.
class EndpointVotes {
  public:
    void add(const IpAddress& voter, const IpEndpoint& seen_as, TimePoint now);
    /// Seen by at least kVotesNeeded voters and more than half of all that still count.
    [[nodiscard]] std::optional<IpEndpoint> winner(TimePoint now) const;

  private:
    struct Vote {
        IpAddress network;
        IpEndpoint seen_as;
        TimePoint at;
    };
    std::vector<Vote> votes_;  ///< oldest first
};

}  // namespace fastsync::discovery
