#include <catch2/catch.hpp>

#include <rlpx/connection.hpp>
#include <rlpx/message_meter.hpp>

#include "peers.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::test;
using namespace std::chrono_literals;
using async::Task;
using async::TaskScope;
using rlpx::Compression;
using rlpx::DisconnectReason;

namespace {

/// A connection with its run() and receive() in a scope.
struct Alive {
    Alive(Simulation& sim, rlpx::Connection& c) : connection(c), scope(sim.executor()) {
        scope.spawn(run_and_note(c, ran));
        scope.spawn(receive_all(c, received));
    }
    rlpx::Connection& connection;
    std::optional<Error> ran;
    Received received;
    TaskScope scope;
};

Task<void> sleep(Simulation& sim, Duration duration) {
    (void)co_await sim.sleep_until(sim.now() + duration, nullptr);
}

}  // namespace

TEST_CASE("Connection: both sides know each other after the opening", "[rlpx]") {
    Simulation sim;
    Peers peers;
    sim.run(connect(sim, peers));
    CHECK(peers.dialer->remote_id() == key_of(2).public_key());
    CHECK(peers.listener->remote_id() == key_of(1).public_key());
    CHECK(peers.dialer->remote_hello().client_name == "test/2");
    CHECK(peers.listener->remote_hello().client_name == "test/1");
    CHECK(peers.listener->remote_hello().listen_port == 30303);
    CHECK(peers.dialer->version_of("eth") == 63U);
    CHECK_FALSE(peers.dialer->version_of("snap").has_value());
    CHECK(peers.dialer->remote_address() == "127.0.0.1:2");
    CHECK_FALSE(peers.dialer->peer_reason().has_value());
}

