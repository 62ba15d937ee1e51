#include <algorithm>
#include <set>

#include <fmt/core.h>

#include <common/log.hpp>
#include <sync/watchdog.hpp>

namespace fastsync::sync {

void Watchdog::look(const StateSync& sync, const PeerLedger& ledger, TimePoint now) {
    if (last_look_ && now - *last_look_ < kCheckInterval) return;
    last_look_ = now;
    if (breach_ == Breach::kIsTheEnd) must_hold(check_invariants(sync, ledger));
    const std::size_t lost = sync.lost_tasks();
    if (lost > lost_now_)
        log::error("sync", "lost tasks={} pending={}", lost, sync.trie().pending());
    lost_now_ = std::max(lost, lost_now_);
}

std::string Watchdog::stalled(const PeerLedger& ledger, TimePoint now) const {
    if (!last_move_ || now - *last_move_ < kPatience) return {};
    std::string words =
        fmt::format("nothing useful came for {:.0f} s", to_seconds(now - *last_move_));
    if (ledger.requests().empty()) return words + ", and nothing is asked for";
    std::set<PeerId> asked;
    TimePoint oldest = now;
    for (const auto& [id, request] : ledger.requests()) {
        asked.insert(request.peer);
        oldest = std::min(oldest, request.sent);
    }
    return words + fmt::format(": {} items are asked of {} peers, the first of them {:.0f} s ago",
                               ledger.open_items(), asked.size(), to_seconds(now - oldest));
}

}  // namespace fastsync::sync
