#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <utility>

#include <common/ip_address.hpp>

namespace fastsync {

/// How many addresses that share their first bits may be in one set.
struct SubnetLimit {
    std::size_t v4_24 = 0;  ///< of one IPv4 /24
    std::size_t v6_64 = 0;  ///< of one IPv6 /64: what a single customer is given
    std::size_t v6_48 = 0;  ///< of one IPv6 /48: what a single customer can be given
};

/// Counts the addresses of a set by network, so that whoever owns one network cannot fill it.
/// Addresses of local networks are not counted: nobody outside can have them.
class SubnetCounter {
  public:
    explicit SubnetCounter(const SubnetLimit& limit) : limit_(limit) {}

    [[nodiscard]] bool has_room(const IpAddress& address) const;
    void add(const IpAddress& address);
    void remove(const IpAddress& address);

  private:
    using Network = std::pair<unsigned, IpAddress>;  ///< bits and the masked address

    SubnetLimit limit_;
    std::map<Network, std::size_t> counts_;
};

}  // namespace fastsync
