#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <common/bytes.hpp>
#include <common/time.hpp>
#include <enode/enode.hpp>
#include <eth/peer_policy.hpp>

namespace fastsync::eth {

/// Nodes whose faults are remembered; beyond, the one with the least penalty is forgotten.
inline constexpr std::size_t kMaxRemembered = 4096;

/// A node we want nothing to do with for a while.
struct Ban {
    NodeId id;
    Fault reason{};
    TimePoint until;
};

/// What nodes did, as a penalty that fades, and who is banned for it. A core: time is an argument.
class Reputation {
  public:
    /// The node did that; a ban may follow.
    void note(const NodeId& id, Fault fault, TimePoint now);

    /// 0 for a good or unknown node, kBanPenalty and more for one that was just banned.
    [[nodiscard]] double penalty(const NodeId& id, TimePoint now) const;
    /// The ban that holds, if one does.
    [[nodiscard]] std::optional<Ban> ban(const NodeId& id, TimePoint now) const;
    /// All that hold.
    [[nodiscard]] std::vector<Ban> bans(TimePoint now) const;
    [[nodiscard]] std::size_t size() const noexcept { return records_.size(); }

  private:
    struct Record {
        double penalty = 0;
        TimePoint at;  ///< when `penalty` was that
        Fault worst_lately{};
        std::uint32_t bans = 0;
        TimePoint banned_until = TimePoint::min();
    };

    [[nodiscard]] static double faded(const Record& record, TimePoint now);
    void make_room(TimePoint now);

    boost::unordered_flat_map<NodeId, Record, FixedHasher<NodeId>> records_;
};

}  // namespace fastsync::eth
