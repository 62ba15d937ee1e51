#include <discovery/explorer.hpp>

namespace fastsync::discovery {

std::optional<NodeId> Explorer::next_target(TimePoint now, crypto::EntropySource& entropy) {
    if (lookup_) return std::nullopt;
    if (in_round_) {
        --left_;
        return entropy.draw<NodeId>();
    }
    if (now >= next_round_) {
        in_round_ = true;
        left_ = kRandomLookups;
        return self_;
    }
    if (appetite_ == Appetite::kHungry && now >= next_extra_) return entropy.draw<NodeId>();
    return std::nullopt;
}

void Explorer::finished(std::size_t asked, std::size_t known, TimePoint now) {
    lookup_.reset();
    pause_ = std::exchange(found_, 0) > 0 ? kShortPause : std::min(2 * pause_, kLongPause);
    next_extra_ = now + pause_;
    if (!in_round_) return;
    // Without anybody to ask, the rest of the round would be over as quickly.
    const bool lonely = asked == 0 || known == 0;
    if (left_ > 0 && !lonely) return;
    in_round_ = false;
    if (!lonely) ++rounds_;
    next_round_ = now + (lonely ? kLonelyInterval : round_interval_);
    if (lonely) next_extra_ = next_round_;
}

TimePoint Explorer::next_due() const noexcept {
    if (lookup_) return TimePoint::max();
    if (in_round_) return TimePoint::min();
    return appetite_ == Appetite::kHungry ? std::min(next_round_, next_extra_) : next_round_;
}

}  // namespace fastsync::discovery
