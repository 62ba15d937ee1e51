#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <common/bytes.hpp>
#include <storage/state_store.hpp>
#include <sync/committed_sample.hpp>
#include <sync/held.hpp>
#include <sync/peer_ledger.hpp>
#include <sync/retry_queue.hpp>
#include <sync/trie_sync.hpp>

namespace fastsync::sync {

/// Totals over the life of a database: saved with the checkpoint, so a restart continues them.
struct SyncCounters {
    std::uint64_t nodes_committed = 0;
    std::uint64_t codes_committed = 0;
    std::uint64_t bytes_committed = 0;
    std::uint64_t retries = 0;     ///< tasks that went back to the queue
    std::uint64_t duplicates = 0;  ///< items that came although another peer had delivered them
    std::uint64_t unexpected = 0;  ///< items nobody asked for and nobody knows

    [[nodiscard]] std::uint64_t items_committed() const noexcept {
        return nodes_committed + codes_committed;
    }
    friend bool operator==(const SyncCounters&, const SyncCounters&) = default;
};

/// What one answer was worth.
struct AnswerVerdict {
    std::size_t useful = 0;
    std::size_t duplicates = 0;  ///< asked for, and known by then
    std::size_t surplus = 0;     ///< not asked for, but items of the state that are known
    std::size_t unexpected = 0;
    std::size_t unexpected_bytes = 0;
    /// Nothing that was asked for is still wanted. False may mean that the items came in another
    /// order.
    bool complete = false;
    std::optional<Misbehaviour> blame;
};

/// Syncs one state root from many peers: which peer is asked for what, and what becomes of each
/// answer, late answer, timeout and departure. A core: no I/O but the store, time as an argument.
class StateSync {
  public:
    /// Answers made only of items nobody asked for that a peer may send before it is blamed.
    static constexpr std::uint64_t kMaxUnexpected = 2 * PeerRate::kMaxBatch;
    /// The same in bytes: a few huge blobs cost as much as many. Servers end an answer at 2 MiB.
    static constexpr std::uint64_t kMaxUnexpectedBytes = 8U * 1024 * 1024;
    /// A timeout of a request of so few items means the peer stalls.
    static constexpr std::size_t kStallingItems = 2;
    /// A peer with room, for which there is nothing else to ask, takes over what another one has
    /// owed for so many times as long as the first would take, and at least this long.
    static constexpr double kOverdueFactor = 2;
    static constexpr Duration kOverdueAtLeast = std::chrono::milliseconds{500};

    /// @param epoch  distinguishes this root's requests in the ledger from those of earlier roots
    /// @param pending_bytes  memory of known items that are not complete; beyond, little is asked
    /// for until some are
    [[nodiscard]] static Result<StateSync> start(const Hash256& root, storage::StateStore& store,
                                                 PeerLedger& ledger, SyncCounters& counters,
                                                 std::uint64_t epoch,
                                                 std::size_t pending_bytes = SIZE_MAX,
                                                 StoredRegions* regions = nullptr,
                                                 const SeenState& seen = {});

    /// Fills the windows of idle peers, the fastest first, and books the requests in the ledger.
    /// A peer for which there is nothing else (near the end, or because slow peers hold all that
    /// may be in flight) is asked for what those owe: the first answer counts. The caller sends
    /// them.
    [[nodiscard]] std::vector<RequestId> assign(TimePoint now);

    /// Takes an answer to a request that was closed in the ledger. Items are matched by hash alone.
    /// The rest of a partial answer goes back to the queue; an answer without anything useful marks
    /// the peer as lacking it.
    /// @return kBadState when the root turned out false, kStorage
    [[nodiscard]] Result<AnswerVerdict> on_answer(const OpenRequest& request,
                                                  const NodeDataAnswer& answer);
    /// Node data that answers no open request: useful items are taken all the same.
    [[nodiscard]] Result<AnswerVerdict> on_stray(PeerId peer, const NodeDataAnswer& answer);
    /// A peer that times out on next to nothing stalls, unless it is the only one that has
    /// delivered anything: slow is better than nobody.
    [[nodiscard]] AnswerVerdict on_timeout(const OpenRequest& request);
    /// The request was never really asked: the peer went away or took no more.
    void on_returned(const OpenRequest& request);
    /// Lets items that every peer lacked be asked for again.
    void pardon() { retry_.pardon(); }

