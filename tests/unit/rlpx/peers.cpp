#include "peers.hpp"

#include <catch2/catch.hpp>

namespace fastsync::test {

using async::Task;

Bytes numbered(std::size_t size) {
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<Byte>(i ^ (i >> 8U) ^ (i >> 16U));
    return out;
}

namespace {

using Made = Result<std::unique_ptr<rlpx::Connection>>;

Task<void> accept_into(Simulation& sim, std::unique_ptr<net::ByteStream> stream,
                       const rlpx::LocalNode& local, std::unique_ptr<rlpx::Connection>& out) {
    ScriptedEntropy entropy{{Bytes(32, 0x21), Bytes(32, 0x22)}};
    Made made = co_await rlpx::Connection::accept(std::move(stream), local, sim, entropy);
    REQUIRE(made);
    out = *std::move(made);
}

Task<void> dial_into(Simulation& sim, std::unique_ptr<net::ByteStream> stream,
                     const rlpx::LocalNode& local, NodeId remote,
                     std::unique_ptr<rlpx::Connection>& out) {
    ScriptedEntropy entropy{{Bytes(32, 0x11), Bytes(32, 0x12)}};
    Made made = co_await rlpx::Connection::initiate(std::move(stream), local, remote, sim, entropy);
    REQUIRE(made);
    out = *std::move(made);
}

}  // namespace

Task<void> connect(Simulation& sim, Peers& peers) {
    MemoryPair pair = make_memory_pair(sim.executor());
    peers.dialer_end = pair.first.get();
    peers.listener_end = pair.second.get();
    const rlpx::LocalNode ours = node_of(1);
    const rlpx::LocalNode theirs = node_of(2);
    async::TaskScope scope{sim.executor()};
    scope.spawn(accept_into(sim, std::move(pair.second), theirs, peers.listener));
    scope.spawn(dial_into(sim, std::move(pair.first), ours, theirs.key.public_key(), peers.dialer));
    co_await scope.join();
}

Task<bool> ByHand::send(std::uint32_t code, Bytes payload, rlpx::Compression compression) {
    const auto sealed = channel->sealer.seal(code, payload, compression);
    REQUIRE(sealed);
    const Bytes frames = channel->sealer.take();
    const auto written = co_await stream->write(frames);
    co_return written.has_value();
}

Task<std::optional<std::pair<std::uint64_t, Bytes>>> ByHand::receive() {
    while (true) {
        const auto frame = channel->opener.next();
        REQUIRE(frame);
        if (*frame) {
            if (compression() == rlpx::Compression::kNone)
                co_return std::pair{(*frame)->code, to_bytes((*frame)->payload)};
            auto payload = rlpx::decompress((*frame)->payload);
            REQUIRE(payload);
            co_return std::pair{(*frame)->code, *std::move(payload)};
        }
        const auto n = co_await stream->read_some(channel->opener.space());
        if (!n) co_return std::nullopt;
        channel->opener.filled(*n);
    }
}

Task<void> connect_by_hand(Simulation& sim, ByHand& hand) {
    MemoryPair pair = make_memory_pair(sim.executor());
    hand.stream = std::move(pair.second);
    rlpx::LocalNode ours = node_of(1);
    ours.buffers = hand.buffers;
    const rlpx::LocalNode theirs = node_of(2);
    async::TaskScope scope{sim.executor()};
    scope.spawn(
        dial_into(sim, std::move(pair.first), ours, theirs.key.public_key(), hand.connection));
    ScriptedEntropy entropy;
    auto channel = co_await rlpx::accept_channel(*hand.stream, theirs, entropy);
    REQUIRE(channel);
    hand.channel.emplace(*std::move(channel));
    rlpx::Hello hello{hand.p2p_version, "by hand", {{"eth", 63}}, 0, theirs.key.public_key()};
    const bool sent = co_await hand.send(0, rlpx::encode_hello(hello), rlpx::Compression::kNone);
    REQUIRE(sent);
    co_await scope.join();
    // Our Hello, which is never compressed.
    Bytes ours_hello;
    while (true) {
        const auto frame = hand.channel->opener.next();
        REQUIRE(frame);
        if (*frame) break;
        const auto n = co_await hand.stream->read_some(hand.channel->opener.space());
        REQUIRE(n);
        hand.channel->opener.filled(*n);
    }
}

Task<void> run_and_note(rlpx::Connection& connection, std::optional<Error>& ended) {
    Error error = co_await connection.run();
    ended = std::move(error);
}

Task<void> receive_all(rlpx::Connection& connection, Received& out) {
    while (true) {
        auto message = co_await connection.receive();
        if (!message) {
            out.ended = message.error();
            co_return;
        }
        out.messages.push_back(*std::move(message));
    }
}

}  // namespace fastsync::test
