#pragma once

#include <memory>

#include <boost/asio/ip/tcp.hpp>

#include <async/clock.hpp>
#include <async/task.hpp>
#include <net/address.hpp>
#include <net/byte_stream.hpp>
#include <net/host_resolver.hpp>

namespace fastsync::net {

/// A connected socket as a stream, with TCP_NODELAY set. Its executor is the socket's.
[[nodiscard]] std::unique_ptr<ByteStream> make_tcp_stream(boost::asio::ip::tcp::socket socket);

/// Dials over TCP: a numeric host at once. A name is resolved anew for each dial, in at most half
/// of its time; its addresses are tried one after the other until one answers, each in its share of
/// the time left.
/// @param resolver  null: names cannot be dialed
[[nodiscard]] std::unique_ptr<Dialer> make_tcp_dialer(
    async::Executor executor, async::Clock& clock,
    std::unique_ptr<HostResolver> resolver = nullptr);

/// Listens on a numeric address; port 0 lets the system choose (see Listener::port()).
/// kConfig when the host is no IP address, kConnect when the address cannot be had.
[[nodiscard]] Result<std::unique_ptr<Listener>> make_tcp_listener(async::Executor executor,
                                                                  async::Clock& clock,
                                                                  const HostPort& address);

}  // namespace fastsync::net
