// What a connection takes of its peer at most.
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
