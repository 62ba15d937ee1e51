#include <algorithm>
#include <map>

#include <async/task_scope.hpp>
#include <common/log.hpp>
#include <sync/pivot_chooser.hpp>

namespace fastsync::sync {

using async::Task;

PivotChooser::PivotChooser(PeerList peers, PivotPolicy policy,
                           std::optional<chain::BlockHeader> keep, async::Clock& clock,
                           async::TaskScope& stragglers)
    : peers_(std::move(peers)),
      policy_(std::move(policy)),
      keep_(std::move(keep)),
      clock_(clock),
      stragglers_(stragglers),
      executor_(stragglers.executor()) {}

Task<Result<Pivot>> PivotChooser::choose() {
    if (const auto* pin = std::get_if<PinnedRoot>(&policy_.pin)) {
        co_return Pivot{pin->root, {}};
    }
    co_await find_heads();
    if (const auto* pin = std::get_if<PinnedHash>(&policy_.pin)) {
        co_return co_await by_hash(pin->hash);
    }
    if (const auto* pin = std::get_if<PinnedNumber>(&policy_.pin)) {
        co_return co_await by_number(pin->number);
    }
    co_return co_await below_head();
}

Task<Result<PivotChooser::Headers>> PivotChooser::ask(std::shared_ptr<StatePeer> peer,
                                                      HeaderRequest request) {
    co_return co_await peer->get_headers(std::move(request), clock_.now() + kHeaderTimeout);
}

Task<std::vector<PivotChooser::Headers>> PivotChooser::ask_all(PeerList peers,
                                                               HeaderRequest request) {
    struct Job {
        static Task<void> run(PivotChooser& self, std::shared_ptr<StatePeer> peer,
                              HeaderRequest request, Headers& out) {
            auto answer = co_await self.ask(std::move(peer), std::move(request));
            if (answer) out = *std::move(answer);
        }
    };
    std::vector<Headers> answers(peers.size());
    async::TaskScope scope{executor_};
    for (std::size_t i = 0; i < peers.size(); ++i) {
        scope.spawn(Job::run(*this, peers[i], request, answers[i]));
    }
    co_await scope.join();
    co_return answers;
}

/// Asks all peers for their heads. One that is slow holds the others up only until kHeadPatience.
Task<void> PivotChooser::find_heads() {
    const auto heads = std::make_shared<Heads>(executor_);
    heads->open = peers_.size();
    for (const auto& peer : peers_)
        stragglers_.spawn(find_head(peer, heads, clock_));
    const TimePoint enough = clock_.now() + kHeadPatience;
    while (heads->open > 0) {
        const TimePoint now = clock_.now();
        if (now >= enough && !heads->found.empty()) break;
        heads->answered.reset();
        (void)co_await clock_.sleep_until(now < enough ? enough : now + kHeaderTimeout,
                                          &heads->answered);
    }
    candidates_ = std::exchange(heads->found, {});
    std::stable_sort(candidates_.begin(), candidates_.end(), [](const auto& a, const auto& b) {
        const U256 left = a.peer->total_difficulty();
        const U256 right = b.peer->total_difficulty();
        return left != right ? left > right : a.head.number > b.head.number;
    });
}

namespace {

/// The announced head of a peer, then onwards by number: announcements may have been missed.
Task<std::optional<chain::BlockHeader>> head_of(std::shared_ptr<StatePeer> peer,
                                                async::Clock& clock) {
    constexpr Duration kTimeout = PivotChooser::kHeaderTimeout;
    const HeaderRequest announced{peer->head_hash(), 1, 0, false};
    auto first = co_await peer->get_headers(announced, clock.now() + kTimeout);
    // Lacking a header takes an empty answer.
    if (!first && first.error().code == Errc::kTimeout) peer->report(Misbehaviour::kStalling);
    if (!first || first->empty()) co_return std::nullopt;
    chain::BlockHeader head = std::move(first->front());
    if (announced.origin != decltype(announced.origin){head.hash}) {
        log::debug("pivot", "peer={} answered another header than asked for", peer->name());
        peer->report(Misbehaviour::kForgedHeaders);
        co_return std::nullopt;
    }
    for (int round = 0; round < PivotChooser::kMaxCatchUpRounds; ++round) {
        const HeaderRequest above{head.number + 1, PivotChooser::kMaxHeaders, 0, false};
        auto next = co_await peer->get_headers(above, clock.now() + kTimeout);
        if (!next || next->empty()) break;
        if (!check_linked(*next)) {
            peer->report(Misbehaviour::kForgedHeaders);
            co_return std::nullopt;
        }
        // A reorganisation between two answers, or a lie: stay with what is known to link.
        if (!chain::links(head, next->front())) break;
        head = std::move(next->back());
        if (next->size() < PivotChooser::kMaxHeaders) break;
    }
    co_return head;
}

}  // namespace

Task<void> PivotChooser::find_head(std::shared_ptr<StatePeer> peer, std::shared_ptr<Heads> heads,
                                   async::Clock& clock) {
    auto head = co_await head_of(peer, clock);
    if (head) heads->found.push_back({std::move(peer), *std::move(head), {}});
    --heads->open;
    heads->answered.open();
}

Task<Result<Pivot>> PivotChooser::below_head() {
    if (candidates_.empty()) {
        co_return Error{Errc::kNotFound, std::to_string(peers_.size()) +
                                             " peers connected, none tells its head header"};
    }
    co_await find_chains();
    if (candidates_.empty()) {
        co_return Error{Errc::kNotFound, std::to_string(peers_.size()) +
                                             " peers connected, none serves the headers below its "
                                             "head"};
    }
    for (Candidate& candidate : candidates_) {
        const bool agreed = co_await confirmed(candidate);
        if (!agreed) continue;
        const Hash256 root = candidate.chain.front().state_root;
        co_return Pivot{root, std::move(candidate.chain)};
    }
    co_return Error{Errc::kNotFound, "no pivot header that enough of " +
                                         std::to_string(candidates_.size()) + " peers agree on"};
}

/// Asks all candidates for their chains. Those without one are none any more: what they do not have
/// they cannot confirm either, and nobody must wait for it.
Task<void> PivotChooser::find_chains() {
    async::TaskScope scope{executor_};
    for (Candidate& candidate : candidates_)
        scope.spawn(find_chain(candidate));
    co_await scope.join();
    std::erase_if(candidates_, [](const Candidate& c) { return c.chain.empty(); });
}

Task<void> PivotChooser::find_chain(Candidate& candidate) {
    auto headers = co_await chain_to_head(candidate);
    if (headers)
        candidate.chain = *std::move(headers);
    else
        log::debug("pivot", "peer={} {}", candidate.peer->name(), headers.error().message());
}

/// The headers pivot ... head of one peer, linked; from the pivot to keep where that is possible.
Task<Result<PivotChooser::Headers>> PivotChooser::chain_to_head(const Candidate& candidate) {
    const chain::BlockHeader& head = candidate.head;
    const bool may_keep =
        keep_ && keep_->number <= head.number && !is_stale(keep_->number, head.number);
    const chain::BlockNumber fresh = pivot_number(head.number);
    chain::BlockNumber from = may_keep ? std::min(keep_->number, fresh) : fresh;
    auto headers = co_await ask(candidate.peer, {from, head.number - from + 1, 0, false});
    // One that synced another pivot than ours has nothing below that.
    const bool again = headers && headers->empty() && from < fresh;
    if (again) {
        from = fresh;
        headers = co_await ask(candidate.peer, {from, head.number - from + 1, 0, false});
    }
    if (!headers) co_return headers.error();
    if (!check_linked(*headers)) {
        candidate.peer->report(Misbehaviour::kForgedHeaders);
        co_return Error{Errc::kMalformed, "headers from pivot to head do not link"};
    }
    // The peer's chain may have been reorganised since it told its head: another head of the same
    // height is as good, a shorter chain is asked for again.
    const bool whole = !headers->empty() && headers->front().number == from &&
                       headers->back().number == head.number;
    if (!whole)
        co_return Error{Errc::kNotFound, "the peer does not hold all headers from pivot to head"};
    chain::BlockNumber start = fresh;
    const bool has_kept = may_keep && from <= keep_->number;
    if (has_kept && (*headers)[keep_->number - from].hash == keep_->hash) start = keep_->number;
    headers->erase(headers->begin(), headers->begin() + static_cast<std::ptrdiff_t>(start - from));
    co_return headers;
}

/// Asks the other candidates for their header of the pivot's number.
Task<bool> PivotChooser::confirmed(const Candidate& source) {
    const chain::BlockHeader pivot = source.chain.front();
    PeerList others;
    for (const Candidate& c : candidates_) {
        if (c.peer != source.peer) others.push_back(c.peer);
    }
    const std::size_t needed = std::min(policy_.confirmations, others.size());
    if (needed == 0) co_return true;
    const auto answers = co_await ask_all(others, {pivot.number, 1, 0, false});
    std::size_t agree = 0;
    std::size_t differ = 0;
    for (const Headers& answer : answers) {
        if (answer.empty()) continue;
        ++(answer.front().hash == pivot.hash ? agree : differ);
    }
    log::debug("pivot", "number={} peers_agree={} peers_differ={}", pivot.number, agree, differ);
    co_return agree >= needed&& agree >= differ;
}

Task<Result<Pivot>> PivotChooser::by_number(chain::BlockNumber number) {
    const auto answers = co_await ask_all(peers_, {number, 1, 0, false});
    std::map<Hash256, std::size_t> votes;
    const chain::BlockHeader* best = nullptr;
    std::size_t voters = 0;
    for (const Headers& answer : answers) {
        if (answer.empty() || answer.front().number != number) continue;
        ++voters;
        const std::size_t count = ++votes[answer.front().hash];
        if (best == nullptr || count > votes[best->hash]) best = &answer.front();
    }
    if (best == nullptr) {
        co_return Error{Errc::kNotFound, "no connected peer has block " + std::to_string(number)};
    }
    if (votes[best->hash] < 1 + std::min(policy_.confirmations, voters - 1)) {
        co_return Error{Errc::kNotFound,
                        "peers contradict each other about block " + std::to_string(number)};
    }
    co_return co_await with_head(*best);
}

Task<Result<Pivot>> PivotChooser::by_hash(Hash256 hash) {
    const auto answers = co_await ask_all(peers_, {hash, 1, 0, false});
    const chain::BlockHeader* found = nullptr;
    for (const Headers& answer : answers) {
        if (!answer.empty() && answer.front().hash == hash) found = &answer.front();
    }
    if (found == nullptr) {
        co_return Error{Errc::kNotFound, "no connected peer has block " + to_hex0x(hash)};
    }
    const auto by_its_number = co_await ask_all(peers_, {found->number, 1, 0, false});
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        const Headers& answer = by_its_number[i];
        if (answer.empty() || answer.front().hash == hash) continue;
        log::warn("pivot", "peer={} contradicts the pinned block number={}", peers_[i]->name(),
                  found->number);
        peers_[i]->report(Misbehaviour::kContradictsPin);
    }
    co_return co_await with_head(*found);
}

/// Adds the headers above a pinned pivot where the head is near; otherwise the pivot stands alone.
Task<Pivot> PivotChooser::with_head(chain::BlockHeader pivot) {
    const Hash256 root = pivot.state_root;
    for (const Candidate& candidate : candidates_) {
        const chain::BlockHeader& head = candidate.head;
        if (head.number <= pivot.number || head.number - pivot.number >= kMaxHeaders) continue;
        auto headers =
            co_await ask(candidate.peer, {pivot.number, head.number - pivot.number + 1, 0, false});
        const bool fits = headers && !headers->empty() && headers->front().hash == pivot.hash &&
                          headers->back().hash == head.hash && check_linked(*headers);
        if (fits) co_return Pivot{root, *std::move(headers)};
    }
    std::vector<chain::BlockHeader> alone;
    alone.push_back(std::move(pivot));
    co_return Pivot{root, std::move(alone)};
}

}  // namespace fastsync::sync
