#pragma once

#include <memory>
#include <set>

#include <net/byte_stream.hpp>

namespace fastsync::eth {

/// The streams on which a handshake goes on: there is no session yet that could be told to end, so
/// that stopping closes them.
class HandshakeStreams {
  public:
    HandshakeStreams() = default;
    HandshakeStreams(const HandshakeStreams&) = delete;
    HandshakeStreams& operator=(const HandshakeStreams&) = delete;
    /// Asserts that none is left.
    ~HandshakeStreams();

    /// The stream, to be used in its place; it is forgotten when it is destroyed.
    [[nodiscard]] std::unique_ptr<net::ByteStream> add(std::unique_ptr<net::ByteStream> stream);
    /// A session stands on it: it is forgotten, and may outlive us.
    void settle(net::ByteStream& stream) noexcept;
    void close_all() noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return open_.size(); }

  private:
    class Tracked;

    std::set<Tracked*> open_;
};

}  // namespace fastsync::eth