    [[nodiscard]] bool complete() const noexcept { return trie_.done(); }
    /// Every connected peer answered without something that is needed.
    [[nodiscard]] bool unserved() const { return retry_.unserved(*ledger_); }
    /// Something is pending, but nothing is queued, requested or to be retried: our bug.
    [[nodiscard]] bool lost_task() const;
    /// Items that count as asked for, and that nobody is asked for nor will be: our bug. None in a
    /// sound scheduler. Walks what is in flight.
    [[nodiscard]] std::size_t lost_tasks() const;
    /// For check_invariants(): what is wrong with the requests in flight; empty when nothing is.
    [[nodiscard]] std::string check_requests() const;
    /// The same for a request that was just made: what a peer failed goes to another one first.
    [[nodiscard]] std::string check_turn(const OpenRequest& made) const;
    /// The same for what was committed by this and, once inherited, by earlier syncs: it is still
    /// there. Looks at something in debug builds only.
    [[nodiscard]] std::string check_committed() const { return committed_.check(*store_); }
    void inherit(const StateSync& earlier) { committed_ = earlier.committed_; }
    [[nodiscard]] Held held() const noexcept;
    [[nodiscard]] const Hash256& root() const noexcept { return root_; }
    [[nodiscard]] const TrieSync& trie() const noexcept { return trie_; }
    /// What known items that are not complete take, about.
    [[nodiscard]] std::size_t pending_bytes() const noexcept { return trie_.pending_bytes(); }
    [[nodiscard]] std::size_t waiting_for_retry() const noexcept { return retry_.size(); }

  private:
    StateSync(const Hash256& root, TrieSync trie, storage::StateStore& store, PeerLedger& ledger,
              SyncCounters& counters, std::uint64_t epoch, std::size_t pending_bytes)
        : root_(root),
          trie_(std::move(trie)),
          store_(&store),
          ledger_(&ledger),
          counters_(&counters),
          epoch_(epoch),
          pending_bytes_(pending_bytes) {}

    [[nodiscard]] std::vector<NodeTask> tasks_for(PeerId peer);
    [[nodiscard]] std::size_t room_for_fresh() noexcept;
    [[nodiscard]] std::optional<RequestId> take_over(PeerId peer, TimePoint now);
    [[nodiscard]] std::vector<NodeTask> tasks_to_take_over(const OpenRequest& owed,
                                                           PeerId peer) const;
    [[nodiscard]] Result<AnswerVerdict> take_blobs(const NodeDataAnswer& answer,
                                                   const OpenRequest* request);
    [[nodiscard]] bool is_only_server(PeerId peer) const;
    void count_unexpected(PeerRecord& peer, const AnswerVerdict& verdict);
    [[nodiscard]] std::vector<const OpenRequest*> current_requests() const;
    [[nodiscard]] Result<bool> is_stored(const Hash256& hash) const;
    [[nodiscard]] Result<void> commit();
    void put_back(const OpenRequest& request, RetryQueue::Why why);

    Hash256 root_;
    TrieSync trie_;
    RetryQueue retry_;
    storage::StateStore* store_;
    PeerLedger* ledger_;
    SyncCounters* counters_;
    std::uint64_t epoch_;
    std::size_t pending_bytes_;
    std::size_t in_flight_beyond_ = SIZE_MAX;  ///< see Held
    CommittedSample committed_;
    std::vector<Hash256> hashes_;  // scratch
};

}  // namespace fastsync::sync
