#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <common/time.hpp>
#include <sync/peer_rate.hpp>
#include <sync/state_peer.hpp>
#include <sync/trie_sync.hpp>

namespace fastsync::sync {

enum class RequestId : std::uint64_t {};

/// One GetNodeData on its way.
struct OpenRequest {
    RequestId id{};
    PeerId peer{};
    std::vector<NodeTask> tasks;
    TimePoint sent;
    TimePoint deadline;
    std::uint64_t epoch = 0;  ///< of the root it was made for
    /// A request for some of the same tasks to another peer, made because one of the two is slow.
    std::optional<RequestId> twin{};
};

/// Running counts of one peer, for the status page and for policy.
struct PeerRecord {
    PeerRate rate;
    std::size_t open_requests = 0;
    std::size_t open_items = 0;
    std::uint64_t delivered = 0;  ///< useful items
    std::uint64_t empty = 0;      ///< answers without any
    std::uint64_t timeouts = 0;
    std::uint64_t unexpected = 0;  ///< items nobody asked it for
    std::uint64_t unexpected_bytes = 0;
};

/// Who is there and what each has been asked. It outlives the roots: whether a peer is free must
/// never hang on the lifetime of one root's scheduler (the stall of the original at a root switch).
class PeerLedger {
  public:
    /// @param most_in_flight  requests to one peer; see PeerRate
    explicit PeerLedger(std::size_t most_in_flight = PeerRate::kMaxWindow)
        : most_in_flight_(most_in_flight) {}

    void join(PeerId peer) { peers_.try_emplace(peer, PeerRecord{PeerRate{most_in_flight_}}); }
    /// Forgets the peer and returns its open requests.
    [[nodiscard]] std::vector<OpenRequest> leave(PeerId peer);

    /// Peers with room in their window, the fastest first.
    [[nodiscard]] std::vector<PeerId> idle() const;
    [[nodiscard]] bool connected(PeerId peer) const { return peers_.contains(peer); }
    [[nodiscard]] std::size_t size() const noexcept { return peers_.size(); }
    [[nodiscard]] const std::map<PeerId, PeerRecord>& peers() const noexcept { return peers_; }
    [[nodiscard]] PeerRecord& at(PeerId peer);

    /// Books a request; the peer must be connected.
    const OpenRequest& open(PeerId peer, std::vector<NodeTask> tasks, TimePoint now,
                            std::uint64_t epoch);
    /// Notes that two open requests are for the same tasks.
    void pair(RequestId slow, RequestId fast);
    /// The request for some of the same tasks, while it is open; else null.
    [[nodiscard]] const OpenRequest* twin_of(const OpenRequest& request) const;
    /// Takes a request off the books; nothing when it is not open (any more).
    [[nodiscard]] std::optional<OpenRequest> close(RequestId id);
    [[nodiscard]] std::size_t open_items() const noexcept { return open_items_; }
    [[nodiscard]] std::size_t open_requests() const noexcept { return requests_.size(); }
    [[nodiscard]] const std::map<RequestId, OpenRequest>& requests() const noexcept {
        return requests_;
    }

  private:
    std::size_t most_in_flight_;
    std::map<PeerId, PeerRecord> peers_;
    std::map<RequestId, OpenRequest> requests_;
    std::size_t open_items_ = 0;
    std::uint64_t next_id_ = 1;
};

}  // namespace fastsync::sync
