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

Task<std::vector<PivotChooser::Headers>> PivotChooser::ask_all(PeerList peers,
                                                               HeaderRequest request) {
    struct Job {
        static Task<std::optional<Headers>> run(std::shared_ptr<StatePeer> peer,
                                                HeaderRequest request, TimePoint deadline) {
            auto answer = co_await peer->get_headers(std::move(request), deadline);
            if (!answer || answer->empty()) co_return std::nullopt;
            co_return *std::move(answer);
        }
    };
    const auto gathering = std::make_shared<Gathering<Headers>>(executor_);
    for (const auto& peer : peers)
        gathering->ask(stragglers_, Job::run(peer, request, clock_.now() + kHeaderTimeout));
    co_await gathering->wait(clock_, kHeadPatience, kHeaderTimeout);
    std::vector<Headers> answers;
    for (auto& answer : gathering->answers())
        answers.push_back(answer ? *std::move(answer) : Headers{});
    co_return answers;
}

void PivotChooser::add(std::shared_ptr<StatePeer> peer) {
    if (!heads_) return;
    peers_.push_back(peer);
    heads_->ask(stragglers_, find_head(std::move(peer), clock_));
}

/// Asks all peers for their heads.
Task<void> PivotChooser::find_heads() {
    heads_ = std::make_shared<Gathering<Candidate>>(executor_);
    for (const auto& peer : peers_)
        heads_->ask(stragglers_, find_head(peer, clock_));
    co_await heads_->wait(clock_, kHeadPatience, kHeaderTimeout);
    const auto heads = std::exchange(heads_, nullptr);
    for (auto& found : heads->answers())
        if (found) candidates_.push_back(*std::move(found));
    std::stable_sort(candidates_.begin(), candidates_.end(), [](const auto& a, const auto& b) {
        const U256 left = a.peer->total_difficulty();
        const U256 right = b.peer->total_difficulty();
        return left != right ? left > right : a.head.number > b.head.number;
    });
}

namespace {

/// The newest header that a peer serves of those it announced: it may tell of a block before it
/// has it. Nothing when it serves none, or does not answer.
Task<std::optional<chain::BlockHeader>> announced_header(std::shared_ptr<StatePeer> peer,
                                                         async::Clock& clock) {
    const std::vector<Hash256> heads = peer->heads();
    for (const Hash256& hash : heads) {
        const HeaderRequest announced{hash, 1, 0, false};
        auto found =
            co_await peer->get_headers(announced, clock.now() + PivotChooser::kHeaderTimeout);
        // Lacking a header takes an empty answer.
        if (!found && found.error().code == Errc::kTimeout) peer->report(Misbehaviour::kStalling);
        if (!found) co_return std::nullopt;
        if (found->empty()) continue;
        if (found->front().hash == hash) co_return std::move(found->front());
        log::debug("pivot", "peer={} answered another header than asked for", peer->name());
        peer->report(Misbehaviour::kForgedHeaders);
        co_return std::nullopt;
    }
    co_return std::nullopt;
}

/// An announced head of a peer, then onwards by number: announcements may have been missed.
Task<std::optional<chain::BlockHeader>> head_of(std::shared_ptr<StatePeer> peer,
                                                async::Clock& clock) {
    constexpr Duration kTimeout = PivotChooser::kHeaderTimeout;
    auto first = co_await announced_header(peer, clock);
    if (!first) co_return std::nullopt;
    chain::BlockHeader head = *std::move(first);
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

Task<std::optional<PivotChooser::Candidate>> PivotChooser::find_head(
    std::shared_ptr<StatePeer> peer, async::Clock& clock) {
    auto head = co_await head_of(peer, clock);
    if (!head) co_return std::nullopt;
    co_return Candidate{std::move(peer), *std::move(head), {}};
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
    const auto gathering = std::make_shared<Gathering<Headers>>(executor_);
    for (const Candidate& candidate : candidates_)
        gathering->ask(stragglers_, find_chain(candidate, keep_, clock_));
    co_await gathering->wait(clock_, kHeadPatience, kHeaderTimeout);
    for (std::size_t i = 0; i < candidates_.size(); ++i)
        candidates_[i].chain = std::exchange(gathering->answers()[i], {}).value_or(Headers{});
    std::erase_if(candidates_, [](const Candidate& c) { return c.chain.empty(); });
}

/// The headers pivot ... head of one peer, linked; from the pivot to keep where that is possible.
Task<std::optional<PivotChooser::Headers>> PivotChooser::find_chain(
    Candidate candidate, std::optional<chain::BlockHeader> keep, async::Clock& clock) {
    const std::shared_ptr<StatePeer> peer = candidate.peer;
    const chain::BlockHeader& head = candidate.head;
    const bool may_keep =
        keep && keep->number <= head.number && !is_stale(keep->number, head.number);
    const chain::BlockNumber fresh = pivot_number(head.number);
    chain::BlockNumber from = may_keep ? std::min(keep->number, fresh) : fresh;
    HeaderRequest request{from, head.number - from + 1, 0, false};
    auto headers = co_await peer->get_headers(request, clock.now() + kHeaderTimeout);
    // One that synced another pivot than ours has nothing below that.
    const bool again = headers && headers->empty() && from < fresh;
    if (again) {
        from = fresh;
        request = {from, head.number - from + 1, 0, false};
        headers = co_await peer->get_headers(request, clock.now() + kHeaderTimeout);
    }
    if (!headers) co_return std::nullopt;
    if (!check_linked(*headers)) {
        peer->report(Misbehaviour::kForgedHeaders);
        log::debug("pivot", "peer={} headers from pivot to head do not link", peer->name());
        co_return std::nullopt;
    }
    // The peer's chain may have been reorganised since it told its head: another head of the same
    // height is as good, a shorter chain is asked for again.
    const bool whole = !headers->empty() && headers->front().number == from &&
                       headers->back().number == head.number;
    if (!whole) {
        log::debug("pivot", "peer={} does not hold all headers from pivot to head", peer->name());
        co_return std::nullopt;
    }
    chain::BlockNumber start = fresh;
    const bool has_kept = may_keep && from <= keep->number;
    if (has_kept && (*headers)[keep->number - from].hash == keep->hash) start = keep->number;
    headers->erase(headers->begin(), headers->begin() + static_cast<std::ptrdiff_t>(start - from));
    co_return *std::move(headers);
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
        const HeaderRequest request{pivot.number, head.number - pivot.number + 1, 0, false};
        auto headers = co_await candidate.peer->get_headers(request, clock_.now() + kHeaderTimeout);
        const bool fits = headers && !headers->empty() && headers->front().hash == pivot.hash &&
                          headers->back().hash == head.hash && check_linked(*headers);
        if (fits) co_return Pivot{root, *std::move(headers)};
    }
    std::vector<chain::BlockHeader> alone;
    alone.push_back(std::move(pivot));
    co_return Pivot{root, std::move(alone)};
}

}  // namespace fastsync::sync
