// A peer's questions to us and what both announce, over every version.
#include <array>
#include <map>

#include <eth/request_server.hpp>

#include "session_rig.hpp"

using namespace fastsync;
using namespace fastsync::eth;
using namespace fastsync::eth::test;
using namespace std::chrono_literals;
using fastsync::test::header_chain;

// ---- their questions

TEST_CASE("Session: every request is answered, each kind in order, if need be with an empty list",
          "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    rig.run([](Rig& r) -> Task<void> {
        const Bytes nothing = encode_empty_answer();
        r.say(MessageCode::kGetNodeData, encode_get_node_data(hashes_of({1, 2})));
        r.say(MessageCode::kGetReceipts, encode_get_node_data(hashes_of({1})));
        r.say(MessageCode::kGetBlockHeaders, encode_get_block_headers({{}, 1, 0, false}));
        r.say(MessageCode::kGetBlockBodies, encode_get_node_data(hashes_of({1})));
        r.say(MessageCode::kGetNodeData, nothing);
        r.say(MessageCode::kGetBlockHeaders, encode_get_block_headers({{}, 0, 0, false}));
        co_await r.settle();
        CHECK(r.sent().size() == 7);
        for (const auto& [code, count] :
             std::map<MessageCode, std::size_t>{{MessageCode::kNodeData, 2},
                                                {MessageCode::kReceipts, 1},
                                                {MessageCode::kBlockHeaders, 2},
                                                {MessageCode::kBlockBodies, 1}})
            CHECK(r.sent_of(code) == std::vector<Bytes>(count, nothing));
        CHECK(r.session->stats().served == 6);
        CHECK(r.session->stats().bytes_out == r.bytes_sent());
    });
}

TEST_CASE("Session: what the backend has is served, within the limits", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    rig.backend.chain = header_chain(4);
    for (const std::uint32_t n : {1U, 2U, 3U})
        rig.backend.blobs[hash_of(n)] = blob_of(n);
    rig.run([](Rig& r) -> Task<void> {
        r.say(MessageCode::kGetNodeData, encode_get_node_data(hashes_of({3, 9, 1})));
        r.say(MessageCode::kGetBlockHeaders,
              encode_get_block_headers({chain::BlockNumber{1}, 1'000'000, 0, false}));
        const std::vector<Hash256> many(kMaxNodeDataLookups + 5);
        r.say(MessageCode::kGetNodeData, encode_get_node_data(many));
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
    Rig rig{GENERATE(from_range(dialects()))};
    rig.run([](Rig& r) -> Task<void> {
        r.backend.hold();
        const Bytes request = encode_get_node_data(
            std::vector<Hash256>(of_hashes ? kMaxNodeDataLookups : std::size_t{1}));
        const std::size_t fits =
            of_hashes ? kMaxQueuedHashes / kMaxNodeDataLookups : kMaxQueuedRequests;
        // One more: it is in the making.
        r.say(MessageCode::kGetNodeData, request);
        co_await r.settle();
        for (std::size_t i = 0; i < fits; ++i)
            r.say(MessageCode::kGetNodeData, request);
        co_await r.settle();
        CHECK_FALSE(r.ended);
        r.say(MessageCode::kGetNodeData, request);
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
    Rig rig{GENERATE(from_range(dialects()))};
    rig.backend.blobs[hash_of(1)] = blob_of(1);
    rig.run([](Rig& r) -> Task<void> {
        r.wire->refuse_with = Errc::kOverloaded;
        r.say(MessageCode::kGetNodeData, encode_get_node_data(hashes_of({1})));
        r.say(MessageCode::kGetReceipts, encode_empty_answer());
        (void)co_await r.sim.sleep_until(r.sim.now() + 3s, nullptr);
        CHECK_FALSE(r.ended);
        CHECK(r.sent().size() == 1);
        r.wire->refuse_with.reset();
        (void)co_await r.sim.sleep_until(r.sim.now() + 2 * kFullQueuePause, nullptr);
        REQUIRE(r.sent().size() == 3);
        CHECK(r.sent_of(MessageCode::kNodeData) == std::vector<Bytes>{node_data_of({1})});
        CHECK(r.sent_of(MessageCode::kReceipts).size() == 1);
    });
}

TEST_CASE("Session: a goodbye while answers wait for room ends the session", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    rig.run([](Rig& r) -> Task<void> {
        r.wire->refuse_with = Errc::kOverloaded;
        r.say(MessageCode::kGetReceipts, encode_empty_answer());
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
    Rig rig{GENERATE(from_range(dialects()))};
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
    Rig rig{GENERATE(from_range(dialects()))};
    rig.run([](Rig& r) -> Task<void> {
        const auto chain = header_chain(30);
        const auto hashes = [&r](std::initializer_list<BlockAnnouncement> blocks) {
            r.say(MessageCode::kNewBlockHashes,
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

        r.say(MessageCode::kNewBlock, encode_new_block(chain[20].raw, 900));
        co_await r.settle();
        CHECK(r.session->status().head_hash == chain[20].hash);
        CHECK(r.session->status().total_difficulty == 900);

        // A block of a side chain: neither its number nor its difficulty counts.
        r.say(MessageCode::kNewBlock, encode_new_block(chain[19].raw, 800));
        co_await r.settle();
        CHECK(r.session->status().head_hash == chain[20].hash);
        CHECK(r.session->status().total_difficulty == 900);
        const std::vector<std::pair<Hash256, chain::BlockNumber>> expected{{Hash256{{0x0b}}, 11},
                                                                           {chain[20].hash, 20}};
        CHECK(r.told.heads == expected);
    });
}
