#include <array>
#include <map>

#include <eth/request_server.hpp>
#include <eth/status_exchange.hpp>

#include "session_rig.hpp"

using namespace fastsync;
using namespace fastsync::eth;
using namespace fastsync::eth::test;
using namespace std::chrono_literals;
using fastsync::test::header_chain;

namespace {

constexpr auto kFirstUnknownCode = 0x08U;

}  // namespace

// ---- opening

TEST_CASE("Session: Status goes both ways and what the peer said is kept", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        REQUIRE(r.sent().size() == 1);
        CHECK(r.sent()[0].code == code_of(MessageCode::kStatus));
        const auto ours = decode_status(r.sent()[0].payload, *find_version(63));
        REQUIRE(ours);
        CHECK(*ours == Status{63, 7, 1, r.backend.who.head_hash, r.backend.who.genesis_hash});
        const PeerStatus expected{63,           7,  r.theirs.genesis_hash, r.theirs.head_hash,
                                  std::nullopt, 500};
        CHECK(r.session->status() == expected);
        CHECK(r.session->stats() == SessionStats{});
        co_return;
    });
}

TEST_CASE("Session: a Status of another chain or version is refused, naming both sides",
          "[eth][session]") {
    Rig rig;
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
        named = "eth version 62, ours is 63";
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
    Rig rig;
    MessageCode code = MessageCode::kStatus;
    Bytes payload = encode_status(rig.theirs);
    Errc expected = Errc::kMalformed;
    SECTION("another message") {
        code = MessageCode::kGetNodeData;
        payload = encode_get_node_data({});
        expected = Errc::kProtocol;
    }
    SECTION("cut short") {
        payload.pop_back();
    }
    SECTION("of too few items") {
        payload = rlp::encode_list({rlp::encode_uint(63)});
    }
    SECTION("no list") {
        payload = rlp::encode_uint(63);
    }
    const auto opened =
        rig.open([&](FakeConnection& wire) { wire.deliver(code_of(code), payload); });
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == expected);
    CHECK(rig.journal->said_goodbye == DisconnectReason::kSubprotocolError);
}

TEST_CASE("Session: a peer without a Status hears a read timeout after 5 s", "[eth][session]") {
    Rig rig;
    const TimePoint begin = rig.sim.now();
    const auto opened = rig.open([](FakeConnection&) {});
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::kTimeout);
    CHECK(rig.journal->said_goodbye == DisconnectReason::kReadTimeout);
    CHECK(rig.sim.now() - begin == kStatusTimeout);
}

TEST_CASE("Session: a peer that leaves before its Status is not answered", "[eth][session]") {
    Rig rig;
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

std::vector<Breach> breaches() {
    constexpr auto kBreach = DisconnectReason::kBreachOfProtocol;
    constexpr auto kSub = DisconnectReason::kSubprotocolError;
    const auto unknown = [](std::uint32_t n) { return static_cast<MessageCode>(n); };
    const Bytes junk{0xc2, 0x80};
    return {
        {"a second Status", MessageCode::kStatus,
         encode_status({63, 7, 500, {{0x4e}}, Hash256{{0x67}}}), Errc::kProtocol, kBreach},
        {"a code of later versions", unknown(kFirstUnknownCode), encode_empty_answer(),
         Errc::kProtocol, kBreach},
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
        {"no payload", MessageCode::kNodeData, {}, Errc::kMalformed, kSub},
    };
}

}  // namespace

TEST_CASE("Session: a peer that breaks the protocol is told so and dropped", "[eth][session]") {
    const auto all = breaches();
    const Breach breach = all[GENERATE_COPY(range(std::size_t{0}, all.size()))];
    CAPTURE(breach.what);
    static const Breach* current = nullptr;
    current = &breach;
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        Asked<NodeData> pending;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1}, 1min, pending));
        co_await r.settle();
        r.deliver(current->code, current->payload);
        co_await scope.join();
        CHECK(failure_of(pending) == Errc::kClosed);
        co_await r.settle();
        REQUIRE(r.ended);
        CHECK(r.ended->code == current->error);
        CHECK(r.journal->said_goodbye == current->goodbye);
    });
}

