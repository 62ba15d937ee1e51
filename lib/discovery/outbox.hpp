#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <discovery/identity.hpp>
#include <discovery/node.hpp>
#include <discovery/wire.hpp>

namespace fastsync::discovery {

/// How long a packet of ours may travel.
inline constexpr UnixTime kExpiration = 20;  // seconds

/// A datagram to be sent.
struct Outgoing {
    IpEndpoint to;
    Bytes bytes;
};

/// Signs packets and keeps them until they are taken.
class Outbox {
  public:
    explicit Outbox(const Identity& identity) : identity_(&identity) {}

    /// @return the packet's hash, which an answer refers to
    Hash256 send(const IpEndpoint& to, const Packet& packet) {
        Datagram datagram = encode(packet, *identity_);
        ++sent_;
        waiting_.push_back({to, std::move(datagram.bytes)});
        return datagram.hash;
    }
    [[nodiscard]] std::vector<Outgoing> take() { return std::exchange(waiting_, {}); }
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

  private:
    const Identity* identity_;
    std::vector<Outgoing> waiting_;
    std::uint64_t sent_ = 0;
};

}  // namespace fastsync::discovery
