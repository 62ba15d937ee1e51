// The part of Downloader that tells where the sync stands.
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
    if (state_sync_) {
        const TrieSync& trie = state_sync_->trie();
        p.fraction = as_fraction(trie.finished());
        p.key_space = trie.map().percents();
        p.pending = trie.pending();
        p.held_bytes = trie.held_bytes();
    }
    if (phase_ == SyncPhase::kSyncing) {
        p.items_per_s = speed_.items_per_s();
        p.bytes_per_s = speed_.bytes_per_s();
        p.eta_s = speed_.eta_s();
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

}  // namespace fastsync::sync
