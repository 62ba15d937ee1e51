// An RLPx connection whose other end, after a handshake like any, sends what the input says: frames
// of any code and content, compressed or not, bytes that are no frames; and lets time pass. Or it
// sends bytes in place of the handshake. The connection ends, or stands, and holds no more than it
// may.

#include <rlpx/limits.hpp>

#include "fuzz_input.hpp"
#include "unit/rlpx/peers.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;
using async::Task;

constexpr std::size_t kMaxSteps = 200;

Task<void> send_raw(test::ByHand& hand, ByteView bytes) {
    (void)co_await hand.stream->write(bytes);
}

/// Reads away what our side writes, as a peer does.
Task<void> read_away(net::ByteStream& stream) {
    Bytes sink(65536);
    while (true) {
        const auto n = co_await stream.read_some(sink);
        if (!n) co_return;
    }
}

Task<void> step(test::Simulation& sim, test::ByHand& hand, Script& script) {
    const Byte op = script.byte();
    if (op == 't') {
        const auto pause = std::chrono::milliseconds{1ULL << (script.byte() % 16U)};
        (void)co_await sim.sleep_until(sim.now() + pause, nullptr);
    } else if (op == 'r') {
        co_await send_raw(hand, script.bytes());
    } else if (op == 's') {
        (void)hand.connection->send("eth", script.byte() % 20U, script.bytes());
    } else if (op == 'l') {
        hand.connection->disconnect(rlpx::DisconnectReason::kRequested);
    } else {
        const bool packed = script.byte() % 2U == 0;
        const std::uint32_t code = script.byte() % 40U;
        const auto compression = packed ? rlpx::Compression::kSnappy : rlpx::Compression::kNone;
        (void)co_await hand.send(code, to_bytes(script.bytes()), compression);
    }
}

Task<void> converse(test::Simulation& sim, Script& script) {
    test::ByHand hand;
    hand.p2p_version = script.byte() % 2U == 0 ? 5 : 4;
    co_await test::connect_by_hand(sim, hand);
    std::optional<Error> ended;
    test::Received received;
    async::TaskScope scope{sim.executor()};
    scope.spawn(test::run_and_note(*hand.connection, ended));
    scope.spawn(test::receive_all(*hand.connection, received));
    scope.spawn(read_away(*hand.stream));
    for (std::size_t i = 0; i < kMaxSteps && !script.empty() && !ended; ++i)
        co_await step(sim, hand, script);
    // Everything is handled before we look.
    (void)co_await sim.sleep_until(sim.now() + std::chrono::milliseconds{1}, nullptr);
    for (const rlpx::Message& message : received.messages) {
        FASTSYNC_ASSERT(message.payload.size() <= rlpx::kMaxMessageSize);
        FASTSYNC_ASSERT(message.protocol == "eth" && message.code < 17);
    }
    hand.connection->disconnect(rlpx::DisconnectReason::kRequested);
    co_await scope.join();
    FASTSYNC_ASSERT(ended && received.ended);
}

Task<void> write_and_close(net::ByteStream& stream, ByteView bytes) {
    (void)co_await stream.write(bytes);
    stream.close();
}

Task<void> greet(test::Simulation& sim, ByteView bytes) {
    test::MemoryPair pair = test::make_memory_pair(sim.executor());
    const rlpx::LocalNode local = test::node_of(1);
    test::ScriptedEntropy entropy;
    async::TaskScope scope{sim.executor()};
    scope.spawn(write_and_close(*pair.first, bytes));
    const TimePoint begin = sim.now();
    auto made = co_await rlpx::Connection::accept(std::move(pair.second), local, sim, entropy);
    FASTSYNC_ASSERT(!made);
    FASTSYNC_ASSERT(sim.now() - begin <= rlpx::kHandshakeTimeout + rlpx::kDisconnectTimeout);
    co_await scope.join();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    test::Simulation sim;
    if (script.byte() == 'h')
        sim.run(greet(sim, script.rest()));
    else
        sim.run(converse(sim, script));
    return 0;
}
