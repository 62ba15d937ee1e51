#pragma once

#include <net/address.hpp>

namespace fastsync::daemon {

/// Whether our own server at this address answers GET /status with a status. Blocks for a second at
/// most. Every address (0.0.0.0, ::) is asked as loopback.
[[nodiscard]] bool status_is_told(const net::HostPort& address);

}  // namespace fastsync::daemon
