// The part of Downloader that tells where the sync stands.
#include <algorithm>

#include <sync/downloader.hpp>

namespace fastsync::sync {

SyncProgress Downloader::progress() const {
    SyncProgress p;
    p.phase = phase_;
    p.waiting_for = waiting_for_;
    p.pivot_moves = moves_;
    p.counters = counters_;
    if (pivot_) {
        p.state_root = pivot_->state_root;
        if (const auto* header = pivot_->header()) p.pivot = {header->number, header->hash};
        if (const auto* head = pivot_->head()) p.head = {head->number, head->hash};
    }
    p.completed_root = completed_root_;
    if (!completed_headers_.empty()) {
        const chain::BlockHeader& block = completed_headers_.front();
        p.completed = {block.number, block.hash};
    }
    if (phase_ == SyncPhase::kSyncing) {
        p.items_per_s = speed_.items_per_s();
        p.bytes_per_s = speed_.bytes_per_s();
    }
    if (state_sync_) {
        const TrieSync& trie = state_sync_->trie();
        estimate(p);
        p.key_space = trie.map().percents();
        p.pending = trie.pending();
        p.held_bytes = trie.held_bytes();
    }
    p.in_flight = ledger_.open_items();
    p.lost_tasks = watchdog_.lost_tasks();
    for (const auto& [id, record] : ledger_.peers()) {
        p.peers.push_back({id, record.rate.items_per_second(), record.rate.round_trip(),
                           record.open_items, record.delivered, record.empty, record.timeouts,
                           record.unexpected});
    }
    return p;
}

/// After the rates.
void Downloader::estimate(SyncProgress& p) const {
    const TrieSync& trie = state_sync_->trie();
    p.corrections = shown_.corrections();
    if (trie.done()) {
        p.fraction = 1;
        return;
    }
    p.fraction = shown_.value();
    // As of the moment that the fraction is of.
    const WorkEstimate::Work& work = estimated_;
    if (!work.known) return;
    // The fraction shown waits out small falls, which the range does not.
    p.work = {work.done + work.left, std::min(p.fraction, share_done(work.done, work.most)),
              std::max(p.fraction, share_done(work.done, work.least))};
    if (p.items_per_s > 0) {
        p.time_left = {work.left / p.items_per_s, work.least / p.items_per_s,
                       work.most / p.items_per_s};
    }
}

}  // namespace fastsync::sync
