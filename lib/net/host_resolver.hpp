#pragma once

#include <string>
#include <vector>

#include <async/task.hpp>
#include <common/ip_address.hpp>
#include <common/result.hpp>
#include <common/time.hpp>

namespace fastsync::net {

/// Addresses taken of one name, both families together, however many its owner publishes.
inline constexpr std::size_t kMaxHostAddresses = 8;

/// Finds the addresses of hosts by their names.
class HostResolver {
  public:
    virtual ~HostResolver() = default;
    /// The IPv4 and IPv6 addresses of `name`: at least one, at most kMaxHostAddresses, each once,
    /// the families in turn, IPv4 first; none that no single host can have.
    /// @return kNotFound when there is none, kTimeout at `deadline`, kClosed after close(),
    /// kConnect for every other failure; each names the name
    [[nodiscard]] virtual async::Task<Result<std::vector<IpAddress>>> resolve_host(
        std::string name, TimePoint deadline) = 0;
    /// Ends questions under way. Idempotent.
    virtual void close() noexcept = 0;
};

}  // namespace fastsync::net
