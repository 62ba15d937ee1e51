#include <net/deadline.hpp>
#include <rlpx/opening.hpp>

namespace fastsync::rlpx {
namespace {

using async::Task;

/// Reads exactly one handshake message: what follows it on the stream is frames already.
Task<Result<Unpacked>> read_handshake(net::ByteStream& stream, HandshakeMessage kind,
                                      const crypto::SecretKey& key) {
    Bytes packet(plain_size(kind));
    FASTSYNC_CO_CHECK(co_await net::read_exactly(stream, packet));
    if (auto plain = unpack_plain(kind, key, packet)) co_return *std::move(plain);
    FASTSYNC_CO_TRY(const std::size_t size, eip8_size(kind, packet));
    const std::size_t had = packet.size();
    packet.resize(size);
    FASTSYNC_CO_CHECK(co_await net::read_exactly(stream, std::span<Byte>{packet}.subspan(had)));
    co_return unpack_eip8(key, std::move(packet));
}

Channel make_channel(net::ByteStream& stream, const NodeId& remote, Secrets secrets) {
    return Channel{stream, remote, FrameSealer{std::move(secrets.egress)},
                   FrameOpener{std::move(secrets.ingress)}};
}

Hello our_hello(const LocalNode& local) {
    Hello hello;
    hello.client_name = local.client_name;
    hello.listen_port = local.listen_port;
    hello.id = local.key.public_key();
    for (const Offer& offer : local.offers)
        hello.capabilities.push_back(offer.capability);
    return hello;
}

Task<Result<Frame>> read_frame(Channel& channel) {
    while (true) {
        FASTSYNC_CO_TRY(const std::optional<Frame> frame, channel.opener.next());
        if (frame) co_return *frame;
        FASTSYNC_CO_TRY(const std::size_t n,
                        co_await channel.stream.read_some(channel.opener.space()));
        channel.opener.filled(n);
    }
}

Task<Result<Hello>> read_hello(Channel& channel) {
    // One byte more than the message: its code.
    channel.opener.limit_body(kMaxHelloSize + 1);
    FASTSYNC_CO_TRY(const Frame frame, co_await read_frame(channel));
    channel.opener.limit_body(kMaxFrameSize);
    if (frame.code == static_cast<std::uint64_t>(BaseCode::kDisconnect)) {
        const auto reason = decode_disconnect(frame.payload);
        co_return Error{Errc::kDisconnected, std::string{reason ? to_string(*reason) : "?"}};
    }
    if (frame.code != static_cast<std::uint64_t>(BaseCode::kHello))
        co_return Error{Errc::kMalformed, "the first message is no Hello"};
    co_return decode_hello(frame.payload);
}

/// Reads until the peer closes. Closing first, with bytes of the peer unread, would make the system
/// send a reset that overtakes our last message.
Task<Result<void>> drain(net::ByteStream& stream) {
    Bytes discarded(FrameOpener::kMinRead);
    while (true) {
        const auto n = co_await stream.read_some(discarded);
        if (!n) co_return Result<void>{};
    }
}

Task<Result<void>> write_and_drain(net::ByteStream& stream, const Bytes& frames) {
    FASTSYNC_CO_CHECK(co_await stream.write(frames));
    co_return co_await drain(stream);
}

/// Tells the peer why, and gives `error` back.
Task<Error> refuse(Channel& channel, async::Clock& clock, Compression compression,
                   DisconnectReason reason, Error error) {
    const auto sealed = channel.sealer.seal(static_cast<std::uint32_t>(BaseCode::kDisconnect),
                                            encode_disconnect(reason), compression);
    FASTSYNC_ASSERT(sealed.has_value());
    const Bytes frames = channel.sealer.take();
    // Whether it arrives or not, the connection ends here.
    (void)co_await net::with_deadline(clock, clock.now() + kDisconnectTimeout, channel.stream,
                                      write_and_drain(channel.stream, frames));
    co_return error;
}

struct Refusal {
    DisconnectReason reason;
    Error error;
};

std::optional<Refusal> objection(const Channel& channel, const Greeting& greeting,
                                 const LocalNode& local) {
    if (greeting.hello.id != channel.remote)
        return Refusal{DisconnectReason::kUnexpectedIdentity,
                       {Errc::kUnauthenticated, "the id in Hello is not the one of the handshake"}};
    if (greeting.hello.id == local.key.public_key())
        return Refusal{DisconnectReason::kSelf, {Errc::kIncompatible, "connected to ourselves"}};
    if (greeting.protocols.empty())
        return Refusal{DisconnectReason::kUselessPeer,
                       {Errc::kIncompatible, "no capability in common"}};
    return std::nullopt;
}

}  // namespace

Task<Result<Channel>> initiate_channel(net::ByteStream& stream, const LocalNode& local,
                                       NodeId remote, crypto::EntropySource& entropy) {
    FASTSYNC_CO_TRY(const Initiator initiator, Initiator::make(local.key, remote, entropy));
    FASTSYNC_CO_CHECK(co_await stream.write(initiator.auth()));
    FASTSYNC_CO_TRY(Unpacked ack,
                    co_await read_handshake(stream, HandshakeMessage::kAck, local.key));
    FASTSYNC_CO_TRY(Secrets secrets, initiator.finish(std::move(ack)));
    co_return make_channel(stream, remote, std::move(secrets));
}

Task<Result<Channel>> accept_channel(net::ByteStream& stream, const LocalNode& local,
                                     crypto::EntropySource& entropy) {
    FASTSYNC_CO_TRY(Unpacked auth,
                    co_await read_handshake(stream, HandshakeMessage::kAuth, local.key));
    FASTSYNC_CO_TRY(Answer reply, answer(local.key, std::move(auth), entropy));
    FASTSYNC_CO_CHECK(co_await stream.write(reply.ack));
    co_return make_channel(stream, reply.initiator, std::move(reply.secrets));
}

Task<Result<Greeting>> greet(Channel& channel, const LocalNode& local, async::Clock& clock) {
    FASTSYNC_CO_CHECK(channel.sealer.seal(static_cast<std::uint32_t>(BaseCode::kHello),
                                          encode_hello(our_hello(local)), Compression::kNone));
    const Bytes frames = channel.sealer.take();
    FASTSYNC_CO_CHECK(co_await channel.stream.write(frames));
    auto hello = co_await read_hello(channel);
    if (!hello) {
        const Errc code = hello.error().code;
        const bool worth_a_word = code == Errc::kMalformed || code == Errc::kTooLarge;
        if (!worth_a_word) co_return hello.error();
        co_return co_await refuse(channel, clock, Compression::kNone,
                                  DisconnectReason::kBreachOfProtocol, hello.error());
    }
    Greeting greeting{*std::move(hello), {}, Compression::kNone};
    if (greeting.hello.p2p_version >= kSnappyVersion) greeting.compression = Compression::kSnappy;
    greeting.protocols = Protocols::match(local.offers, greeting.hello.capabilities);
    if (auto refusal = objection(channel, greeting, local))
        co_return co_await refuse(channel, clock, greeting.compression, refusal->reason,
                                  std::move(refusal->error));
    co_return greeting;
}

}  // namespace fastsync::rlpx
