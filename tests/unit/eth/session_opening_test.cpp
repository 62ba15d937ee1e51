// How a session begins, and what a peer may not do in it, over every version.
#include <eth/status_exchange.hpp>

#include "session_rig.hpp"

using namespace fastsync;
using namespace fastsync::eth;
using namespace fastsync::eth::test;
using namespace std::chrono_literals;

TEST_CASE("Session: Status goes both ways and what the peer said is kept", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    rig.run([](Rig& r) -> Task<void> {
        REQUIRE(r.sent().size() == 1);
        CHECK(r.sent()[0].code == code_of(MessageCode::kStatus));
        const std::uint32_t number = r.version.number;
        const auto ours = decode_status(r.sent()[0].payload, r.version);
        REQUIRE(ours);
        Status said{number, 7, 1, r.backend.who.head_hash, r.backend.who.genesis_hash};
        // Without forks of our own we say the peer's.
        said.fork_id = r.theirs.fork_id;
        CHECK(*ours == said);
        const PeerStatus expected{number,       7,   r.theirs.genesis_hash, r.theirs.head_hash,
                                  std::nullopt, 500, r.theirs.fork_id};
        CHECK(r.session->status() == expected);
        CHECK(r.session->stats() == SessionStats{});
        co_return;
    });
}

TEST_CASE("Session: a Status of another chain or version is refused, naming both sides",
          "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    const std::string ours = std::to_string(rig.version.number);
    std::string named;
    SECTION("network") {
        rig.theirs.network_id = 8;
        named = "network id 8, ours is 7";
    }
    SECTION("genesis") {
        rig.theirs.genesis_hash = Hash256{{0x68}};
        named = "genesis 0x68";
    }
    SECTION("version") {
        rig.theirs.version = 62;
        named = "eth version 62, ours is " + ours;
    }
    const auto opened = rig.open([&](FakeConnection& wire) {
        wire.deliver(code_of(MessageCode::kStatus), encode_status(rig.theirs));
    });
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::kIncompatible);
    CHECK(names(opened.error(), named));
    CHECK(rig.journal->said_goodbye == DisconnectReason::kSubprotocolError);
}

TEST_CASE("Session: another first message than a sound Status ends the connection",
          "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    MessageCode code = MessageCode::kStatus;
    Bytes payload = encode_status(rig.theirs);
    Errc expected = Errc::kMalformed;
    SECTION("another message") {
        code = MessageCode::kGetReceipts;
        payload = encode_get_node_data({});
        expected = Errc::kProtocol;
    }
    SECTION("cut short") {
        payload.pop_back();
    }
    SECTION("of too few items") {
        payload = rlp::encode_list({rlp::encode_uint(rig.version.number)});
    }
    SECTION("no list") {
        payload = rlp::encode_uint(rig.version.number);
    }
    const auto opened =
        rig.open([&](FakeConnection& wire) { wire.deliver(code_of(code), payload); });
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == expected);
    CHECK(rig.journal->said_goodbye == DisconnectReason::kSubprotocolError);
}

TEST_CASE("Session: a peer without a Status hears a read timeout after 5 s", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    const TimePoint begin = rig.sim.now();
    const auto opened = rig.open([](FakeConnection&) {});
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::kTimeout);
    CHECK(rig.journal->said_goodbye == DisconnectReason::kReadTimeout);
    CHECK(rig.sim.now() - begin == kStatusTimeout);
}

TEST_CASE("Session: a peer that leaves before its Status is not answered", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    const auto opened = rig.open([](FakeConnection& wire) {
        wire.end({Errc::kDisconnected, "too many peers"});
    });
    REQUIRE_FALSE(opened);
    CHECK(opened.error() == Error{Errc::kDisconnected, "too many peers"});
    CHECK_FALSE(rig.journal->said_goodbye);
}

TEST_CASE("Session: without eth in common there is none", "[eth][session]") {
    const auto version = GENERATE(std::optional<std::uint32_t>{}, std::optional<std::uint32_t>{62});
    Rig rig;
    const auto opened = rig.open([](FakeConnection&) {}, version);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::kIncompatible);
    CHECK(rig.journal->said_goodbye == DisconnectReason::kSubprotocolError);
    CHECK(rig.sent().empty());
}

