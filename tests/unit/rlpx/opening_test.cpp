#include <catch2/catch.hpp>

#include <rlpx/connection.hpp>
#include <rlpx/opening.hpp>

#include "peers.hpp"

using namespace fastsync;
using namespace fastsync::test;
using namespace std::chrono_literals;
using async::Task;
using async::TaskScope;
using rlpx::Compression;
using rlpx::DisconnectReason;
using rlpx::Hello;

namespace {

using Made = Result<std::unique_ptr<rlpx::Connection>>;

/// One side opens through Connection; what comes of it, and when.
struct Outcome {
    std::optional<Error> error;
    std::unique_ptr<rlpx::Connection> connection;
    TimePoint at;
};

Task<void> open_as(rlpx::Role role, Simulation& sim, std::unique_ptr<net::ByteStream> stream,
                   const rlpx::LocalNode& local, NodeId remote, Outcome& out) {
    ScriptedEntropy entropy;
    Made made = Error{Errc::kClosed, "not opened"};
    if (role == rlpx::Role::kInitiator)
        made = co_await rlpx::Connection::initiate(std::move(stream), local, remote, sim, entropy);
    else
        made = co_await rlpx::Connection::accept(std::move(stream), local, sim, entropy);
    out.at = sim.now();
    if (made)
        out.connection = *std::move(made);
    else
        out.error = made.error();
}

/// The other side does the key exchange, and then it is the test's turn.
Task<Result<rlpx::Channel>> exchange(rlpx::Role ours, net::ByteStream& stream,
                                     const rlpx::LocalNode& theirs, NodeId our_id) {
    ScriptedEntropy entropy{{Bytes(32, 0x31), Bytes(32, 0x32)}};
    if (ours == rlpx::Role::kInitiator)
        co_return co_await rlpx::accept_channel(stream, theirs, entropy);
    co_return co_await rlpx::initiate_channel(stream, theirs, our_id, entropy);
}

/// What the other side says in the place of Hello.
struct Word {
    std::uint32_t code = 0;
    Bytes payload;
    Compression compression = Compression::kNone;
};

/// Opens against a peer that exchanges keys and then says `word`. The result is our outcome and the
/// reason of the Disconnect that we answered with.
struct Answered {
    Outcome outcome;
    std::optional<DisconnectReason> reason;
};

Task<void> read_answer(rlpx::Channel& channel, std::optional<DisconnectReason>& reason) {
    while (true) {
        const auto frame = channel.opener.next();
        REQUIRE(frame);
        if (*frame) {
            if ((*frame)->code != 1) continue;
            const auto decoded = rlpx::decode_disconnect((*frame)->payload);
            REQUIRE(decoded);
            reason = *decoded;
            continue;
        }
        const auto n = co_await channel.stream.read_some(channel.opener.space());
        if (!n) co_return;
        channel.opener.filled(*n);
        if (reason) channel.stream.close();
    }
}

Task<void> open_against(rlpx::Role role, Simulation& sim, const Word& word, Byte their_number,
                        Answered& out) {
    MemoryPair pair = make_memory_pair(sim.executor());
    const rlpx::LocalNode ours = node_of(1);
    const rlpx::LocalNode theirs = node_of(their_number);
    TaskScope scope{sim.executor()};
    scope.spawn(
        open_as(role, sim, std::move(pair.first), ours, theirs.key.public_key(), out.outcome));
    auto channel = co_await exchange(role, *pair.second, theirs, ours.key.public_key());
    REQUIRE(channel);
    REQUIRE(channel->sealer.seal(word.code, word.payload, word.compression));
    const Bytes frames = channel->sealer.take();
    const auto written = co_await pair.second->write(frames);
    CHECK(written);
    co_await read_answer(*channel, out.reason);
    co_await scope.join();
}

Hello good_hello(Byte number) {
    return {5, "peer", {{"eth", 63}}, 0, key_of(number).public_key()};
}

}  // namespace

