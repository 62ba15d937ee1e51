#pragma once

#include <memory>
#include <optional>

#include <async/clock.hpp>
#include <crypto/entropy.hpp>
#include <net/byte_stream.hpp>
#include <rlpx/connection.hpp>
#include <rlpx/frame_codec.hpp>
#include <rlpx/protocols.hpp>

namespace fastsync::rlpx {

/// Codes of the base protocol that we know (devp2p rlpx.md "p2p Capability").
enum class BaseCode : std::uint8_t { kHello = 0, kDisconnect = 1, kPing = 2, kPong = 3 };

/// A stream after the key exchange: only the two ends can read and write on it.
struct Channel {
    net::ByteStream& stream;
    NodeId remote;
    FrameSealer sealer;
    FrameOpener opener;
};

/// What stands after Hello.
struct Greeting {
    Hello hello;
    Protocols protocols;
    Compression compression = Compression::kNone;
};

[[nodiscard]] async::Task<Result<Channel>> initiate_channel(net::ByteStream& stream,
                                                            const LocalNode& local, NodeId remote,
                                                            crypto::EntropySource& entropy);
[[nodiscard]] async::Task<Result<Channel>> accept_channel(net::ByteStream& stream,
                                                          const LocalNode& local,
                                                          crypto::EntropySource& entropy);

/// Exchanges Hello. A peer that does not suit is told why, and has kDisconnectTimeout to hear it.
[[nodiscard]] async::Task<Result<Greeting>> greet(Channel& channel, const LocalNode& local,
                                                  async::Clock& clock);

}  // namespace fastsync::rlpx