// ---- what breaks the protocol

namespace {

struct Breach {
    const char* what;
    MessageCode code;
    Bytes payload;
    Errc error;
    DisconnectReason goodbye;
};

std::vector<Breach> breaches(const Version& version) {
    constexpr auto kBreach = DisconnectReason::kBreachOfProtocol;
    constexpr auto kSub = DisconnectReason::kSubprotocolError;
    const auto unknown = [](std::uint32_t n) { return static_cast<MessageCode>(n); };
    const Bytes junk{0xc2, 0x80};
    std::vector<Breach> all{
        {"a second Status", MessageCode::kStatus,
         encode_status({63, 7, 500, {{0x4e}}, Hash256{{0x67}}}), Errc::kProtocol, kBreach},
        {"the last of the codes in the gap", unknown(0x0c), encode_empty_answer(), Errc::kProtocol,
         kBreach},
        {"a code behind the last", unknown(0x11), encode_empty_answer(), Errc::kProtocol, kBreach},
        {"a code far behind", unknown(0xffffffff), encode_empty_answer(), Errc::kProtocol, kBreach},
        {"broken GetBlockHeaders", MessageCode::kGetBlockHeaders, junk, Errc::kMalformed, kSub},
        {"broken GetNodeData", MessageCode::kGetNodeData, junk, Errc::kMalformed, kSub},
        {"broken GetBlockBodies", MessageCode::kGetBlockBodies, junk, Errc::kMalformed, kSub},
        {"broken GetReceipts", MessageCode::kGetReceipts, junk, Errc::kMalformed, kSub},
        {"broken NodeData", MessageCode::kNodeData, junk, Errc::kMalformed, kSub},
        {"broken BlockHeaders", MessageCode::kBlockHeaders, junk, Errc::kMalformed, kSub},
        {"broken NewBlockHashes", MessageCode::kNewBlockHashes, junk, Errc::kMalformed, kSub},
        {"broken NewBlock", MessageCode::kNewBlock, junk, Errc::kMalformed, kSub},
    };
    if (!version.knows(MessageCode::kPooledTransactions))
        all.push_back({"a code of later versions", unknown(0x08), encode_empty_answer(),
                       Errc::kProtocol, kBreach});
    return all;
}

}  // namespace

TEST_CASE("Session: a peer that breaks the protocol is told so and dropped", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    const auto all = breaches(rig.version);
    const Breach breach = all[GENERATE_COPY(range(std::size_t{0}, all.size()))];
    CAPTURE(rig.version.number, breach.what);
    static const Breach* current = nullptr;
    current = &breach;
    rig.run([](Rig& r) -> Task<void> {
        Asked<NodeData> pending;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1}, 1min, pending));
        co_await r.settle();
        r.say(current->code, current->payload);
        co_await scope.join();
        CHECK(failure_of(pending) == Errc::kClosed);
        co_await r.settle();
        REQUIRE(r.ended);
        CHECK(r.ended->code == current->error);
        CHECK(r.journal->said_goodbye == current->goodbye);
    });
}

TEST_CASE("Session: gossip and answers to what we never ask are dropped unread", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    rig.run([](Rig& r) -> Task<void> {
        for (const MessageCode code :
             {MessageCode::kTransactions, MessageCode::kBlockBodies, MessageCode::kReceipts})
            r.wire->deliver(code_of(code), {0xff, 0xff}, r.sim.now());
        co_await r.settle();
        CHECK_FALSE(r.ended);
        CHECK(r.sent().size() == 1);
        CHECK(r.session->stats().bytes_in == 6);
        CHECK(r.session->stats().stray == 0);
    });
}

TEST_CASE("Session: a message without a payload is malformed", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    rig.run([](Rig& r) -> Task<void> {
        r.wire->deliver(code_of(MessageCode::kBlockHeaders), {}, r.sim.now());
        co_await r.settle();
        REQUIRE(r.ended);
        CHECK(r.ended->code == Errc::kMalformed);
        CHECK(r.journal->said_goodbye == DisconnectReason::kSubprotocolError);
    });
}
