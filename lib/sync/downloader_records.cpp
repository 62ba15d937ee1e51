#include <ctime>

#include <common/log.hpp>
#include <sync/downloader.hpp>
#include <sync/invariants.hpp>

/// What a Downloader leaves in its store, and finds there at the next start; what is said of it.

namespace fastsync::sync {

using async::Task;

Result<void> Downloader::resume() {
    FASTSYNC_TRY(const auto saved, load_checkpoint(store_));
    FASTSYNC_TRY(const auto completed, load_completed(store_));
    if (completed) {
        FASTSYNC_TRY(completed_headers_, decode_headers(completed->headers));
        completed_root_ = completed->state_root;
    }
    if (saved || completed) regions_.mark_all();
    if (!saved) return {};
    FASTSYNC_TRY(auto headers, decode_headers(saved->headers));
    counters_ = saved->counters;
    seen_ = saved->seen;
    moves_ = saved->moves;
    if (!headers.empty()) pivot_ = Pivot{saved->state_root, std::move(headers)};
    log::info("sync", "resume state_root={} items_committed={}", to_hex0x(saved->state_root),
              counters_.items_committed());
    return {};
}

/// A pivot that goes back is told: the one before may be the one that somebody waits for.
void Downloader::check_choice(const Pivot& chosen) const {
    const PivotBefore fate = keep_pivot_ ? PivotBefore::kKept : PivotBefore::kGivenUp;
    if constexpr (kCheckInvariants)
        must_hold(check_move(options_.policy.pin, pivot_, fate, chosen));
    if (is_pinned(options_.policy.pin) || !goes_back(pivot_, chosen)) return;
    log::info("sync", "pivot goes back from={} to={}: {}", pivot_->header()->number,
              chosen.header()->number,
              keep_pivot_ ? "the peers are on another or a shorter chain"
                          : "the one before is served by nobody, or false");
}

Result<void> Downloader::flush_if_due() {
    const bool due = clock_.now() - last_flush_ >= kFlushInterval;
    if (!due || store_.unflushed_items() == 0) return {};
    last_flush_ = clock_.now();
    return store_.begin_flush(to_record(checkpoint()));
}

/// Makes everything committed durable, then the record of it.
Result<void> Downloader::flush() {
    FASTSYNC_CHECK(store_.flush());
    if (pivot_) FASTSYNC_CHECK(save_checkpoint(store_, checkpoint()));
    last_flush_ = clock_.now();
    return {};
}

/// Where the sync stands, for a restart; only with a pivot.
SyncCheckpoint Downloader::checkpoint() const {
    SyncCheckpoint record{pivot_->state_root,
                          {},
                          moves_,
                          counters_,
                          state_sync_ ? state_sync_->trie().seen() : seen_};
    for (const auto& header : pivot_->headers)
        record.headers.push_back(header.raw);
    return record;
}

/// What was written in the order of its arrival is merged, once, into what is best to read. The
/// state is complete and recorded before: an interruption costs nothing but the merging, and so
/// does a disk without room for it.
Task<Result<void>> Downloader::settle_store() {
    enter(SyncPhase::kCompacting, "");
    struct Settling {
        static Task<Result<void>> run(storage::StateStore& store) { co_return store.settle(); }
    };
    const async::Executor where = options_.settling.value_or(executor_);
    const auto settled = co_await async::run_on(where, Settling::run(store_));
    if (stopping_.is_open()) co_return Result<void>{};
    if (!settled) {
        if (settled.error().code == Errc::kCorrupt) co_return settled.error();
        log::warn("sync", "not merged: reading is slower until it is reason=\"{}\"",
                  settled.error().message());
    }
    enter(SyncPhase::kComplete, "");
    log::info("sync", "complete state_root={} items_committed={} bytes_committed={}",
              to_hex0x(pivot_->state_root), counters_.items_committed(), counters_.bytes_committed);
    co_return Result<void>{};
}

Result<void> Downloader::record_complete() {
    FASTSYNC_CHECK(flush());
    CompletedPivot record{pivot_->state_root, {}, 0, counters_};
    for (const auto& header : pivot_->headers)
        record.headers.push_back(header.raw);
    record.completed_at = options_.unix_time != nullptr
                              ? options_.unix_time()
                              : static_cast<std::uint64_t>(std::time(nullptr));
    FASTSYNC_CHECK(save_completed(store_, record));
    completed_headers_ = pivot_->headers;
    completed_root_ = pivot_->state_root;
    log::info("sync", "whole state_root={}: merging what was written",
              to_hex0x(pivot_->state_root));
    return {};
}

}  // namespace fastsync::sync