TEST_CASE("Connection: messages of every size arrive in order, both ways", "[rlpx]") {
    Simulation sim;
    Peers peers;
    sim.run(connect(sim, peers));
    auto main = [](Simulation& s, Peers& p) -> Task<void> {
        Alive dialer{s, *p.dialer};
        Alive listener{s, *p.listener};
        const std::vector<std::size_t> sizes{0,     1,      15,     16,        17,
                                             255,   256,    65535,  65536,     100'000,
                                             70'00, 131072, 999999, 1U << 20U, 2'000'000};
        for (std::uint32_t i = 0; i < sizes.size(); ++i) {
            CHECK(p.dialer->send("eth", i, numbered(sizes[i])));
            CHECK(p.listener->send("eth", 16 - i, numbered(sizes[i])));
        }
        co_await sleep(s, 1s);
        REQUIRE(dialer.received.messages.size() == sizes.size());
        REQUIRE(listener.received.messages.size() == sizes.size());
        for (std::uint32_t i = 0; i < sizes.size(); ++i) {
            const auto& there = listener.received.messages[i];
            const auto& here = dialer.received.messages[i];
            CHECK(there.protocol == "eth");
            CHECK(there.code == i);
            CHECK(here.code == 16 - i);
            CHECK((there.payload == numbered(sizes[i])));
            CHECK((here.payload == numbered(sizes[i])));
        }
        p.dialer->close();
        co_await dialer.scope.join();
        co_await listener.scope.join();
        CHECK(dialer.ran->code == Errc::kClosed);
        CHECK(dialer.received.ended->code == Errc::kClosed);
        CHECK(listener.ran->code == Errc::kClosed);
        CHECK(p.dialer->send("eth", 0, {}).error().code == Errc::kClosed);
    };
    sim.run(main(sim, peers));
}

TEST_CASE("Connection: what was queued at once goes out in one write", "[rlpx]") {
    Simulation sim;
    Peers peers;
    sim.run(connect(sim, peers));
    auto main = [](Simulation& s, Peers& p) -> Task<void> {
        Alive dialer{s, *p.dialer};
        Alive listener{s, *p.listener};
        const std::uint64_t before = p.dialer_end->writes();
        CHECK(p.dialer->send("eth", 0, numbered(1000)));
        co_await sleep(s, 1s);
        CHECK(p.dialer_end->writes() == before + 1);
        for (int i = 0; i < 50; ++i)
            CHECK(p.dialer->send("eth", 0, numbered(1000)));
        co_await sleep(s, 1s);
        CHECK(p.dialer_end->writes() == before + 2);
        CHECK(listener.received.messages.size() == 51);
        p.dialer->close();
        co_await dialer.scope.join();
        co_await listener.scope.join();
    };
    sim.run(main(sim, peers));
}

TEST_CASE("Connection: idle peers keep each other alive for hours", "[rlpx]") {
    Simulation sim;
    Peers peers;
    sim.run(connect(sim, peers));
    auto main = [](Simulation& s, Peers& p) -> Task<void> {
        Alive dialer{s, *p.dialer};
        Alive listener{s, *p.listener};
        co_await sleep(s, 3h);
        CHECK_FALSE(dialer.ran);
        CHECK_FALSE(listener.ran);
        // A Ping and a Pong each way every 15 s, in two writes.
        CHECK(p.dialer_end->writes() > 3 * 3600 / 15);
        CHECK(p.dialer_end->writes() < 3 * 3 * 3600 / 15);
        p.listener->disconnect(DisconnectReason::kClientQuitting);
        co_await dialer.scope.join();
        co_await listener.scope.join();
    };
    sim.run(main(sim, peers));
}

TEST_CASE("Connection: a Ping is answered at once, with what was agreed on snappy", "[rlpx]") {
    const std::uint64_t version = GENERATE(4U, 5U, 6U);
    CAPTURE(version);
    Simulation sim;
    ByHand hand;
    hand.p2p_version = version;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h) -> Task<void> {
        Alive ours{s, *h.connection};
        const TimePoint start = s.now();
        const bool sent = co_await h.send(2, Bytes(1, 0xc0), h.compression());
        CHECK(sent);
        const auto pong = co_await h.receive();
        REQUIRE(pong);
        CHECK(pong->first == 3);
        CHECK(pong->second == Bytes(1, 0xc0));
        CHECK(s.now() == start);
        // Our own first Ping comes 15 s after the start.
        const auto ping = co_await h.receive();
        REQUIRE(ping);
        CHECK(ping->first == 2);
        CHECK(s.now() - start == rlpx::kPingInterval);
        h.stream->close();
        co_await ours.scope.join();
    };
    sim.run(main(sim, hand));
}

TEST_CASE("Connection: a flood of Pings cannot fill the send queue", "[rlpx]") {
    Simulation sim;
    ByHand hand;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h) -> Task<void> {
        Alive ours{s, *h.connection};
        auto* end = h.stream.get();
        for (int i = 0; i < 1000; ++i)
            REQUIRE(h.channel->sealer.seal(2, Bytes(1, 0xc0), Compression::kSnappy));
        const Bytes frames = h.channel->sealer.take();
        const auto sent = co_await end->write(frames);
        CHECK(sent);
        co_await sleep(s, 1s);
        std::size_t pongs = 0;
        while (s.now() < TimePoint{} + 1h + 10s) {
            const auto pong = co_await h.receive();
            if (!pong || pong->first != 3) break;
            ++pongs;
        }
        CHECK(pongs >= 1);
        CHECK(pongs < 10);
        end->close();
        co_await ours.scope.join();
    };
    sim.run(main(sim, hand));
}

TEST_CASE("Connection: a peer silent for 30 s is closed, one that Pongs is not", "[rlpx]") {
    Simulation sim;
    ByHand hand;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h) -> Task<void> {
        const TimePoint start = s.now();
        Alive ours{s, *h.connection};
        co_await sleep(s, 29s);
        const bool sent = co_await h.send(3, Bytes(1, 0xc0), h.compression());
        CHECK(sent);
        co_await ours.scope.join();
        CHECK(s.now() - start == 29s + rlpx::kSilenceTimeout);
        CHECK(ours.ran->code == Errc::kTimeout);
        CHECK(ours.received.ended->code == Errc::kTimeout);
    };
    sim.run(main(sim, hand));
}

