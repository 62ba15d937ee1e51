#pragma once

#include <cstddef>
#include <map>
#include <string>

#include <boost/unordered/unordered_flat_map.hpp>

#include <common/ip_address.hpp>
#include <common/time.hpp>

namespace fastsync::eth {

/// Incoming connections whose handshake is not over: of all, and of one address.
inline constexpr std::size_t kMaxPendingInbound = 32;
inline constexpr std::size_t kMaxPendingOfAddress = 8;
/// An address of the open internet is heard that often (go-ethereum 1.9 does the same); local
/// networks are exempt.
inline constexpr Duration kInboundPause = std::chrono::seconds{30};
/// Addresses remembered for that; beyond, nobody new is heard until the oldest is forgotten.
inline constexpr std::size_t kMaxInboundAddresses = 4096;

/// Which incoming connections are heard at all. A core: time is an argument.
class InboundGate {
  public:
    /// True: it is heard, and left() must follow when its handshake is over.
    [[nodiscard]] bool enter(const IpAddress& from, TimePoint now);
    void left(const IpAddress& from);

    [[nodiscard]] std::size_t pending() const noexcept { return pending_; }
    /// Connections that were not heard.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

  private:
    [[nodiscard]] bool may_enter(const IpAddress& from, TimePoint now);
    void forget_old(TimePoint now);

    std::size_t pending_ = 0;
    std::uint64_t refused_ = 0;
    std::map<IpAddress, std::size_t> pending_of_;
    boost::unordered_flat_map<IpAddress, TimePoint, IpAddressHasher> heard_;
};

}  // namespace fastsync::eth