TEST_CASE("Session: gossip and answers to what we never ask are dropped unread", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        for (const MessageCode code :
             {MessageCode::kTransactions, MessageCode::kBlockBodies, MessageCode::kReceipts})
            r.deliver(code, {0xff, 0xff});
        co_await r.settle();
        CHECK_FALSE(r.ended);
        CHECK(r.sent().size() == 1);
        CHECK(r.session->stats().bytes_in == 6);
        CHECK(r.session->stats().stray == 0);
    });
}

// ---- our questions

TEST_CASE("Session: answers find their requests, whatever came in between", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        const auto chain = header_chain(5);
        Asked<NodeData> first;
        Asked<NodeData> second;
        Asked<std::vector<chain::BlockHeader>> headers;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1, 2}, 10s, first));
        scope.spawn(ask_headers(r, {chain::BlockNumber{1}, 3, 1, false}, 10s, headers));
        scope.spawn(ask_nodes(r, {3, 4}, 10s, second));
        co_await r.settle();
        CHECK(r.sent_of(MessageCode::kGetNodeData).size() == 2);
        CHECK(r.sent_of(MessageCode::kGetNodeData)[1] == encode_get_node_data(hashes_of({3, 4})));
        CHECK(r.sent_of(MessageCode::kGetBlockHeaders)[0] ==
              encode_get_block_headers({chain::BlockNumber{1}, 3, 1, false}));

        r.deliver(MessageCode::kNodeData, node_data_of({2}));
        r.deliver(MessageCode::kTransactions, encode_empty_answer());
        r.deliver(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {1, 3})));
        r.deliver(MessageCode::kNodeData, node_data_of({3, 4}));
        co_await scope.join();
        CHECK(holds(first, {2}));
        CHECK(holds(second, {3, 4}));
        REQUIRE(headers.answer);
        REQUIRE(*headers.answer);
        CHECK(**headers.answer == std::vector{chain[1], chain[3]});
        const SessionStats stats = r.session->stats();
        CHECK(stats.requests_sent == 3);
        CHECK(stats.answered == 3);
        CHECK(stats.empty + stats.timed_out + stats.late + stats.stray == 0);
    });
}

TEST_CASE("Session: blobs carry the time of their arrival, not of our reading", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        Asked<NodeData> asked;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1}, 10s, asked));
        co_await r.settle();
        const TimePoint arrived = r.sim.now() - 123ms;
        r.wire->deliver(code_of(MessageCode::kNodeData), node_data_of({1}), arrived);
        co_await scope.join();
        REQUIRE(holds(asked, {1}));
        CHECK((*asked.answer)->arrived == arrived);
    });
}

TEST_CASE("Session: an empty answer is an answer", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        Asked<NodeData> nodes;
        Asked<NodeData> placeholders;
        Asked<std::vector<chain::BlockHeader>> headers;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1}, 10s, nodes));
        scope.spawn(ask_nodes(r, {2, 3}, 10s, placeholders));
        scope.spawn(ask_headers(r, {Hash256{{9}}, 1, 0, false}, 10s, headers));
        co_await r.settle();
        r.deliver(MessageCode::kNodeData, encode_empty_answer());
        r.deliver(MessageCode::kNodeData, Bytes{0xc2, 0x80, 0x80});
        r.deliver(MessageCode::kBlockHeaders, encode_empty_answer());
        co_await scope.join();
        CHECK(holds(nodes, {}));
        CHECK(holds(placeholders, {}));
        REQUIRE(headers.answer);
        REQUIRE(*headers.answer);
        CHECK((**headers.answer).empty());
        CHECK(r.session->stats().answered == 3);
        CHECK(r.session->stats().empty == 3);
    });
}

TEST_CASE("Session: a request ends at its deadline, and its late answer counts for no other",
          "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        const TimePoint begin = r.sim.now();
        Asked<NodeData> slow;
        co_await ask_nodes(r, numbers(1, 2), 2s, slow);
        CHECK(failure_of(slow) == Errc::kTimeout);
        CHECK(r.sim.now() - begin == 2s);
        CHECK(r.session->stats().timed_out == 1);

        Asked<NodeData> next;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {2, 3}, 10s, next));
        co_await r.settle();
        r.deliver(MessageCode::kNodeData, node_data_of({1, 2}));  // of the first
        co_await r.settle();
        CHECK_FALSE(next.answer);
        REQUIRE(r.told.strays.size() == 1);
        CHECK(r.told.strays[0].blobs.size() == 2);
        CHECK(equal(r.told.strays[0].blobs[1], blob_of(2)));
        r.deliver(MessageCode::kNodeData, node_data_of({2, 3}));
        co_await scope.join();
        CHECK(holds(next, {2, 3}));
        CHECK(r.session->stats().late == 1);
        CHECK(r.session->stats().stray == 0);
    });
}

