#pragma once

#include <cstddef>

#include <boost/unordered/unordered_flat_map.hpp>

#include <common/ip_address.hpp>
#include <common/time.hpp>

namespace fastsync::discovery {

/// A rate with room for bursts.
struct Rate {
    double per_second = 0;
    double burst = 0;
};

/// One token bucket.
class TokenBucket {
  public:
    TokenBucket(const Rate& rate, TimePoint now) : tokens_(rate.burst), filled_(now) {}

    /// Takes a token, if there is one.
    [[nodiscard]] bool take(const Rate& rate, TimePoint now);
    /// Nothing was taken for so long that it is as good as new.
    [[nodiscard]] bool is_full(const Rate& rate, TimePoint now) const;

  private:
    double tokens_;
    TimePoint filled_;
};

/// Packets taken from one source: an IPv4 address or an IPv6 /64.
inline constexpr Rate kSourceRate{50, 200};
/// The same for an address of a local network: whole test networks live on one.
inline constexpr Rate kLocalRate{1000, 2000};
/// Packets taken from all sources together that have proven no endpoint: each may cost a signature.
inline constexpr Rate kStrangerRate{1000, 2000};
/// Sources counted one by one; beyond, all others share one bucket.
inline constexpr std::size_t kMaxSources = 4096;
/// How often sources that fell silent are forgotten, when there are too many.
inline constexpr Duration kSweepInterval = std::chrono::seconds{1};

/// Decides which datagrams are looked at, before anything is computed for them.
class RateLimiter {
  public:
    enum class Source : std::uint8_t { kKnown, kStranger };

    explicit RateLimiter(TimePoint now)
        : strangers_(kStrangerRate, now), overflow_(kSourceRate, now) {}

    /// Whether one more packet of `address` is to be looked at.
    [[nodiscard]] bool admit(const IpAddress& address, Source source, TimePoint now);
    [[nodiscard]] std::size_t sources() const noexcept { return sources_.size(); }

  private:
    [[nodiscard]] TokenBucket& bucket_of(const IpAddress& address, const Rate& rate, TimePoint now);

    boost::unordered_flat_map<IpAddress, TokenBucket, IpAddressHasher> sources_;
    TokenBucket strangers_;
    TokenBucket overflow_;
    TimePoint swept_{};
};

}  // namespace fastsync::discovery
