#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include <async/gate.hpp>
#include <net/datagram_socket.hpp>

namespace fastsync::test {

/// A network of datagram sockets in memory, on one executor. Outlives its sockets.
class MemoryDatagrams {
  public:
    explicit MemoryDatagrams(async::Executor executor) : executor_(std::move(executor)) {}

    [[nodiscard]] std::unique_ptr<net::DatagramSocket> open(const IpEndpoint& address);
    /// Of every `n` datagrams one is lost; 0: none.
    void lose_every(std::uint64_t n) noexcept { lose_every_ = n; }

  private:
    class Socket;

    async::Executor executor_;
    std::map<IpEndpoint, Socket*> sockets_;
    std::uint64_t lose_every_ = 0;
    std::uint64_t sent_ = 0;
};

}  // namespace fastsync::test