TEST_CASE("Session: late and stray header answers are dropped", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        const auto chain = header_chain(3);
        Asked<std::vector<chain::BlockHeader>> slow;
        co_await ask_headers(r, {chain::BlockNumber{1}, 1, 0, false}, 2s, slow);
        CHECK(failure_of(slow) == Errc::kTimeout);
        r.deliver(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {1})));
        r.deliver(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {1})));
        co_await r.settle();
        CHECK_FALSE(r.ended);
        CHECK(r.session->stats().late == 1);
        CHECK(r.session->stats().stray == 1);
    });
}

TEST_CASE("Session: node data nobody asked for goes to the observer, while there is one",
          "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        r.deliver(MessageCode::kNodeData, node_data_of({7}));
        co_await r.settle();
        REQUIRE(r.told.strays.size() == 1);
        r.session->observe(nullptr);
        r.deliver(MessageCode::kNodeData, node_data_of({8}));
        r.deliver(MessageCode::kNewBlockHashes,
                  encode_new_block_hashes(std::array{BlockAnnouncement{{{1}}, 5}}));
        co_await r.settle();
        CHECK(r.told.strays.size() == 1);
        CHECK(r.told.heads.empty());
        CHECK(r.session->stats().stray == 2);
        CHECK_FALSE(r.ended);
    });
}

TEST_CASE("Session: unasked answers without end break the protocol", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        Asked<NodeData> one;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1}, 1min, one));
        co_await r.settle();
        for (std::uint32_t n = 0; n < kMaxUnaskedAnswers + 2; ++n)
            r.deliver(MessageCode::kNodeData, node_data_of({1000 + n}));
        co_await r.settle();
        CHECK_FALSE(r.ended);
        r.deliver(MessageCode::kNodeData, node_data_of({5000}));
        co_await scope.join();
        co_await r.settle();
        REQUIRE(r.ended);
        CHECK(r.ended->code == Errc::kProtocol);
        CHECK(r.journal->said_goodbye == DisconnectReason::kBreachOfProtocol);
        CHECK(failure_of(one) == Errc::kClosed);
    });
}

TEST_CASE("Session: pending requests end with the session, later ones at once", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        const TimePoint begin = r.sim.now();
        Asked<NodeData> nodes;
        Asked<std::vector<chain::BlockHeader>> headers;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1}, 1h, nodes));
        scope.spawn(ask_headers(r, {chain::BlockNumber{1}, 1, 0, false}, 1h, headers));
        co_await r.settle();
        r.wire->end({Errc::kDisconnected, "useless peer"});
        co_await scope.join();
        CHECK(r.sim.now() - begin < 1s);
        CHECK(failure_of(nodes) == Errc::kClosed);
        CHECK(failure_of(headers) == Errc::kClosed);
        CHECK(names(nodes.answer->error(), "useless peer"));
        co_await r.settle();
        REQUIRE(r.ended);
        CHECK(*r.ended == Error{Errc::kDisconnected, "useless peer"});
        CHECK_FALSE(r.journal->said_goodbye);
        Asked<NodeData> after;
        co_await ask_nodes(r, numbers(2), 1h, after);
        CHECK(failure_of(after) == Errc::kClosed);
        CHECK(r.sim.now() - begin < 1s);
        CHECK(r.session->stats().timed_out == 0);
    });
}

