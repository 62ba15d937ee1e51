#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <common/subnet_counter.hpp>
#include <common/time.hpp>
#include <discovery/node.hpp>
#include <enode/node_record.hpp>

namespace fastsync::discovery {

/// A live node for somebody who dials.
struct FoundNode {
    Node node;
    std::optional<NodeRecord> record;  ///< what it says of itself, its fork id for one
};

/// Nodes found and not yet taken; beyond, the oldest go.
inline constexpr std::size_t kMaxFound = 256;
/// Of these, from one network: no owner of a single one can fill the queue.
inline constexpr SubnetLimit kFoundSubnetLimit{16, 16, 32};
/// A node given away comes again after so long, if it is still found.
inline constexpr Duration kFoundAgainAfter = std::chrono::minutes{10};
/// Nodes remembered as given.
inline constexpr std::size_t kMaxRemembered = 4096;

/// The stream of found nodes.
class FoundQueue {
  public:
    /// True when it is new (or was not seen for kFoundAgainAfter). A node without TCP port never
    /// is.
    bool push(FoundNode found, TimePoint now);
    /// The oldest ones, at most `max`.
    [[nodiscard]] std::vector<FoundNode> take(std::size_t max);
    [[nodiscard]] std::size_t size() const noexcept { return queue_.size(); }

  private:
    void forget_old(TimePoint now);
    [[nodiscard]] FoundNode pop();

    std::deque<FoundNode> queue_;
    SubnetCounter subnets_{kFoundSubnetLimit};
    boost::unordered_flat_map<NodeId, TimePoint, FixedHasher<NodeId>> given_;
};

}  // namespace fastsync::discovery
