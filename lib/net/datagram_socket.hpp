#pragma once

#include <memory>
#include <span>

#include <async/task.hpp>
#include <common/bytes.hpp>
#include <common/ip_address.hpp>

namespace fastsync::net {

/// A datagram that came.
struct Received {
    std::size_t size = 0;  ///< bytes written; a longer datagram is cut off at the buffer's size
    IpEndpoint from;
};

/// Sends and receives datagrams: UDP, or a simulated network in tests. Lives on one executor.
class DatagramSocket {
  public:
    virtual ~DatagramSocket() = default;
    /// The next datagram; kClosed after close(). Everything else that can go wrong is waited out
    /// inside. One receive at a time.
    [[nodiscard]] virtual async::Task<Result<Received>> receive(std::span<Byte> out) = 0;
    /// Sends at once or not at all: what cannot be sent now is lost, as on the way.
    /// @return kClosed after close(), kConnect when the system refused (other family, no route,
    /// buffer full)
    virtual Result<void> send(ByteView datagram, const IpEndpoint& to) = 0;
    /// Ends a pending receive. Idempotent.
    virtual void close() noexcept = 0;
    /// Where it is bound.
    [[nodiscard]] virtual IpEndpoint local() const = 0;
};

}  // namespace fastsync::net
