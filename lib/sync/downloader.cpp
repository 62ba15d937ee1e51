#include <algorithm>

#include <common/log.hpp>
#include <sync/downloader.hpp>
#include <sync/invariants.hpp>

namespace fastsync::sync {

using async::Task;

namespace {

constexpr std::string_view kAskedForHeads = " peers connected, asked for their heads";

}  // namespace

Downloader::Downloader(storage::StateStore& store, async::Clock& clock, async::Executor executor,
                       Options options)
    : store_(store),
      clock_(clock),
      executor_(executor),
      options_(std::move(options)),
      scope_(executor),
      wake_(executor),
      stopping_(executor),
      root_ended_(executor),
      ledger_(options_.most_in_flight) {}

void Downloader::peer_joined(std::shared_ptr<StatePeer> peer) {
    ledger_.join(peer->id());
    if (chooser_ != nullptr) chooser_->add(peer);
    peers_[peer->id()] = std::move(peer);
    if (phase_ == SyncPhase::kSyncing) waiting_for_.clear();
    wake_.open();
}

void Downloader::peer_left(PeerId peer) {
    for (const OpenRequest& request : ledger_.leave(peer)) {
        if (state_sync_) state_sync_->on_returned(request);
    }
    peers_.erase(peer);
    wake_.open();
}

void Downloader::stray(PeerId peer, NodeDataAnswer answer) {
    if (!state_sync_ || state_sync_->complete()) return;  // no sync runs: dropped quietly
    on_verdict(peer, state_sync_->on_stray(peer, answer));
    wake_.open();
}

void Downloader::stop() {
    if (phase_ != SyncPhase::kComplete) enter(SyncPhase::kStopping, "");
    stopping_.open();
    wake_.open();
    store_.interrupt_settling();
    release_peers();
}

void Downloader::fail(Error error) {
    if (failure_ || phase_ == SyncPhase::kComplete) return;
    if (phase_ == SyncPhase::kCompacting) {  // the state is whole and recorded
        log::warn("sync", "merging is given up reason=\"{}\"", error.message());
        store_.interrupt_settling();
        return;
    }
    failure_ = std::move(error);
    stopping_.open();
    wake_.open();
    release_peers();
}

/// Ends what is in flight, so that nobody waits for an answer that is of no use any more.
void Downloader::release_peers() {
    for (const auto& peer : peer_list())
        peer->release();
}

Task<Result<void>> Downloader::run() {
    auto outcome = co_await run_to_end();
    root_ended_.open();
    stopping_.open();
    release_peers();
    co_await scope_.join();
    if (outcome && failure_) outcome = *failure_;
    // On a failure too: what is complete is kept.
    if (auto flushed = flush(); outcome && !flushed) outcome = flushed;
    if (!outcome) {
        enter(SyncPhase::kFailed, outcome.error().message());
        log::error("sync", "failed reason=\"{}\"", outcome.error().message());
    }
    co_return outcome;
}

Task<Result<void>> Downloader::run_to_end() {
    FASTSYNC_CO_CHECK(resume());
    while (!stopping_.is_open()) {
        FASTSYNC_CO_TRY(std::optional<Pivot> pivot, co_await next_pivot());
        if (!pivot) break;
        FASTSYNC_CO_CHECK(begin(*std::move(pivot)));
        FASTSYNC_CO_TRY(const RootOutcome outcome, co_await sync_root());
        if (outcome != RootOutcome::kComplete) continue;
        FASTSYNC_CO_CHECK(record_complete());
        FASTSYNC_CO_CHECK(co_await settle_store());
        if (options_.when_complete == WhenComplete::kStay) co_await stopping_.wait();
        break;
    }
    co_return Result<void>{};
}

/// Waits for peers and asks them until there is a pivot; nothing when stopped.
Task<Result<std::optional<Pivot>>> Downloader::next_pivot() {
    while (!stopping_.is_open()) {
        if (peers_.empty()) {
            enter(SyncPhase::kFindingPeers, "no peer is connected");
            wake_.reset();
            co_await clock_.sleep_until(clock_.now() + kTick, &wake_);
            continue;
        }
        if (phase_ == SyncPhase::kFindingPeers || waiting_for_.empty())
            waiting_for_ = std::to_string(peers_.size()) + std::string{kAskedForHeads};
        enter(SyncPhase::kChoosingPivot, waiting_for_);
        std::optional<chain::BlockHeader> keep;
        if (keep_pivot_ && pivot_ && pivot_->header() != nullptr) keep = *pivot_->header();
        PivotChooser chooser{peer_list(), options_.policy, std::move(keep), clock_, scope_};
        chooser_ = &chooser;
        auto chosen = co_await chooser.choose();
        chooser_ = nullptr;
        if (chosen && chosen->state_root != bad_root_) {
            co_return std::optional<Pivot>{*std::move(chosen)};
        }
        const std::string why =
            chosen ? "the state root of the pivot is no valid state" : chosen.error().detail;
        enter(SyncPhase::kChoosingPivot, why);
        co_await pause(kRetryDelay);
    }
    co_return std::optional<Pivot>{};
}

/// Makes `pivot` the current one and starts its state sync, or goes on with a running one of the
/// same root.
Result<void> Downloader::begin(Pivot pivot) {
    const bool moved =
        pivot_ && pivot_->state_root != pivot.state_root && !is_pinned(options_.policy.pin);
    moves_ += moved ? 1 : 0;
    check_choice(pivot);
    pivot_ = std::move(pivot);
    root_false_ = false;
    keep_pivot_ = true;
    // One that nobody serves is chosen again and again: said once.
    const auto* header = pivot_->header();
    if (header != nullptr && header->hash != told_pivot_) {
        told_pivot_ = header->hash;
        log::info("sync", "pivot number={} hash={} state_root={} head={} moves={}", header->number,
                  to_hex0x(header->hash), to_hex0x(pivot_->state_root), pivot_->head()->number,
                  moves_);
        if (header->number == 0) {
            log::warn("sync", "the chain is shorter than {} blocks: syncing the genesis state",
                      kPivotDistance);
        }
    }
    if (state_sync_ && state_sync_->root() == pivot_->state_root) {
        state_sync_->pardon();
    } else {
        ++epoch_;
        regions_.next_root();
        // A false root tells nothing of this chain's states.
        if (state_sync_ && bad_root_ != state_sync_->root()) seen_ = state_sync_->trie().seen();
        FASTSYNC_TRY(StateSync next,
                     StateSync::start(pivot_->state_root, store_, ledger_, counters_, epoch_,
                                      options_.pending_bytes, &regions_, seen_));
        if (state_sync_) next.inherit(*state_sync_);
        state_sync_ = std::move(next);
        if constexpr (kCheckInvariants) must_hold(state_sync_->check_committed());
        speed_.restart();
        shown_.restart();
        estimated_ = {};
        next_estimate_ = {};
    }
    return flush();
}

Task<Result<Downloader::RootOutcome>> Downloader::sync_root() {
    const bool asked = waiting_for_.ends_with(kAskedForHeads);
    enter(SyncPhase::kSyncing, asked ? "" : waiting_for_);
    watchdog_.moved(clock_.now());
    root_ended_.reset();
    if (!is_pinned(options_.policy.pin)) scope_.spawn(follow_head(++follower_));
    Result<RootOutcome> outcome = RootOutcome::kStopped;
    while (true) {
        if (failure_) {
            outcome = *failure_;
            break;
        }
        if (state_sync_->complete()) {
            outcome = RootOutcome::kComplete;
            break;
        }
        if (stopping_.is_open()) break;
        if (root_is_lost()) {
            outcome = RootOutcome::kMove;
            break;
        }
        for (const RequestId id : state_sync_->assign(clock_.now()))
            scope_.spawn(fetch(id));
        watch();
        sample_speed();
        if (auto flushed = flush_if_due(); !flushed) {
            outcome = flushed.error();
            break;
        }
        wake_.reset();
        co_await clock_.sleep_until(clock_.now() + kTick, &wake_);
    }
    root_ended_.open();
    co_return outcome;
}

/// True when this root should be left: stale, false, or served by nobody.
bool Downloader::root_is_lost() {
    if (root_false_) {
        log::warn("sync", "state_root={} is no valid state: its pivot is dropped",
                  to_hex0x(state_sync_->root()));
        bad_root_ = state_sync_->root();
        keep_pivot_ = false;
        return true;
    }
    if (state_sync_->lost_task()) {
        log::error("sync", "lost task: pending={} but nothing queued or in flight; starting over",
                   state_sync_->trie().pending());
        watchdog_.gave_up(state_sync_->lost_tasks());
        state_sync_.reset();
        return true;
    }
    const bool moves = !is_pinned(options_.policy.pin) && pivot_->header() != nullptr;
    if (moves && is_stale(pivot_->header()->number, pivot_->head()->number)) {
        log::info("sync", "pivot stale number={} head={}", pivot_->header()->number,
                  pivot_->head()->number);
        return true;
    }
    return root_is_unserved();
}

/// Says so when nobody has what is missing; true when another pivot may help. A text stays until
/// something useful comes, so that it can be read between two attempts.
bool Downloader::root_is_unserved() {
    if (peers_.empty()) {
        waiting_for_ = "no peer is connected";
        return false;
    }
    if (!state_sync_->unserved()) return false;
    std::string unserved = std::to_string(peers_.size()) + " peers connected, none serves root " +
                           to_hex0x(state_sync_->root());
    // Once for each root: peers decide how often it comes and goes.
    if (told_unserved_ != state_sync_->root()) log::info("sync", "unserved: {}", unserved);
    told_unserved_ = state_sync_->root();
    waiting_for_ = std::move(unserved);
    const TimePoint now = clock_.now();
    if (now < next_pardon_) return false;
    next_pardon_ = now + kRetryDelay;
    if (is_pinned(options_.policy.pin) || pivot_->header() == nullptr) {
        state_sync_->pardon();
        return false;
    }
    keep_pivot_ = false;
    return true;
}

/// Says so when nothing comes, unless there is a better reason than that.
void Downloader::watch() {
    watchdog_.look(*state_sync_, ledger_, clock_.now());
    if (peers_.empty() || state_sync_->unserved()) return;
    std::string words = watchdog_.stalled(ledger_, clock_.now());
    if (!words.empty() && !told_stalled_) log::warn("sync", "stalled: {}", words);
    if (words.empty() && told_stalled_) log::info("sync", "moves again");
    told_stalled_ = !words.empty();
    if (told_stalled_) waiting_for_ = std::move(words);
}

Task<void> Downloader::fetch(RequestId id) {
    const auto found = ledger_.requests().find(id);
    if (found == ledger_.requests().end()) co_return;  // the peer left before this started
    const OpenRequest& request = found->second;
    const std::shared_ptr<StatePeer> peer = peers_.at(request.peer);
    std::vector<Hash256> hashes;
    hashes.reserve(request.tasks.size());
    for (const NodeTask& task : request.tasks)
        hashes.push_back(task.hash);
    auto answer = co_await peer->get_node_data(std::move(hashes), request.deadline);
    // A peer that takes no more just now would say so again at once: its request stays open a
    // while.
    const bool refused =
        !answer && answer.error().code != Errc::kTimeout && answer.error().code != Errc::kClosed;
    if (refused) (void)co_await clock_.sleep_until(clock_.now() + kTick, &root_ended_);
    settle(id, std::move(answer));
    wake_.open();
}

void Downloader::settle(RequestId id, Result<NodeDataAnswer> answer) {
    const std::optional<OpenRequest> request = ledger_.close(id);
    if (!request || !state_sync_) return;  // the peer left and its tasks were returned
    if (answer) {
        on_verdict(request->peer, state_sync_->on_answer(*request, *answer));
    } else if (answer.error().code == Errc::kTimeout) {
        on_verdict(request->peer, state_sync_->on_timeout(*request));
    } else {
        state_sync_->on_returned(*request);
        // Not asked again before its departure is announced.
        if (answer.error().code == Errc::kClosed) peer_left(request->peer);
    }
}

void Downloader::on_verdict(PeerId peer, Result<AnswerVerdict> verdict) {
    if (!verdict) {
        if (verdict.error().code == Errc::kBadState) {
            log::warn("sync", "bad state node: {}", verdict.error().detail);
            root_false_ = true;
        } else {
            failure_ = verdict.error();
        }
        return;
    }
    if (verdict->useful > 0) {
        waiting_for_.clear();
        watchdog_.moved(clock_.now());
    }
    const auto found = peers_.find(peer);
    if (verdict->blame && found != peers_.end()) {
        const std::shared_ptr<StatePeer> blamed = found->second;
        blamed->report(*verdict->blame);
    }
}

/// Looks for new heads while a root syncs, so that a stale pivot is noticed before peers drop its
/// state.
Task<void> Downloader::follow_head(std::uint64_t follower) {
    const auto current = [this, follower] {
        return follower == follower_ && !root_ended_.is_open();
    };
    while (current()) {
        const PeerList peers = peer_list();
        for (const auto& peer : peers) {
            if (!current()) break;
            const bool advanced = co_await advance_head(peer);
            if (advanced) break;
        }
        if (!current()) break;
        co_await clock_.sleep_until(clock_.now() + kHeadInterval, &root_ended_);
    }
}

/// Asks one peer for the headers above ours. True when it had some.
Task<bool> Downloader::advance_head(std::shared_ptr<StatePeer> peer) {
    if (!pivot_ || pivot_->headers.empty()) co_return false;
    const chain::BlockHeader head = pivot_->headers.back();
    auto above = co_await peer->get_headers({head.number + 1, PivotChooser::kMaxHeaders, 0, false},
                                            clock_.now() + PivotChooser::kHeaderTimeout);
    if (!above || above->empty()) co_return false;
    if (!check_linked(*above)) {
        peer->report(Misbehaviour::kForgedHeaders);
        co_return false;
    }
    // Another branch than ours: nothing to add; the next choice of a pivot looks at all peers
    // again.
    const bool fits = pivot_->headers.back() == head && chain::links(head, above->front());
    if (!fits) co_return false;
    for (auto& header : *above)
        pivot_->headers.push_back(std::move(header));
    wake_.open();
    co_return true;
}

void Downloader::sample_speed() {
    speed_.add({clock_.now(), counters_.items_committed(), counters_.bytes_committed});
    // Looks at every storage trie that is being fetched: not for each answer.
    if (next_estimate_ > clock_.now()) return;
    next_estimate_ = clock_.now() + kTick;
    const TrieSync& trie = state_sync_->trie();
    estimated_ = trie.work();
    shown_.update(estimated_.known ? share_done(estimated_.done, estimated_.left)
                                   : as_fraction(trie.finished()));
}

void Downloader::enter(SyncPhase phase, std::string waiting_for) {
    phase_ = phase;
    waiting_for_ = std::move(waiting_for);
}

Task<void> Downloader::pause(Duration duration) {
    co_await clock_.sleep_until(clock_.now() + duration, &stopping_);
}

PeerList Downloader::peer_list() const {
    PeerList list;
    for (const auto& [id, peer] : peers_)
        list.push_back(peer);
    return list;
}

}  // namespace fastsync::sync