TEST_CASE("Opening: a peer that says nothing is given up after 5 s", "[rlpx]") {
    const auto role = GENERATE(rlpx::Role::kInitiator, rlpx::Role::kRecipient);
    const bool after_keys = GENERATE(false, true);
    CAPTURE(static_cast<int>(role), after_keys);
    Simulation sim;
    auto main = [](Simulation& s, rlpx::Role r, bool exchanges) -> Task<void> {
        MemoryPair pair = make_memory_pair(s.executor());
        const rlpx::LocalNode ours = node_of(1);
        const rlpx::LocalNode theirs = node_of(2);
        const TimePoint start = s.now();
        Outcome outcome;
        TaskScope scope{s.executor()};
        scope.spawn(open_as(r, s, std::move(pair.first), ours, theirs.key.public_key(), outcome));
        if (exchanges) {
            const auto channel = co_await exchange(r, *pair.second, theirs, ours.key.public_key());
            CHECK(channel);
        }
        co_await scope.join();
        REQUIRE(outcome.error);
        CHECK(outcome.error->code == Errc::kTimeout);
        CHECK(outcome.at - start == rlpx::kHandshakeTimeout);
    };
    sim.run(main(sim, role, after_keys));
}

TEST_CASE("Opening: a trickle does not stretch the 5 s", "[rlpx]") {
    Simulation sim;
    auto main = [](Simulation& s) -> Task<void> {
        MemoryPair pair = make_memory_pair(s.executor());
        const rlpx::LocalNode ours = node_of(1);
        const TimePoint start = s.now();
        Outcome outcome;
        TaskScope scope{s.executor()};
        scope.spawn(open_as(rlpx::Role::kRecipient, s, std::move(pair.first), ours, {}, outcome));
        const Bytes byte(1, 0x04);
        for (int i = 0; i < 100 && !outcome.error; ++i) {
            (void)co_await pair.second->write(byte);
            (void)co_await s.sleep_until(s.now() + 200ms, nullptr);
        }
        co_await scope.join();
        REQUIRE(outcome.error);
        CHECK(outcome.error->code == Errc::kTimeout);
        CHECK(outcome.at - start == rlpx::kHandshakeTimeout);
    };
    sim.run(main(sim));
}

TEST_CASE("Opening: a peer that closes at any byte is kClosed", "[rlpx]") {
    const auto role = GENERATE(rlpx::Role::kInitiator, rlpx::Role::kRecipient);
    const std::uint64_t after = GENERATE(0U, 1U, 2U, 209U, 306U, 307U, 350U);
    CAPTURE(static_cast<int>(role), after);
    Simulation sim;
    auto main = [](Simulation& s, rlpx::Role r, std::uint64_t bytes) -> Task<void> {
        MemoryPair pair = make_memory_pair(s.executor());
        const rlpx::LocalNode ours = node_of(1);
        const rlpx::LocalNode theirs = node_of(2);
        pair.second->weather().cut_after = bytes;
        Outcome outcome;
        TaskScope scope{s.executor()};
        scope.spawn(open_as(r, s, std::move(pair.first), ours, theirs.key.public_key(), outcome));
        (void)co_await exchange(r, *pair.second, theirs, ours.key.public_key());
        pair.second->close();
        co_await scope.join();
        REQUIRE(outcome.error);
        CHECK(outcome.error->code == Errc::kClosed);
    };
    sim.run(main(sim, role, after));
}

TEST_CASE("Opening: garbage in the place of a handshake is refused at once", "[rlpx]") {
    const auto role = GENERATE(rlpx::Role::kInitiator, rlpx::Role::kRecipient);
    const Byte first = GENERATE(Byte{0x00}, Byte{0x01}, Byte{0x04}, Byte{0xff}, Byte{'G'});
    CAPTURE(static_cast<int>(role), static_cast<int>(first));
    Simulation sim;
    auto main = [](Simulation& s, rlpx::Role r, Byte b) -> Task<void> {
        MemoryPair pair = make_memory_pair(s.executor());
        const rlpx::LocalNode ours = node_of(1);
        const TimePoint start = s.now();
        Outcome outcome;
        TaskScope scope{s.executor()};
        scope.spawn(
            open_as(r, s, std::move(pair.first), ours, node_of(2).key.public_key(), outcome));
        const Bytes garbage(2100, b);
        (void)co_await pair.second->write(garbage);
        co_await scope.join();
        REQUIRE(outcome.error);
        CHECK((outcome.error->code == Errc::kMalformed || outcome.error->code == Errc::kTooLarge ||
               outcome.error->code == Errc::kUnauthenticated));
        CHECK(outcome.at == start);
    };
    sim.run(main(sim, role, first));
}

