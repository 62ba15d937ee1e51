#pragma once

#include <cstdint>
#include <vector>

#include <async/task.hpp>
#include <common/time.hpp>
#include <enode/enode.hpp>

namespace fastsync::eth {

/// Where nodes to dial come from. Lives on the host's executor and outlives it.
class NodeSource {
  public:
    virtual ~NodeSource() = default;
    /// Nodes to try, at most `max`; none when those that were found turned out to be of no use.
    /// @return kTimeout at `deadline`, kClosed when no more will come
    [[nodiscard]] virtual async::Task<Result<std::vector<Enode>>> next_nodes(
        std::size_t max, TimePoint deadline) = 0;
    /// A session with the node stands.
    virtual void reached(const Enode& node) = 0;
    /// A session with the node ended in which it gave so many items.
    virtual void served(const NodeId& id, std::uint64_t items) = 0;
    /// No session came of a dial, or the node turned out to be of no use.
    virtual void failed(const Enode& node) = 0;
    /// No more nodes are wanted: ends a waiting next_nodes(). Idempotent.
    virtual void close() noexcept = 0;
};

}  // namespace fastsync::eth
