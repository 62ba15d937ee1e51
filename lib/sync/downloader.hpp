#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <async/task.hpp>
#include <async/task_scope.hpp>
#include <storage/state_store.hpp>
#include <sync/checkpoint.hpp>
#include <sync/peer_ledger.hpp>
#include <sync/pivot_chooser.hpp>
#include <sync/speed_meter.hpp>
#include <sync/state_peer.hpp>
#include <sync/state_sync.hpp>
#include <sync/sync_progress.hpp>
#include <sync/watchdog.hpp>

namespace fastsync::sync {

/// Chooses the pivot, syncs its state, moves the pivot when it goes stale, records what is
/// complete. The shell around StateSync and PivotChooser. Lives on the sync thread, with its store.
class Downloader {
  public:
    enum class WhenComplete : std::uint8_t { kReturn, kStay };
    struct Options {
        PivotPolicy policy;
        WhenComplete when_complete = WhenComplete::kStay;
        /// Unix time for records, as a seam.
        std::uint64_t (*unix_time)() = nullptr;
        /// Where the store is settled when a state is complete, which may take long; empty: here.
        std::optional<async::Executor> settling;
        /// Requests to one peer at a time: less than all is for measurements.
        std::size_t most_in_flight = PeerRate::kMaxWindow;
        /// See StateSync::start().
        std::size_t pending_bytes = SIZE_MAX;
    };

    /// What is committed becomes durable at least this often: a kill repeats no more than that.
    static constexpr Duration kFlushInterval = std::chrono::milliseconds{1000};
    /// How often peers are asked for new heads, and how long we wait before we try again what
    /// failed.
    static constexpr Duration kHeadInterval = std::chrono::seconds{4};
    static constexpr Duration kRetryDelay = std::chrono::seconds{2};
    static constexpr Duration kTick = std::chrono::milliseconds{200};

    Downloader(storage::StateStore& store, async::Clock& clock, async::Executor executor,
               Options options);

    void peer_joined(std::shared_ptr<StatePeer> peer);
    void peer_left(PeerId peer);
    /// Node data outside of any request.
    void stray(PeerId peer, NodeDataAnswer answer);

    /// Runs until stop(), until complete (kReturn), or until the store fails (kStorage, kCorrupt).
    /// Everything complete is durable when it returns.
    [[nodiscard]] async::Task<Result<void>> run();
    void stop();
    /// Ends the run with `error`, as a failure of the store does: what is committed is made durable
    /// first, if that can be done. Once the state is whole it ends no more than the merging.
    void fail(Error error);

    [[nodiscard]] SyncProgress progress() const;
    /// The pivot and the headers above it that are complete in the store, for serving others.
    [[nodiscard]] const std::vector<chain::BlockHeader>& completed_headers() const noexcept {
        return completed_headers_;
    }
    /// The root of that state, of this run or an earlier one; nothing before the first is complete.
    [[nodiscard]] const std::optional<Hash256>& completed_root() const noexcept {
        return completed_root_;
    }
    [[nodiscard]] bool complete() const noexcept { return phase_ == SyncPhase::kComplete; }

  private:
    enum class RootOutcome : std::uint8_t { kStopped, kComplete, kMove };

    [[nodiscard]] async::Task<Result<void>> run_to_end();
    [[nodiscard]] Result<void> resume();
    [[nodiscard]] async::Task<Result<std::optional<Pivot>>> next_pivot();
    [[nodiscard]] Result<void> begin(Pivot pivot);
    void check_choice(const Pivot& chosen) const;
    [[nodiscard]] async::Task<Result<RootOutcome>> sync_root();
    [[nodiscard]] async::Task<void> fetch(RequestId id);
    void settle(RequestId id, Result<NodeDataAnswer> answer);
    void on_verdict(PeerId peer, Result<AnswerVerdict> verdict);
    [[nodiscard]] async::Task<void> follow_head(std::uint64_t follower);
    [[nodiscard]] async::Task<bool> advance_head(std::shared_ptr<StatePeer> peer);
    [[nodiscard]] Result<void> flush_if_due();
    [[nodiscard]] Result<void> flush();
    [[nodiscard]] Result<void> record_complete();
    [[nodiscard]] async::Task<Result<void>> settle_store();
    [[nodiscard]] SyncCheckpoint checkpoint() const;
    [[nodiscard]] bool root_is_lost();
    [[nodiscard]] bool root_is_unserved();
    void watch();
    void release_peers();
    [[nodiscard]] PeerList peer_list() const;
    void enter(SyncPhase phase, std::string waiting_for);
    void sample_speed();
    void estimate(SyncProgress& progress) const;
    [[nodiscard]] async::Task<void> pause(Duration duration);

    storage::StateStore& store_;
    async::Clock& clock_;
    async::Executor executor_;
    Options options_;
    async::TaskScope scope_;
    async::Gate wake_;
    async::Gate stopping_;
    async::Gate root_ended_;

    std::map<PeerId, std::shared_ptr<StatePeer>> peers_;
    PivotChooser* chooser_ = nullptr;  // while it chooses
    PeerLedger ledger_;
    SyncCounters counters_;
    StoredRegions regions_;
    std::optional<StateSync> state_sync_;
    std::optional<Pivot> pivot_;
    std::uint64_t epoch_ = 0;
    std::uint64_t moves_ = 0;
    std::optional<Error> failure_;  // of the store: the run ends
    bool root_false_ = false;       // the root does not decode: another pivot
    bool keep_pivot_ = true;        // as long as it is served and not stale
    std::uint64_t follower_ = 0;    // the current follow_head(); older ones end
    std::optional<Hash256> bad_root_;
    std::optional<Hash256> told_unserved_;  // the log knows that nobody serves it
    std::optional<Hash256> told_pivot_;     ///< the block that the log named last as the pivot
    TimePoint last_flush_{};
    TimePoint next_pardon_{};

    SyncPhase phase_ = SyncPhase::kFindingPeers;
    std::string waiting_for_;
    SpeedMeter speed_;
    SeenState seen_;  ///< of the roots before this one
    ShownFraction shown_;
    WorkEstimate::Work estimated_;
    TimePoint next_estimate_{};
    Watchdog watchdog_;
    bool told_stalled_ = false;  ///< the log knows
    std::vector<chain::BlockHeader> completed_headers_;
    std::optional<Hash256> completed_root_;
};

}  // namespace fastsync::sync