TEST_CASE("Session: a request over a limit is not sent", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        const TimePoint later = r.sim.now() + 10s;
        const auto too_many =
            co_await r.session->get_node_data(std::vector<Hash256>(kMaxNodeDataAsked + 1), later);
        REQUIRE_FALSE(too_many);
        CHECK(too_many.error().code == Errc::kTooLarge);
        const HeaderQuery long_query{chain::BlockNumber{0}, kMaxHeadersAccepted + 1, 0, false};
        const auto too_long = co_await r.session->get_headers(long_query, later);
        REQUIRE_FALSE(too_long);
        CHECK(too_long.error().code == Errc::kTooLarge);
        const auto too_late = co_await r.session->get_node_data(hashes_of(numbers(1)), r.sim.now());
        REQUIRE_FALSE(too_late);
        CHECK(too_late.error().code == Errc::kTimeout);
        const auto nothing = co_await r.session->get_node_data(std::vector<Hash256>(), later);
        REQUIRE(nothing);
        CHECK(nothing->blobs.empty());
        const HeaderQuery none{chain::BlockNumber{0}, 0, 0, false};
        const auto no_headers = co_await r.session->get_headers(none, later);
        REQUIRE(no_headers);
        CHECK(no_headers->empty());
        CHECK(r.sent().size() == 1);
        CHECK(r.session->stats().requests_sent == 0);
    });
}

TEST_CASE("Session: at most 32 requests of a kind are open", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        std::vector<Asked<NodeData>> nodes(kMaxOpenRequests + 1);
        Asked<std::vector<chain::BlockHeader>> headers;
        async::TaskScope scope{r.sim.executor()};
        for (std::uint32_t n = 0; n < nodes.size(); ++n)
            scope.spawn(ask_nodes(r, {n}, 10s, nodes[n]));
        scope.spawn(ask_headers(r, {chain::BlockNumber{1}, 1, 0, false}, 10s, headers));
        co_await r.settle();
        CHECK(failure_of(nodes.back()) == Errc::kOverloaded);
        CHECK_FALSE(headers.answer);  // of another kind: it went out
        r.deliver(MessageCode::kNodeData, node_data_of({0}));
        co_await r.settle();
        CHECK(holds(nodes.front(), {0}));
        Asked<NodeData> again;
        scope.spawn(ask_nodes(r, {99}, 5s, again));
        co_await r.settle();
        CHECK_FALSE(again.answer);
        co_await scope.join();
        CHECK(failure_of(again) == Errc::kTimeout);
        CHECK(r.session->stats().requests_sent == kMaxOpenRequests + 2);
    });
}

TEST_CASE("Session: a connection that takes nothing fails the request, which is then forgotten",
          "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        r.wire->refuse_with = Errc::kOverloaded;
        Asked<NodeData> refused;
        co_await ask_nodes(r, numbers(1), 10s, refused);
        CHECK(failure_of(refused) == Errc::kOverloaded);
        r.wire->refuse_with.reset();
        Asked<NodeData> asked;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {2}, 10s, asked));
        co_await r.settle();
        r.deliver(MessageCode::kNodeData, encode_empty_answer());  // would belong to the oldest
        co_await scope.join();
        CHECK(holds(asked, {}));
    });
}

TEST_CASE("Session: header answers are checked against the query", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        const auto chain = header_chain(12);
        using Headers = Asked<std::vector<chain::BlockHeader>>;
        async::TaskScope scope{r.sim.executor()};

        Headers in_steps;
        scope.spawn(ask_headers(r, {chain::BlockNumber{9}, 3, 2, true}, 10s, in_steps));
        co_await r.settle();
        r.deliver(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {9, 6, 3})));
        co_await scope.join();
        REQUIRE(in_steps.answer);
        REQUIRE(*in_steps.answer);
        CHECK((*in_steps.answer)->size() == 3);

        Headers out_of_step;
        scope.spawn(ask_headers(r, {chain::BlockNumber{2}, 3, 0, false}, 10s, out_of_step));
        co_await r.settle();
        r.deliver(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {2, 4})));
        co_await scope.join();
        CHECK(failure_of(out_of_step) == Errc::kMalformed);

        // Another origin, or more than asked, is no answer to this question at all.
        Headers other_origin;
        scope.spawn(ask_headers(r, {chain[5].hash, 2, 0, false}, 10s, other_origin));
        co_await r.settle();
        r.deliver(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {6, 7})));
        r.deliver(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {5, 6, 7})));
        co_await r.settle();
        CHECK_FALSE(other_origin.answer);
        CHECK(r.session->stats().stray == 2);
        r.deliver(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {5, 6})));
        co_await scope.join();
        REQUIRE(other_origin.answer);
        REQUIRE(*other_origin.answer);
        CHECK_FALSE(r.ended);
    });
}

// ---- their questions

