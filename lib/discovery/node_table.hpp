#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include <common/subnet_counter.hpp>
#include <common/time.hpp>
#include <discovery/node.hpp>
#include <enode/node_record.hpp>

namespace fastsync::discovery {

/// Buckets: one for each of the farthest distances, 256 down; the last one holds all that is
/// nearer.
inline constexpr std::size_t kBuckets = 17;
/// Nodes that wait for a place in a full bucket.
inline constexpr std::size_t kMaxReplacements = 10;
/// Against eclipse: what one network may hold, waiting nodes included.
inline constexpr SubnetLimit kBucketSubnetLimit{2, 2, 4};
inline constexpr SubnetLimit kTableSubnetLimit{10, 10, 20};
/// Liveness checks failed in a row (each of several pings) after which a node is dropped.
inline constexpr std::uint32_t kMaxFailedChecks = 2;
/// Unanswered FindNode in a row after which a node that answers pings is dropped all the same.
inline constexpr std::uint32_t kMaxFailedFinds = 5;

/// The nodes we know to be alive, by distance (Kademlia). Only nodes that proved their endpoint go
/// in. No clock, no sockets.
class NodeTable {
  public:
    struct Entry {
        Node node;
        std::optional<NodeRecord> record;
        TimePoint seen{};  ///< when it last answered
        std::uint32_t failed_checks = 0;
        std::uint32_t failed_finds = 0;
    };
    enum class Added : std::uint8_t { kEntry, kReplacement, kKnown, kRefused };
    enum class Which : std::uint8_t { kAll, kAnswering };

    explicit NodeTable(const Hash256& self);

    /// A node that answered a ping of ours just now. A long-known node keeps its place before a new
    /// one; kRefused: ourselves, or a network that has its share.
    Added add(const Node& node, TimePoint now);
    /// Null when it is in no bucket (it may wait for a place).
    [[nodiscard]] const Entry* find(const NodeId& id) const;
    /// Keeps the newer record; nothing happens for a node that is not in the table.
    void set_record(const NodeRecord& record);

    /// Takes over the TCP port that a node at this very endpoint says it has.
    void set_tcp_port(const Node& node);

    /// At most `count`, the nearest first. kAnswering: without those whose last check failed.
    [[nodiscard]] std::vector<Node> closest(const Hash256& target, std::size_t count,
                                            Which which) const;
    /// The node that was not heard of for the longest time in a random bucket.
    [[nodiscard]] std::optional<Node> to_check(std::uint64_t random) const;

    /// A check of `id` failed: dropped after kMaxFailedChecks, a random waiting node takes its
    /// place. @return true when it was dropped
    bool check_failed(const NodeId& id, std::uint64_t random);
    /// As check_failed(), for an unanswered FindNode and kMaxFailedFinds.
    bool find_failed(const NodeId& id, std::uint64_t random);
    void find_answered(const NodeId& id);

    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] std::size_t waiting() const noexcept;
    /// Every node, bucket by bucket.
    [[nodiscard]] std::vector<const Entry*> entries() const;

  private:
    struct Bucket {
        std::vector<Entry> entries;       ///< most recently heard of first
        std::vector<Entry> replacements;  ///< newest first
        SubnetCounter subnets{kBucketSubnetLimit};
    };

    [[nodiscard]] Bucket& bucket_of(const Hash256& key);
    [[nodiscard]] Entry* find_entry(const NodeId& id);
    [[nodiscard]] bool reserve(Bucket& bucket, const IpAddress& address);
    void release(Bucket& bucket, const IpAddress& address);
    [[nodiscard]] bool move_address(Bucket& bucket, Entry& entry, const Node& node);
    [[nodiscard]] Added refresh(Bucket& bucket, std::vector<Entry>& list, std::size_t index,
                                const Node& node, TimePoint now);
    [[nodiscard]] Added insert(Bucket& bucket, const Node& node, TimePoint now);
    void drop(const NodeId& id, std::uint64_t random);

    Hash256 self_;
    std::array<Bucket, kBuckets> buckets_;
    SubnetCounter subnets_{kTableSubnetLimit};
};

}  // namespace fastsync::discovery
