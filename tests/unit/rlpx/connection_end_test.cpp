// How connections end.
#include <catch2/catch.hpp>

#include <rlpx/connection.hpp>

#include "peers.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::test;
using namespace std::chrono_literals;
using async::Task;
using async::TaskScope;
using rlpx::Compression;
using rlpx::DisconnectReason;

TEST_CASE("Connection: disconnect is heard by the other side and ends both", "[rlpx]") {
    Simulation sim;
    Peers peers;
    sim.run(connect(sim, peers));
    auto main = [](Simulation& s, Peers& p) -> Task<void> {
        Alive dialer{s, *p.dialer};
        Alive listener{s, *p.listener};
        const TimePoint start = s.now();
        CHECK(p.dialer->send("eth", 1, numbered(100'000)));
        p.dialer->disconnect(DisconnectReason::kTooManyPeers);
        p.dialer->disconnect(DisconnectReason::kClientQuitting);
        CHECK(p.dialer->send("eth", 1, {}).error().code == Errc::kClosed);
        co_await dialer.scope.join();
        co_await listener.scope.join();
        CHECK(s.now() == start);
        CHECK(listener.received.messages.size() == 1);  // what was queued before still arrives
        CHECK(*listener.ran == Error{Errc::kDisconnected, "too many peers"});
        CHECK(p.listener->peer_reason() == DisconnectReason::kTooManyPeers);
        CHECK(dialer.ran->code == Errc::kClosed);
        CHECK(dialer.received.ended->code == Errc::kClosed);
        CHECK_FALSE(p.dialer->peer_reason());
    };
    sim.run(main(sim, peers));
}

TEST_CASE("Connection: two that say goodbye at the same time do not wait for each other",
          "[rlpx]") {
    Simulation sim;
    Peers peers;
    sim.run(connect(sim, peers));
    auto main = [](Simulation& s, Peers& p) -> Task<void> {
        Alive dialer{s, *p.dialer};
        Alive listener{s, *p.listener};
        const TimePoint start = s.now();
        CHECK(p.dialer->send("eth", 1, numbered(100'000)));
        p.dialer->disconnect(DisconnectReason::kAlreadyConnected);
        p.listener->disconnect(DisconnectReason::kAlreadyConnected);
        co_await dialer.scope.join();
        co_await listener.scope.join();
        CHECK(s.now() == start);
        CHECK(dialer.ran->code == Errc::kClosed);
        CHECK(listener.ran->code == Errc::kClosed);
    };
    sim.run(main(sim, peers));
}

TEST_CASE("Connection: disconnect ends within 2 s whatever the peer does", "[rlpx]") {
    enum class Peer { kIgnores, kTalksOn, kDoesNotRead };
    const auto behaviour = GENERATE(Peer::kIgnores, Peer::kTalksOn, Peer::kDoesNotRead);
    const bool receiving = GENERATE(true, false);
    CAPTURE(static_cast<int>(behaviour), receiving);
    Simulation sim;
    ByHand hand;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h, Peer peer, bool reads) -> Task<void> {
        TaskScope scope{s.executor()};
        std::optional<Error> ran;
        Received received;
        scope.spawn(run_and_note(*h.connection, ran));
        if (reads) scope.spawn(receive_all(*h.connection, received));
        if (peer == Peer::kDoesNotRead) CHECK(h.connection->send("eth", 0, numbered(9U << 20U)));
        co_await sleep(s, 1s);
        const TimePoint start = s.now();
        h.connection->disconnect(DisconnectReason::kRequested);
        while (!ran) {
            co_await sleep(s, 100ms);
            if (peer == Peer::kTalksOn)
                (void)co_await h.send(0x10, numbered(200'000), h.compression());
        }
        CHECK(ran->code == Errc::kClosed);
        CHECK(s.now() - start <= rlpx::kDisconnectTimeout + 100ms);
        co_await scope.join();
        CHECK(received.messages.empty());
    };
    sim.run(main(sim, hand, behaviour, receiving));
}

TEST_CASE("Connection: a Disconnect of the peer is understood in all its forms", "[rlpx]") {
    struct Form {
        Bytes payload;
        Compression compression;
    };
    const auto form =
        GENERATE(Form{{0xc1, 0x04}, Compression::kNone}, Form{{0x04}, Compression::kNone},
                 Form{{0xc1, 0x04}, Compression::kSnappy}, Form{{0x04}, Compression::kSnappy});
    const std::uint64_t version = GENERATE(4U, 5U);
    CAPTURE(version, form.payload);
    Simulation sim;
    ByHand hand;
    hand.p2p_version = version;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h, const Form& f) -> Task<void> {
        Alive ours{s, *h.connection};
        const bool sent = co_await h.send(1, f.payload, f.compression);
        CHECK(sent);
        co_await ours.scope.join();
        CHECK(ours.received.ended == Error{Errc::kDisconnected, "too many peers"});
        CHECK(h.connection->peer_reason() == DisconnectReason::kTooManyPeers);
    };
    sim.run(main(sim, hand, form));
}

TEST_CASE("Connection: unknown base codes are ignored, codes beyond the range close", "[rlpx]") {
    Simulation sim;
    ByHand hand;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h) -> Task<void> {
        Alive ours{s, *h.connection};
        for (const std::uint32_t code : {0U, 4U, 15U}) {
            const bool sent = co_await h.send(code, numbered(10), Compression::kNone);
            CHECK(sent);
        }
        const bool highest = co_await h.send(0x10 + 16, numbered(10), Compression::kSnappy);
        CHECK(highest);
        co_await sleep(s, 1s);
        CHECK_FALSE(ours.ran);
        REQUIRE(ours.received.messages.size() == 1);
        CHECK(ours.received.messages[0].code == 16);
        const bool beyond = co_await h.send(0x10 + 17, numbered(10), Compression::kSnappy);
        CHECK(beyond);
        co_await ours.scope.join();
        CHECK(ours.received.ended->code == Errc::kMalformed);
        const auto word = co_await h.receive();
        CHECK_FALSE(word);
    };
    sim.run(main(sim, hand));
}

TEST_CASE("Connection: a message that decompresses beyond the limit closes", "[rlpx]") {
    const std::size_t beyond = GENERATE(0U, 1U);
    CAPTURE(beyond);
    Simulation sim;
    ByHand hand;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h, std::size_t extra) -> Task<void> {
        Alive ours{s, *h.connection};
        const Bytes zeros(rlpx::kMaxMessageSize + extra);
        Bytes bomb(rlpx::max_compressed_size(zeros.size()));
        bomb.resize(rlpx::compress(zeros, bomb));
        CHECK(bomb.size() < zeros.size() / 20);
        const bool sent = co_await h.send(0x10, bomb, Compression::kNone);
        CHECK(sent);
        co_await sleep(s, 1s);
        if (extra == 0) {
            CHECK(ours.received.messages.size() == 1);
            h.stream->close();
        } else {
            REQUIRE(ours.received.ended);
            CHECK(ours.received.ended->code == Errc::kTooLarge);
        }
        co_await ours.scope.join();
    };
    sim.run(main(sim, hand, beyond));
}

TEST_CASE("Connection: damaged snappy closes", "[rlpx]") {
    Simulation sim;
    ByHand hand;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h) -> Task<void> {
        Alive ours{s, *h.connection};
        // It says 100 bytes and gives 4.
        const Bytes damaged = hex("640c01020304");
        const bool sent = co_await h.send(0x10, damaged, Compression::kNone);
        CHECK(sent);
        co_await ours.scope.join();
        CHECK(ours.received.ended->code == Errc::kMalformed);
    };
    sim.run(main(sim, hand));
}

TEST_CASE("Connection: a flipped bit anywhere closes it and gives no message", "[rlpx]") {
    // Header, header MAC, body, body MAC of a frame with a 20-byte body (padded to 32).
    const std::uint64_t offset = GENERATE(0U, 2U, 5U, 15U, 16U, 31U, 32U, 40U, 52U, 63U, 64U, 79U);
    const Byte mask = GENERATE(Byte{0x01}, Byte{0x80});
    CAPTURE(offset, static_cast<int>(mask));
    Simulation sim;
    ByHand hand;
    hand.p2p_version = 4;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h, std::uint64_t at, Byte bits) -> Task<void> {
        Alive ours{s, *h.connection};
        h.stream->weather().flip_at = h.stream->written() + at;
        h.stream->weather().flip_mask = bits;
        const bool sent = co_await h.send(0x10, numbered(19), Compression::kNone);
        CHECK(sent);
        co_await ours.scope.join();
        CHECK(ours.received.ended->code == Errc::kUnauthenticated);
        CHECK(ours.ran->code == Errc::kUnauthenticated);
        CHECK(ours.received.messages.empty());
    };
    sim.run(main(sim, hand, offset, mask));
}

TEST_CASE("Connection: a peer that leaves inside a frame is kClosed", "[rlpx]") {
    const std::uint64_t bytes = GENERATE(0U, 1U, 16U, 31U, 32U, 33U, 79U);
    CAPTURE(bytes);
    Simulation sim;
    ByHand hand;
    hand.p2p_version = 4;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h, std::uint64_t after) -> Task<void> {
        Alive ours{s, *h.connection};
        h.stream->weather().cut_after = h.stream->written() + after;
        (void)co_await h.send(0x10, numbered(19), Compression::kNone);
        if (after == 0) h.stream->close();
        co_await ours.scope.join();
        CHECK(ours.received.ended->code == Errc::kClosed);
        CHECK(ours.received.messages.empty());
    };
    sim.run(main(sim, hand, bytes));
}

TEST_CASE("Connection: bytes may come one by one", "[rlpx]") {
    Simulation sim;
    ByHand hand;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h) -> Task<void> {
        Alive ours{s, *h.connection};
        h.stream->weather().read_at_most = 1;
        for (std::uint32_t i = 0; i < 17; ++i) {
            const bool sent = co_await h.send(0x10 + i, numbered(i * 33), Compression::kSnappy);
            CHECK(sent);
        }
        co_await sleep(s, 1s);
        REQUIRE(ours.received.messages.size() == 17);
        for (std::uint32_t i = 0; i < 17; ++i)
            CHECK(ours.received.messages[i].payload == numbered(i * 33));
        h.stream->close();
        co_await ours.scope.join();
    };
    sim.run(main(sim, hand));
}