TEST_CASE("Connection: a trickle of bytes is silence, a slow large message is not", "[rlpx]") {
    Simulation sim;
    ByHand hand;
    hand.p2p_version = 4;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h) -> Task<void> {
        Alive ours{s, *h.connection};
        REQUIRE(h.channel->sealer.seal(0x10, numbered(1U << 20U), Compression::kNone));
        const Bytes slow = h.channel->sealer.take();
        // 64 KiB in 25 s: 16 such pieces take far longer than 30 s.
        for (std::size_t at = 0; at < slow.size(); at += rlpx::kSignOfLife) {
            co_await sleep(s, 25s);
            const std::size_t size = std::min(slow.size() - at, rlpx::kSignOfLife);
            const auto sent = co_await h.stream->write(ByteView{slow}.subspan(at, size));
            CHECK(sent);
        }
        co_await sleep(s, 1s);
        CHECK(ours.received.messages.size() == 1);
        const TimePoint start = s.now();
        REQUIRE(h.channel->sealer.seal(0x10, numbered(1000), Compression::kNone));
        const Bytes trickle = h.channel->sealer.take();
        for (std::size_t at = 0; at < trickle.size() && !ours.ran; ++at) {
            co_await sleep(s, 2s);
            (void)co_await h.stream->write(ByteView{trickle}.subspan(at, 1));
        }
        REQUIRE(ours.ran);
        CHECK(ours.ran->code == Errc::kTimeout);
        CHECK(s.now() - start <= 32s);
        co_await ours.scope.join();
    };
    sim.run(main(sim, hand));
}

TEST_CASE("Connection: a peer that takes nothing for 20 s is closed", "[rlpx]") {
    Simulation sim;
    ByHand hand;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h) -> Task<void> {
        Alive ours{s, *h.connection};
        const TimePoint start = s.now();
        CHECK(h.connection->send("eth", 0, numbered(8U << 20U)));
        CHECK(h.connection->send("eth", 0, numbered(8U << 20U)));
        while (!ours.ran) {
            co_await sleep(s, 5s);  // it is not silent, it just does not read
            (void)co_await h.send(3, Bytes(1, 0xc0), h.compression());
        }
        CHECK(ours.ran->code == Errc::kTimeout);
        CHECK(s.now() - start >= rlpx::kWriteTimeout);
        CHECK(s.now() - start <= rlpx::kWriteTimeout + 5s);
        co_await ours.scope.join();
    };
    sim.run(main(sim, hand));
}

TEST_CASE("Connection: the send queue is bounded", "[rlpx]") {
    Simulation sim;
    ByHand hand;
    hand.p2p_version = 4;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h) -> Task<void> {
        Alive ours{s, *h.connection};
        const Bytes megabytes(8U << 20U);
        for (int i = 0; i < 3; ++i)
            CHECK(h.connection->send("eth", 0, megabytes));
        co_await sleep(s, 1s);
        CHECK(h.connection->send("eth", 0, Bytes(7U << 20U)));
        const auto refused = h.connection->send("eth", 0, megabytes);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::kOverloaded);
        CHECK(h.connection->send("eth", 0, Bytes(rlpx::kMaxMessageSize + 1)).error().code ==
              Errc::kOverloaded);
        h.connection->close();
        co_await ours.scope.join();
    };
    sim.run(main(sim, hand));
}