TEST_CASE("Opening: the wrong node at the dialed address is noticed", "[rlpx]") {
    Simulation sim;
    auto main = [](Simulation& s) -> Task<void> {
        MemoryPair pair = make_memory_pair(s.executor());
        const rlpx::LocalNode ours = node_of(1);
        const rlpx::LocalNode other = node_of(3);
        Outcome outcome;
        Outcome theirs;
        TaskScope scope{s.executor()};
        scope.spawn(open_as(rlpx::Role::kInitiator, s, std::move(pair.first), ours,
                            node_of(2).key.public_key(), outcome));
        scope.spawn(open_as(rlpx::Role::kRecipient, s, std::move(pair.second), other, {}, theirs));
        co_await scope.join();
        CHECK(outcome.error);
        CHECK(theirs.error);
    };
    sim.run(main(sim));
}

TEST_CASE("Opening: a key that is no point cannot be dialed", "[rlpx]") {
    Simulation sim;
    auto main = [](Simulation& s) -> Task<void> {
        MemoryPair pair = make_memory_pair(s.executor());
        const rlpx::LocalNode ours = node_of(1);
        Outcome outcome;
        co_await open_as(rlpx::Role::kInitiator, s, std::move(pair.first), ours, NodeId{}, outcome);
        REQUIRE(outcome.error);
        CHECK(outcome.error->code == Errc::kMalformed);
        CHECK(pair.second->written() == 0);
    };
    sim.run(main(sim));
}