TEST_CASE("Session: every request is answered, each kind in order, if need be with an empty list",
          "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        const Bytes nothing = encode_empty_answer();
        r.deliver(MessageCode::kGetNodeData, encode_get_node_data(hashes_of({1, 2})));
        r.deliver(MessageCode::kGetReceipts, encode_get_node_data(hashes_of({1})));
        r.deliver(MessageCode::kGetBlockHeaders, encode_get_block_headers({{}, 1, 0, false}));
        r.deliver(MessageCode::kGetBlockBodies, encode_get_node_data(hashes_of({1})));
        r.deliver(MessageCode::kGetNodeData, nothing);
        r.deliver(MessageCode::kGetBlockHeaders, encode_get_block_headers({{}, 0, 0, false}));
        co_await r.settle();
        CHECK(r.sent().size() == 7);
        for (const auto& [code, count] :
             std::map<MessageCode, std::size_t>{{MessageCode::kNodeData, 2},
                                                {MessageCode::kReceipts, 1},
                                                {MessageCode::kBlockHeaders, 2},
                                                {MessageCode::kBlockBodies, 1}})
            CHECK(r.sent_of(code) == std::vector<Bytes>(count, nothing));
        CHECK(r.session->stats().served == 6);
        CHECK(r.session->stats().bytes_out == 6);
    });
}

TEST_CASE("Session: what the backend has is served, within the limits", "[eth][session]") {
    Rig rig;
    rig.backend.chain = header_chain(4);
    for (const std::uint32_t n : {1U, 2U, 3U})
        rig.backend.blobs[hash_of(n)] = blob_of(n);
    rig.run([](Rig& r) -> Task<void> {
        r.deliver(MessageCode::kGetNodeData, encode_get_node_data(hashes_of({3, 9, 1})));
        r.deliver(MessageCode::kGetBlockHeaders,
                  encode_get_block_headers({chain::BlockNumber{1}, 1'000'000, 0, false}));
        const std::vector<Hash256> many(kMaxNodeDataLookups + 5);
        r.deliver(MessageCode::kGetNodeData, encode_get_node_data(many));
        co_await r.settle();
        REQUIRE(r.sent().size() == 4);
        CHECK(r.sent_of(MessageCode::kNodeData)[0] == node_data_of({3, 1}));
        CHECK(r.sent_of(MessageCode::kBlockHeaders)[0] ==
              encode_block_headers(raws(r.backend.chain, {1, 2, 3})));
        REQUIRE(r.backend.header_queries.size() == 1);
        CHECK(r.backend.header_queries[0].amount == kMaxHeadersServed);
        REQUIRE(r.backend.node_queries.size() == 2);
        CHECK(r.backend.node_queries[1].size() == kMaxNodeDataLookups);
    });
}

TEST_CASE("Session: a peer that asks faster than it is answered is a flood", "[eth][session]") {
    static bool of_hashes = false;
    of_hashes = GENERATE(false, true);
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        r.backend.hold();
        const Bytes request = encode_get_node_data(
            std::vector<Hash256>(of_hashes ? kMaxNodeDataLookups : std::size_t{1}));
        const std::size_t fits =
            of_hashes ? kMaxQueuedHashes / kMaxNodeDataLookups : kMaxQueuedRequests;
        // One more: it is in the making.
        r.deliver(MessageCode::kGetNodeData, request);
        co_await r.settle();
        for (std::size_t i = 0; i < fits; ++i)
            r.deliver(MessageCode::kGetNodeData, request);
        co_await r.settle();
        CHECK_FALSE(r.ended);
        r.deliver(MessageCode::kGetNodeData, request);
        co_await r.settle();
        // The session ends when the answer in the making is made.
        CHECK(r.journal->said_goodbye == DisconnectReason::kBreachOfProtocol);
        r.backend.resume();
        co_await r.settle();
        REQUIRE(r.ended);
        CHECK(r.ended->code == Errc::kOverloaded);
        CHECK(r.session->stats().served == 0);
    });
}

