#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <common/bytes.hpp>
#include <sync/peer_ledger.hpp>

namespace fastsync::sync {

/// Tasks that some peer did not deliver, with who was asked. Rules:
/// - a peer that answered without the item ("lacks" it) is not asked for it again;
/// - after a timeout another peer goes first; the same one may be asked again when nobody else is
/// left;
/// - an item that every connected peer lacks is no longer served.
class RetryQueue {
  public:
    enum class Why : std::uint8_t {
        kLacks,     ///< answered, but without it and without anything else useful
        kTimedOut,  ///< did not answer in time
        kCutShort,  ///< answered a part (size limits) or went away: nobody is to blame
    };

    void put(const NodeTask& task, PeerId peer, Why why);
    /// Remembers that only: the task is still asked of somebody.
    void note(const NodeTask& task, PeerId peer, Why why);
    /// By the rules above.
    [[nodiscard]] bool may_ask(const NodeTask& task, PeerId peer, const PeerLedger& peers) const;
    /// Moves up to `max` tasks that `peer` may be asked for out of the queue. `wanted` tells
    /// whether a task is still open; those that are not are dropped.
    [[nodiscard]] std::vector<NodeTask> take(PeerId peer, std::size_t max, const PeerLedger& peers,
                                             const std::function<bool(const NodeTask&)>& wanted);
    /// The item has come: forget who was asked.
    void forget(const Hash256& hash) {
        if (!marks_.empty()) marks_.erase(hash);
    }
    /// Clears every mark: each peer may be asked for everything again.
    void pardon() { marks_.clear(); }

    /// A queued task that every connected peer lacks. Never with zero peers: then we wait.
    [[nodiscard]] bool unserved(const PeerLedger& peers) const;
    [[nodiscard]] std::size_t size() const noexcept { return tasks_.size(); }
    /// All of them; some may have been delivered meanwhile.
    [[nodiscard]] const std::vector<NodeTask>& tasks() const noexcept { return tasks_; }
    /// The peer answered without it, and that is not pardoned.
    [[nodiscard]] bool lacked_by(const NodeTask& task, PeerId peer) const;
    /// The peer was asked in vain, for whatever reason, and that is not pardoned.
    [[nodiscard]] bool failed_by(const NodeTask& task, PeerId peer) const;

  private:
    struct Mark {
        PeerId peer{};
        bool lacks = false;
    };
    using Marks = std::vector<Mark>;

    std::vector<NodeTask> tasks_;
    boost::unordered_flat_map<Hash256, Marks, FixedHasher<Hash256>> marks_;
};

}  // namespace fastsync::sync
