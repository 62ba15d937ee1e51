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