TEST_CASE("Opening: a Hello that does not suit is answered with the reason", "[rlpx]") {
    struct Case {
        const char* what;
        Word word;
        Byte their_key;
        Errc error;
        DisconnectReason reason;
    };
    Hello other_id = good_hello(2);
    other_id.id = key_of(3).public_key();
    Hello stranger = good_hello(2);
    stranger.capabilities = {{"eth", 68}, {"snap", 1}};
    Hello bare = good_hello(2);
    bare.capabilities.clear();
    Hello old = stranger;
    old.p2p_version = 4;
    const auto role = GENERATE(rlpx::Role::kInitiator, rlpx::Role::kRecipient);
    const std::vector<Case> cases{
        {"another id",
         {0, rlpx::encode_hello(other_id)},
         2,
         Errc::kUnauthenticated,
         DisconnectReason::kUnexpectedIdentity},
        {"ourselves",
         {0, rlpx::encode_hello(good_hello(1))},
         1,
         Errc::kIncompatible,
         DisconnectReason::kSelf},
        {"nothing in common",
         {0, rlpx::encode_hello(stranger)},
         2,
         Errc::kIncompatible,
         DisconnectReason::kUselessPeer},
        {"no capability",
         {0, rlpx::encode_hello(bare)},
         2,
         Errc::kIncompatible,
         DisconnectReason::kUselessPeer},
        {"no snappy, nothing in common",
         {0, rlpx::encode_hello(old)},
         2,
         Errc::kIncompatible,
         DisconnectReason::kUselessPeer},
        {"no Hello at all",
         {0x10, Bytes(1, 0xc0)},
         2,
         Errc::kMalformed,
         DisconnectReason::kBreachOfProtocol},
        {"no RLP", {0, Bytes(100, 0xff)}, 2, Errc::kMalformed, DisconnectReason::kBreachOfProtocol},
        {"2049 bytes",
         {0, Bytes(rlpx::kMaxHelloSize + 1, 0)},
         2,
         Errc::kTooLarge,
         DisconnectReason::kBreachOfProtocol},
        {"a long frame",
         {0, Bytes(100'000, 0)},
         2,
         Errc::kTooLarge,
         DisconnectReason::kBreachOfProtocol},
    };
    for (const Case& c : cases) {
        CAPTURE(c.what, static_cast<int>(role));
        Simulation sim;
        Answered answered;
        sim.run(open_against(role, sim, c.word, c.their_key, answered));
        REQUIRE(answered.outcome.error);
        CHECK(answered.outcome.error->code == c.error);
        CHECK(answered.reason == c.reason);
    }
}

TEST_CASE("Opening: a peer that ignores our refusal costs at most 2 s", "[rlpx]") {
    Simulation sim;
    auto main = [](Simulation& s) -> Task<void> {
        MemoryPair pair = make_memory_pair(s.executor());
        const rlpx::LocalNode ours = node_of(1);
        const rlpx::LocalNode theirs = node_of(2);
        const TimePoint start = s.now();
        Outcome outcome;
        TaskScope scope{s.executor()};
        scope.spawn(open_as(rlpx::Role::kRecipient, s, std::move(pair.first), ours, {}, outcome));
        auto channel =
            co_await exchange(rlpx::Role::kRecipient, *pair.second, theirs, ours.key.public_key());
        REQUIRE(channel);
        Hello hello = good_hello(2);
        hello.capabilities.clear();
        REQUIRE(channel->sealer.seal(0, rlpx::encode_hello(hello), Compression::kNone));
        const Bytes frames = channel->sealer.take();
        (void)co_await pair.second->write(frames);
        co_await scope.join();
        REQUIRE(outcome.error);
        CHECK(outcome.error->code == Errc::kIncompatible);
        CHECK(outcome.at - start <= rlpx::kDisconnectTimeout);
    };
    sim.run(main(sim));
}

TEST_CASE("Opening: Disconnect in the place of Hello is told with its reason", "[rlpx]") {
    const auto word = GENERATE(
        Word{1, {0xc1, 0x04}, Compression::kNone}, Word{1, {0x04}, Compression::kNone},
        Word{1, {0xc1, 0x04}, Compression::kSnappy}, Word{1, {0x04}, Compression::kSnappy});
    const auto role = GENERATE(rlpx::Role::kInitiator, rlpx::Role::kRecipient);
    CAPTURE(word.payload, static_cast<int>(role));
    Simulation sim;
    Answered answered;
    sim.run(open_against(role, sim, word, 2, answered));
    CHECK(answered.outcome.error == Error{Errc::kDisconnected, "too many peers"});
    CHECK_FALSE(answered.reason);
}

TEST_CASE("Opening: frames that come right behind Hello are not lost", "[rlpx]") {
    Simulation sim;
    auto main = [](Simulation& s) -> Task<void> {
        MemoryPair pair = make_memory_pair(s.executor());
        const rlpx::LocalNode ours = node_of(1);
        const rlpx::LocalNode theirs = node_of(2);
        Outcome outcome;
        TaskScope scope{s.executor()};
        scope.spawn(open_as(rlpx::Role::kRecipient, s, std::move(pair.first), ours, {}, outcome));
        auto channel =
            co_await exchange(rlpx::Role::kRecipient, *pair.second, theirs, ours.key.public_key());
        REQUIRE(channel);
        REQUIRE(channel->sealer.seal(0, rlpx::encode_hello(good_hello(2)), Compression::kNone));
        REQUIRE(channel->sealer.seal(0x10, numbered(5000), Compression::kSnappy));
        const Bytes frames = channel->sealer.take();
        (void)co_await pair.second->write(frames);
        co_await scope.join();
        REQUIRE(outcome.connection);
        const auto message = co_await outcome.connection->receive();
        REQUIRE(message);
        CHECK((message->payload == numbered(5000)));
        outcome.connection->close();
    };
    sim.run(main(sim));
}
