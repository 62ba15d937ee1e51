#include <cmath>

#include <fmt/core.h>
#include <rpc/answer.hpp>

#include <daemon/query_service.hpp>
#include <daemon/status_report.hpp>
#include <daemon/version.hpp>

namespace fastsync::daemon {
namespace {

using async::Task;

/// On the disk's thread, where requests wait for each other: each has its own time.
Task<std::string> look_up(std::string document, std::shared_ptr<const rpc::ChainView> view,
                          const storage::NodeReader& store, const async::Clock& clock,
                          const std::atomic<bool>& stopping) {
    const TimePoint until = clock.now() + rpc::kMaxRpcTime;
    const auto end = [&]() -> std::string_view {
        if (stopping) return "the daemon stops";
        if (clock.now() > until) return "the disk was too slow for the time of one request";
        return {};
    };
    co_return rpc::answer(document, *view, store, end);
}

bool syncs(sync::SyncPhase phase) {
    return phase == sync::SyncPhase::kFindingPeers || phase == sync::SyncPhase::kChoosingPivot ||
           phase == sync::SyncPhase::kSyncing;
}

rpc::Syncing syncing_of(const sync::SyncProgress& progress) {
    rpc::Syncing out;
    if (progress.pivot) out.current_block = progress.pivot->number;
    if (progress.head) out.highest_block = progress.head->number;
    out.pulled_states = progress.counters.items_committed();
    out.known_states = out.pulled_states + progress.pending;
    return out;
}

std::string missing_of(const sync::SyncProgress& progress) {
    const status::Phase phase = to_phase(progress.phase);
    std::string out{to_string(phase)};
    if (phase == status::Phase::kSyncing)
        out += fmt::format(", {:.2f} %", std::floor(1e4 * progress.fraction) / 100);
    if (phase == status::Phase::kSyncing && progress.pivot)
        out += fmt::format(" of block {}", progress.pivot->number);
    if (!progress.waiting_for.empty()) out += ", waiting: " + progress.waiting_for;
    return out;
}

}  // namespace

QueryService::QueryService(const Network& network, bool listening, const storage::NodeReader& store,
                           async::Executor disk, const async::Clock& clock)
    : store_(store), disk_(std::move(disk)), clock_(clock) {
    rpc::ChainView view;
    view.client = client_name();
    view.network_id = network.network_id;
    view.chain_id = network.chain_id.value_or(network.network_id);
    view.listening = listening;
    view.genesis = network.genesis;
    view.syncing = rpc::Syncing{};
    view.missing = "the daemon is starting";
    view_ = std::make_shared<const rpc::ChainView>(std::move(view));
}

void QueryService::offer(rpc::CompleteState state) {
    rpc::ChainView view = *view_;
    view.state = std::make_shared<const rpc::CompleteState>(std::move(state));
    view_ = std::make_shared<const rpc::ChainView>(std::move(view));
}

std::optional<Hash256> QueryService::root() const {
    return view_->state ? std::optional{view_->state->root} : std::nullopt;
}

void QueryService::update(const sync::SyncProgress& progress, std::size_t peers) {
    rpc::ChainView view = *view_;
    view.peers = peers;
    view.syncing.reset();
    // With a complete state at hand, waiting for peers is not what clients mean by syncing.
    const bool moves =
        view.state ? progress.phase == sync::SyncPhase::kSyncing : syncs(progress.phase);
    if (moves) view.syncing = syncing_of(progress);
    view.missing = missing_of(progress);
    view_ = std::make_shared<const rpc::ChainView>(std::move(view));
}

std::size_t QueryService::max_body() const noexcept {
    return rpc::kMaxRpcBody;
}

Task<std::string> QueryService::answer(std::string document) {
    co_return co_await async::run_on(
        disk_, look_up(std::move(document), view_, store_, clock_, stopping_));
}

std::string QueryService::too_large() const {
    return rpc::too_large();
}

std::string QueryService::busy() const {
    return rpc::busy();
}

}  // namespace fastsync::daemon
