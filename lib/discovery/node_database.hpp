#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <common/subnet_counter.hpp>
#include <discovery/node.hpp>

namespace fastsync::discovery {

/// Nodes kept; beyond, the least useful goes.
inline constexpr std::size_t kMaxKnownNodes = 1024;
/// Of these, from one network; nodes that have served us do not count.
inline constexpr SubnetLimit kKnownSubnetLimit{16, 16, 32};
/// A node not seen for so long is forgotten, seconds.
inline constexpr UnixTime kForgetAfter = 14 * 24 * 3600;
/// A node that failed so often in a row is forgotten.
inline constexpr std::uint32_t kMaxNodeFailures = 8;
/// Longest file that is read, bytes: what kMaxKnownNodes of the longest lines take.
inline constexpr std::size_t kMaxDatabaseFile = 512U * 1024;

/// What we remember of a node.
struct KnownNode {
    Node node;
    UnixTime seen = 0;           ///< when it last answered
    std::uint32_t failures = 0;  ///< dials and checks that failed since
    std::uint64_t served = 0;    ///< trie nodes and codes it gave us, ever

    friend bool operator==(const KnownNode&, const KnownNode&) = default;
};

/// The nodes we met, over restarts: who served us is tried first next time. A text file, replaced
/// as a whole: a crash leaves the old one or the new one.
class NodeDatabase {
  public:
    /// Reads `file`; a file that is not there is an empty database. Lines that cannot be read are
    /// left out and counted: what we remember of strangers is no reason not to start.
    /// @return kStorage when there is a file that cannot be read, or one over kMaxDatabaseFile
    [[nodiscard]] static Result<NodeDatabase> load(std::filesystem::path file);
    /// Replaces the file, on the disk when it returns. @return kStorage
    [[nodiscard]] Result<void> save() const;

    /// It answered. A node of a network that has its share is not taken.
    void seen(const Node& node, UnixTime now);
    /// It gave us so many items more.
    void served(const NodeId& id, std::uint64_t items);
    /// It could not be reached, or was of no use.
    void failed(const NodeId& id);

    /// Whom to try first, at most `max`: who served us most, then who was seen last; those that
    /// failed since they last answered come after all others.
    [[nodiscard]] std::vector<Node> best(std::size_t max, UnixTime now) const;
    [[nodiscard]] std::optional<KnownNode> find(const NodeId& id) const;
    [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
    /// Lines of the file that could not be read.
    [[nodiscard]] std::size_t unreadable() const noexcept { return unreadable_; }

  private:
    using Nodes = boost::unordered_flat_map<NodeId, KnownNode, FixedHasher<NodeId>>;

    explicit NodeDatabase(std::filesystem::path file) : file_(std::move(file)) {}
    void read(std::string_view text);
    void put(const KnownNode& known);
    void erase(Nodes::iterator node);
    [[nodiscard]] std::vector<const KnownNode*> in_order() const;

    std::filesystem::path file_;
    Nodes nodes_;
    SubnetCounter subnets_{kKnownSubnetLimit};  ///< of those that have not served
    std::size_t unreadable_ = 0;
};

}  // namespace fastsync::discovery
