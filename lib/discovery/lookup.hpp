#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <discovery/node.hpp>
#include <discovery/node_table.hpp>

namespace fastsync::discovery {

/// Nodes asked at the same time (devp2p discv4.md: alpha).
inline constexpr std::size_t kLookupConcurrency = 3;
/// Nodes asked in one lookup; it ends then. Ids can be ground ever nearer to a target: without an
/// end a chain of liars could keep a lookup busy for good.
inline constexpr std::size_t kMaxLookupAsks = 64;

/// An iterative search for the nodes nearest to a target: asks the nearest known ones for nearer
/// ones until the kBucketSize nearest have all been asked.
class Lookup {
  public:
    Lookup(const NodeId& target, const std::vector<Node>& seeds);

    [[nodiscard]] const NodeId& target() const noexcept { return target_; }
    /// The next node to ask, if one is to be asked now. Each is given once, and has to be answered
    /// by answered() or failed().
    [[nodiscard]] std::optional<Node> next();
    void answered(const NodeId& id, const std::vector<Node>& told);
    void failed(const NodeId& id);
    /// No question is open and none is left.
    [[nodiscard]] bool is_done() const;
    [[nodiscard]] std::size_t asked() const noexcept { return asked_; }

  private:
    enum class State { kNew, kAsked, kAnswered };
    struct Candidate {
        Node node;
        State state = State::kNew;
    };

    void consider(const Node& node);
    [[nodiscard]] const Candidate* next_candidate() const;
    [[nodiscard]] std::size_t find(const NodeId& id) const;

    NodeId target_;
    Hash256 key_;
    std::vector<Candidate> nearest_;  ///< sorted, nearest first; bounded
    std::vector<NodeId> refused_;     ///< failed ones: not to come back when told of again
    std::size_t open_ = 0;
    std::size_t asked_ = 0;
};

}  // namespace fastsync::discovery