TEST_CASE("Connection: only negotiated messages of at most 10 MiB can be sent", "[rlpx]") {
    Simulation sim;
    Peers peers;
    sim.run(connect(sim, peers));
    CHECK(peers.dialer->send("eth", 16, {}));
    CHECK(peers.dialer->send("eth", 17, {}).error().code == Errc::kIncompatible);
    CHECK(peers.dialer->send("snap", 0, {}).error().code == Errc::kIncompatible);
    CHECK(peers.dialer->send("eth", 0, Bytes(rlpx::kMaxMessageSize)));
    CHECK(peers.dialer->send("eth", 0, Bytes(rlpx::kMaxMessageSize + 1)).error().code ==
          Errc::kTooLarge);
}

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

TEST_CASE("Connection: whoever holds most of full buffers is ended, and the others stay",
          "[rlpx]") {
    constexpr std::size_t kLimit = 2U * 1024 * 1024;
    rlpx::BufferPool pool{kLimit};
    Simulation sim;
    ByHand greedy;
    ByHand modest;
    greedy.buffers = modest.buffers = &pool;
    sim.run(connect_by_hand(sim, greedy));
    sim.run(connect_by_hand(sim, modest));
    auto main = [](Simulation& s, ByHand& g, ByHand& m) -> Task<void> {
        Alive of_greedy{s, *g.connection};
        Alive of_modest{s, *m.connection};
        // All but the end of a message that is as long as one may be.
        g.stream->weather().cut_after = g.stream->written() + 9U * 1024 * 1024;
        (void)co_await g.send(0x10, numbered(rlpx::kMaxMessageSize), Compression::kNone);
        const bool sent = co_await m.send(0x10, numbered(1000), Compression::kSnappy);
        CHECK(sent);
        co_await of_greedy.scope.join();
        CHECK(of_greedy.received.ended->code == Errc::kClosed);
        CHECK(of_greedy.received.ended->detail.find("buffers") != std::string::npos);
        co_await sleep(s, 1s);
        CHECK(of_modest.received.messages.size() == 1);
        CHECK_FALSE(of_modest.received.ended);
        m.stream->close();
        co_await of_modest.scope.join();
    };
    sim.run(main(sim, greedy, modest));
    CHECK(pool.evictions() == 1);
    CHECK(pool.used() <= kLimit);
    greedy.connection.reset();
    modest.connection.reset();
    CHECK(pool.used() == 0);
}

TEST_CASE("Connection: a burst of messages is taken, one more in the same moment ends it",
          "[rlpx]") {
    constexpr auto kBurst = static_cast<std::size_t>(rlpx::kMessageBurst);
    const std::size_t more = GENERATE(0U, 1U);
    CAPTURE(more);
    Simulation sim;
    ByHand hand;
    sim.run(connect_by_hand(sim, hand));
    auto main = [](Simulation& s, ByHand& h, std::size_t count) -> Task<void> {
        Alive ours{s, *h.connection};
        for (std::size_t i = 0; i < count; ++i)
            REQUIRE(h.channel->sealer.seal(3, Bytes{0xc0}, Compression::kSnappy));
        const Bytes frames = h.channel->sealer.take();
        (void)co_await h.stream->write(frames);
        co_await sleep(s, 1ms);
        CHECK(ours.received.ended.has_value() == (count > kBurst));
        if (ours.received.ended) CHECK(ours.received.ended->code == Errc::kOverloaded);
        h.stream->close();
        co_await ours.scope.join();
    };
    sim.run(main(sim, hand, kBurst + more));
}

TEST_CASE("MessageMeter: what was used up comes back with time, and no more than a burst of it",
          "[rlpx]") {
    TimePoint now{1h};
    rlpx::MessageMeter meter{now};
    const auto taken = [&] {
        std::size_t count = 0;
        while (meter.admit(now))
            ++count;
        return static_cast<double>(count);
    };
    CHECK(taken() == rlpx::kMessageBurst);
    CHECK(taken() == 0);
    now += 1s;
    CHECK(taken() == rlpx::kMessagesPerSecond);
    now += 24h;
    CHECK(taken() == rlpx::kMessageBurst);
}