TEST_CASE("Session: answers wait for room in the send queue and lose nothing", "[eth][session]") {
    Rig rig;
    rig.backend.blobs[hash_of(1)] = blob_of(1);
    rig.run([](Rig& r) -> Task<void> {
        r.wire->refuse_with = Errc::kOverloaded;
        r.deliver(MessageCode::kGetNodeData, encode_get_node_data(hashes_of({1})));
        r.deliver(MessageCode::kGetReceipts, encode_empty_answer());
        (void)co_await r.sim.sleep_until(r.sim.now() + 3s, nullptr);
        CHECK_FALSE(r.ended);
        CHECK(r.sent().size() == 1);
        r.wire->refuse_with.reset();
        (void)co_await r.sim.sleep_until(r.sim.now() + 2 * kFullQueuePause, nullptr);
        REQUIRE(r.sent().size() == 3);
        CHECK(r.sent()[1].payload == node_data_of({1}));
        CHECK(r.sent()[2].code == code_of(MessageCode::kReceipts));
    });
}

TEST_CASE("Session: a goodbye while answers wait for room ends the session", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        r.wire->refuse_with = Errc::kOverloaded;
        r.deliver(MessageCode::kGetReceipts, encode_empty_answer());
        (void)co_await r.sim.sleep_until(r.sim.now() + 1s, nullptr);
        r.session->disconnect(DisconnectReason::kClientQuitting);
        co_await r.settle();
        REQUIRE(r.ended);
        CHECK(r.ended->code == Errc::kClosed);
        CHECK(r.journal->said_goodbye == DisconnectReason::kClientQuitting);
    });
}

// ---- announcements

TEST_CASE("Session: our head is announced when the peer does not know it", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        CHECK(r.session->announce_block({r.backend.who.head_hash, 0}));  // as in Status
        CHECK(r.sent().size() == 1);
        CHECK(r.session->announce_block({{{0x77}}, 200}));
        CHECK(r.session->announce_block({{{0x77}}, 200}));
        const auto said = r.sent_of(MessageCode::kNewBlockHashes);
        REQUIRE(said.size() == 1);
        CHECK(said[0] == encode_new_block_hashes(std::array{BlockAnnouncement{{{0x77}}, 200}}));
        CHECK(r.session->stats().bytes_out == said[0].size());
        r.wire->refuse_with = Errc::kOverloaded;
        const auto refused = r.session->announce_block({{{0x78}}, 201});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::kOverloaded);
        r.wire->refuse_with.reset();
        CHECK(r.session->announce_block({{{0x78}}, 201}));
        CHECK(r.sent_of(MessageCode::kNewBlockHashes).size() == 2);
        r.wire->end({Errc::kClosed, "gone"});
        co_await r.settle();
        REQUIRE(r.ended);
        const auto ended = r.session->announce_block({{{0x79}}, 202});
        REQUIRE_FALSE(ended);
        CHECK(ended.error().code == Errc::kClosed);
        CHECK(r.sent_of(MessageCode::kNewBlockHashes).size() == 2);
    });
}

TEST_CASE("Session: announcements move the head only upwards", "[eth][session]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        const auto chain = header_chain(30);
        const auto hashes = [&r](std::initializer_list<BlockAnnouncement> blocks) {
            r.deliver(MessageCode::kNewBlockHashes,
                      encode_new_block_hashes(std::vector<BlockAnnouncement>{blocks}));
        };
        hashes({{{{0x0a}}, 10}, {{{0x0b}}, 11}, {{{0x09}}, 9}});
        co_await r.settle();
        CHECK(r.session->status().head_hash == Hash256{{0x0b}});
        CHECK(r.session->status().head_number == 11);
        CHECK(r.session->status().total_difficulty == 500);

        hashes({{{{0x05}}, 5}});  // relayed late
        hashes({});
        co_await r.settle();
        CHECK(r.session->status().head_number == 11);
        CHECK(r.told.heads.size() == 1);

        r.deliver(MessageCode::kNewBlock, encode_new_block(chain[20].raw, 900));
        co_await r.settle();
        CHECK(r.session->status().head_hash == chain[20].hash);
        CHECK(r.session->status().total_difficulty == 900);

        // A block of a side chain: neither its number nor its difficulty counts.
        r.deliver(MessageCode::kNewBlock, encode_new_block(chain[19].raw, 800));
        co_await r.settle();
        CHECK(r.session->status().head_hash == chain[20].hash);
        CHECK(r.session->status().total_difficulty == 900);
        const std::vector<std::pair<Hash256, chain::BlockNumber>> expected{{Hash256{{0x0b}}, 11},
                                                                           {chain[20].hash, 20}};
        CHECK(r.told.heads == expected);
    });
}
