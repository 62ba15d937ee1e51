#include <discovery/rate_limiter.hpp>

namespace fastsync::discovery {
namespace {

const Rate& rate_of(const IpAddress& source) {
    return source.is_local() ? kLocalRate : kSourceRate;
}

}  // namespace

bool TokenBucket::take(const Rate& rate, TimePoint now) {
    tokens_ = std::min(rate.burst, tokens_ + to_seconds(now - filled_) * rate.per_second);
    filled_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
}

bool TokenBucket::is_full(const Rate& rate, TimePoint now) const {
    return tokens_ + to_seconds(now - filled_) * rate.per_second >= rate.burst;
}

TokenBucket& RateLimiter::bucket_of(const IpAddress& address, const Rate& rate, TimePoint now) {
    const IpAddress source = address.is_v4() ? address : address.masked(64);
    const auto known = sources_.find(source);
    if (known != sources_.end()) return known->second;
    if (sources_.size() >= kMaxSources && now - swept_ >= kSweepInterval) {
        swept_ = now;
        boost::unordered::erase_if(sources_, [&](const auto& entry) {
            return entry.second.is_full(rate_of(entry.first), now);
        });
    }
    if (sources_.size() >= kMaxSources) return overflow_;
    return sources_.emplace(source, TokenBucket{rate, now}).first->second;
}

bool RateLimiter::admit(const IpAddress& address, Source source, TimePoint now) {
    const Rate& rate = rate_of(address);
    if (!bucket_of(address, rate, now).take(rate, now)) return false;
    return source == Source::kKnown || strangers_.take(kStrangerRate, now);
}

}  // namespace fastsync::discovery
