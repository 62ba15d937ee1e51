#include <algorithm>

#include <crypto/keccak.hpp>
#include <sync/invariants.hpp>
#include <sync/state_sync.hpp>

namespace fastsync::sync {
namespace {

/// Finds the hashes of an answer among those of its request. Servers keep the order of the request,
/// so looking on from the last hit finds nearly all at the first try.
class RequestMatcher {
  public:
    explicit RequestMatcher(const OpenRequest* request) : request_(request) {}

    bool contains(const Hash256& hash) {
        if (request_ == nullptr) return false;
        const auto& tasks = request_->tasks;
        for (std::size_t step = 0; step < tasks.size(); ++step) {
            const std::size_t at = (next_ + step) % tasks.size();
            if (tasks[at].hash == hash) {
                in_order_ = at >= ahead_;
                if (in_order_) ahead_ = at + 1;
                next_ = at + 1;
                return true;
            }
        }
        return false;
    }
    /// The last one found was taken.
    void taken() noexcept { taken_ += in_order_ ? 1U : 0U; }
    /// Each task was found and taken. False too where they came in another order: counting each
    /// place once is worth more than noticing that.
    [[nodiscard]] bool all_taken() const noexcept {
        return request_ != nullptr && taken_ == request_->tasks.size();
    }

  private:
    const OpenRequest* request_;
    std::size_t next_ = 0;
    std::size_t ahead_ = 0;  ///< no task from here on was found yet
    bool in_order_ = false;  ///< the last one found was the first from ahead_ on
    std::size_t taken_ = 0;
};

struct TaskHasher {
    using is_avalanching = void;
    std::size_t operator()(const NodeTask& task) const noexcept {
        return FixedHasher<Hash256>{}(task.hash) + static_cast<std::size_t>(task.kind);
    }
};
using TaskSet = boost::unordered_flat_set<NodeTask, TaskHasher>;

bool sends_too_much(const PeerRecord& peer) {
    return peer.unexpected > StateSync::kMaxUnexpected ||
           peer.unexpected_bytes > StateSync::kMaxUnexpectedBytes;
}

bool is_superfluous(const Error& error) {
    return error.code == Errc::kUnrequested || error.code == Errc::kAlreadyHave;
}

}  // namespace

Result<StateSync> StateSync::start(const Hash256& root, storage::StateStore& store,
                                   PeerLedger& ledger, SyncCounters& counters, std::uint64_t epoch,
                                   std::size_t pending_bytes, StoredRegions* regions,
                                   const SeenState& seen) {
    FASTSYNC_TRY(TrieSync trie, TrieSync::start(root, store, regions, seen));
    trie.defer_below(pending_bytes / 2);
    return StateSync{root, std::move(trie), store, ledger, counters, epoch, pending_bytes};
}

std::vector<RequestId> StateSync::assign(TimePoint now) {
    std::vector<RequestId> made;
    for (const PeerId peer : ledger_->idle()) {
        while (ledger_->at(peer).open_requests < ledger_->at(peer).rate.window()) {
            std::vector<NodeTask> tasks = tasks_for(peer);
            const auto id =
                tasks.empty()
                    ? take_over(peer, now)
                    : std::optional{ledger_->open(peer, std::move(tasks), now, epoch_).id};
            if (!id) break;
            made.push_back(*id);
            if constexpr (kCheckInvariants) must_hold(check_turn(ledger_->requests().at(*id)));
        }
    }
    return made;
}

/// Asks `peer` for what another one has owed for too long; nothing when nobody does.
std::optional<RequestId> StateSync::take_over(PeerId peer, TimePoint now) {
    const PeerRate& rate = ledger_->at(peer).rate;
    if (rate.items_per_second() <= 0) return std::nullopt;
    // Ids grow with time: the oldest first.
    for (const auto& [id, owed] : ledger_->requests()) {
        const double items = static_cast<double>(owed.tasks.size());
        const Duration ours = rate.round_trip() + from_seconds(items / rate.items_per_second());
        const Duration patience =
            std::max<Duration>(kOverdueAtLeast, from_seconds(kOverdueFactor * to_seconds(ours)));
        const bool overdue =
            owed.epoch == epoch_ && owed.peer != peer && now - owed.sent > patience;
        if (!overdue || ledger_->twin_of(owed) != nullptr) continue;
        std::vector<NodeTask> tasks = tasks_to_take_over(owed, peer);
        if (tasks.empty()) continue;
        const RequestId slow = id;
        const RequestId fast = ledger_->open(peer, std::move(tasks), now, epoch_).id;
        ledger_->pair(slow, fast);
        return fast;
    }
    return std::nullopt;
}

std::vector<NodeTask> StateSync::tasks_to_take_over(const OpenRequest& owed, PeerId peer) const {
    std::vector<NodeTask> tasks;
    const std::size_t room = ledger_->at(peer).rate.batch();
    for (const NodeTask& task : owed.tasks) {
        if (tasks.size() == room) break;
        if (trie_.wants(task) && retry_.may_ask(task, peer, *ledger_)) tasks.push_back(task);
    }
    return tasks;
}

/// How many items more may be asked for now.
std::size_t StateSync::room_for_fresh() noexcept {
    const bool beyond = pending_bytes() > pending_bytes_;
    in_flight_beyond_ = beyond ? std::min(in_flight_beyond_, trie_.requested()) : SIZE_MAX;
    if (!beyond) return SIZE_MAX;
    return Held::kNarrowInFlight - std::min(Held::kNarrowInFlight, trie_.requested());
}

Held StateSync::held() const noexcept {
    return {trie_.complete_bytes(), pending_bytes(), pending_bytes_, trie_.requested(),
            in_flight_beyond_};
}

std::vector<NodeTask> StateSync::tasks_for(PeerId peer) {
    const std::size_t room = ledger_->at(peer).rate.batch();
    std::vector<NodeTask> tasks = retry_.take(
        peer, room, *ledger_, [this](const NodeTask& task) { return trie_.wants(task); });
    if (tasks.size() < room) {
        const auto fresh = trie_.missing(std::min(room - tasks.size(), room_for_fresh()));
        tasks.insert(tasks.end(), fresh.begin(), fresh.end());
    }
    return tasks;
}

Result<AnswerVerdict> StateSync::on_answer(const OpenRequest& request,
                                           const NodeDataAnswer& answer) {
    const bool current = request.epoch == epoch_;
    FASTSYNC_TRY(AnswerVerdict verdict, take_blobs(answer, current ? &request : nullptr));
    if (!current) verdict.unexpected = verdict.unexpected_bytes = 0;  // of a root that is gone
    const std::size_t worth = verdict.useful + verdict.duplicates;
    PeerRecord& peer = ledger_->at(request.peer);
    peer.rate.delivered(worth, request.sent, answer.arrived);
    peer.delivered += worth;
    peer.empty += worth == 0 ? 1 : 0;
    count_unexpected(peer, verdict);
    if (verdict.unexpected > 0 && sends_too_much(peer)) {
        verdict.blame = Misbehaviour::kMalformedBlob;
    }
    if (current && !verdict.complete) {
        put_back(request, worth == 0 ? RetryQueue::Why::kLacks : RetryQueue::Why::kCutShort);
    }
    return verdict;
}

Result<AnswerVerdict> StateSync::on_stray(PeerId peer, const NodeDataAnswer& answer) {
    FASTSYNC_TRY(AnswerVerdict verdict, take_blobs(answer, nullptr));
    if (!ledger_->connected(peer)) {
        counters_->unexpected += verdict.unexpected;
        return verdict;
    }
    PeerRecord& record = ledger_->at(peer);
    record.delivered += verdict.useful;
    count_unexpected(record, verdict);
    if (sends_too_much(record) && verdict.useful == 0) {
        verdict.blame = Misbehaviour::kMalformedBlob;
    }
    return verdict;
}

void StateSync::count_unexpected(PeerRecord& peer, const AnswerVerdict& verdict) {
    peer.unexpected += verdict.unexpected;
    peer.unexpected_bytes += verdict.unexpected_bytes;
    counters_->unexpected += verdict.unexpected;
}

Result<AnswerVerdict> StateSync::take_blobs(const NodeDataAnswer& answer,
                                            const OpenRequest* request) {
    AnswerVerdict verdict;
    hashes_.resize(answer.blobs.size());
    crypto::keccak256_batch(answer.blobs, hashes_);
    RequestMatcher matcher{request};
    for (std::size_t i = 0; i < hashes_.size(); ++i) {
        trie_.prefetch(hashes_, i);
        // Some servers put an empty string in the place of what they lack.
        if (answer.blobs[i].empty()) continue;
        const bool asked = matcher.contains(hashes_[i]);
        if (auto taken = trie_.process(hashes_[i], answer.blobs[i]); taken) {
            ++verdict.useful;
            if (asked) matcher.taken();
            retry_.forget(hashes_[i]);
        } else if (asked && is_superfluous(taken.error())) {
            ++verdict.duplicates;
        } else if (taken.error().code == Errc::kAlreadyHave) {
            ++verdict.surplus;
        } else if (taken.error().code == Errc::kUnrequested) {
            // A late answer holds what others have delivered meanwhile: no junk.
            FASTSYNC_TRY(const bool stored, is_stored(hashes_[i]));
            ++(stored ? verdict.surplus : verdict.unexpected);
            if (!stored) verdict.unexpected_bytes += answer.blobs[i].size();
        } else {
            return taken.error();
        }
    }
    verdict.complete = matcher.all_taken();
    counters_->duplicates += verdict.duplicates + verdict.surplus;
    FASTSYNC_CHECK(commit());
    return verdict;
}

Result<bool> StateSync::is_stored(const Hash256& hash) const {
    FASTSYNC_TRY(const bool node, store_->has(ItemKind::kNode, hash));
    if (node) return true;
    return store_->has(ItemKind::kCode, hash);
}

AnswerVerdict StateSync::on_timeout(const OpenRequest& request) {
    AnswerVerdict verdict;
    if (ledger_->connected(request.peer)) {
        PeerRecord& peer = ledger_->at(request.peer);
        peer.rate.timed_out();
        ++peer.timeouts;
        const bool stalls = request.tasks.size() <= kStallingItems;
        if (stalls && !is_only_server(request.peer)) verdict.blame = Misbehaviour::kStalling;
    }
    if (request.epoch == epoch_) put_back(request, RetryQueue::Why::kTimedOut);
    return verdict;
}

bool StateSync::is_only_server(PeerId peer) const {
    const auto& peers = ledger_->peers();
    return ledger_->at(peer).delivered > 0 &&
           std::none_of(peers.begin(), peers.end(), [peer](const auto& other) {
               return other.first != peer && other.second.delivered > 0;
           });
}

void StateSync::on_returned(const OpenRequest& request) {
    if (request.epoch == epoch_) put_back(request, RetryQueue::Why::kCutShort);
}

void StateSync::put_back(const OpenRequest& request, RetryQueue::Why why) {
    const OpenRequest* const twin = ledger_->twin_of(request);
    const auto still_asked = [twin](const NodeTask& task) {
        return twin != nullptr &&
               std::any_of(twin->tasks.begin(), twin->tasks.end(),
                           [&](const NodeTask& other) { return other.hash == task.hash; });
    };
    for (const NodeTask& task : request.tasks) {
        if (!trie_.wants(task)) continue;
        if (still_asked(task)) {
            retry_.note(task, request.peer, why);
            continue;
        }
        retry_.put(task, request.peer, why);
        ++counters_->retries;
    }
}

Result<void> StateSync::commit() {
    if (!trie_.any_complete()) return {};
    storage::NodeBatch batch = trie_.take_complete();
    for (const auto& entry : batch.entries()) {
        ++(entry.kind == ItemKind::kCode ? counters_->codes_committed : counters_->nodes_committed);
    }
    counters_->bytes_committed += batch.blob_bytes();
    if constexpr (kCheckInvariants) {
        must_hold(check_batch(batch, *store_));
        committed_.note(batch);
    }
    return store_->commit(std::move(batch));
}

bool StateSync::lost_task() const {
    if (trie_.done() || trie_.queued() > 0 || retry_.size() > 0) return false;
    const auto& requests = ledger_->requests();
    return std::none_of(requests.begin(), requests.end(),
                        [this](const auto& open) { return open.second.epoch == epoch_; });
}

/// Those made for this root.
std::vector<const OpenRequest*> StateSync::current_requests() const {
    std::vector<const OpenRequest*> out;
    for (const auto& [id, request] : ledger_->requests()) {
        if (request.epoch == epoch_) out.push_back(&request);
    }
    return out;
}

std::size_t StateSync::lost_tasks() const {
    TaskSet asked;
    const auto note = [&](const NodeTask& task) {
        if (trie_.wants(task)) asked.insert(task);
    };
    for (const OpenRequest* request : current_requests())
        std::for_each(request->tasks.begin(), request->tasks.end(), note);
    std::for_each(retry_.tasks().begin(), retry_.tasks().end(), note);
    return trie_.requested() - std::min(trie_.requested(), asked.size());
}

std::string StateSync::check_requests() const {
    TaskSet again;
    for (const NodeTask& task : retry_.tasks()) {
        if (trie_.wants(task) && !again.insert(task).second) return "a task to be retried twice";
    }
    boost::unordered_flat_map<NodeTask, const OpenRequest*, TaskHasher> asked;
    for (const OpenRequest* request : current_requests()) {
        for (const NodeTask& task : request->tasks) {
            if (!trie_.wants(task)) continue;
            if (again.contains(task)) return "a task that is asked for and to be retried";
            const auto [other, added] = asked.emplace(task, request);
            if (!added && ledger_->twin_of(*request) != other->second)
                return "a task that is asked for twice";
            if (retry_.lacked_by(task, request->peer)) return "a peer is asked for what it lacked";
        }
    }
    return {};
}

std::string StateSync::check_turn(const OpenRequest& made) const {
    const auto& peers = ledger_->peers();
    for (const NodeTask& task : made.tasks) {
        if (!retry_.failed_by(task, made.peer)) continue;
        const bool skipped = std::any_of(peers.begin(), peers.end(), [&](const auto& other) {
            return !retry_.failed_by(task, other.first);
        });
        if (skipped) return "a peer is asked again for what another one was never asked for";
    }
    return {};
}

}  // namespace fastsync::sync
