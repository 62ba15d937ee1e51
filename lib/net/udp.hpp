#pragma once

#include <memory>

#include <async/clock.hpp>
#include <async/task.hpp>
#include <net/datagram_socket.hpp>

namespace fastsync::net {

/// Binds a UDP socket; port 0 lets the system choose (see DatagramSocket::local()). An IPv6 socket
/// carries IPv6 alone, so that one for each family can stand on the same port.
/// @return kConnect when the address cannot be had
[[nodiscard]] Result<std::unique_ptr<DatagramSocket>> make_udp_socket(
    const async::Executor& executor, async::Clock& clock, const IpEndpoint& address);

}  // namespace fastsync::net
