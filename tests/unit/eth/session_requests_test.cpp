// Our questions to a peer, over every version.
#include <array>

#include "session_rig.hpp"

using namespace fastsync;
using namespace fastsync::eth;
using namespace fastsync::eth::test;
using namespace std::chrono_literals;
using fastsync::test::header_chain;

TEST_CASE("Session: answers find their requests, whatever came in between", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
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

        r.say(MessageCode::kNodeData, node_data_of({2}));
        r.say(MessageCode::kTransactions, encode_empty_answer());
        r.say(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {1, 3})));
        r.say(MessageCode::kNodeData, node_data_of({3, 4}));
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
    Rig rig{GENERATE(from_range(dialects()))};
    rig.run([](Rig& r) -> Task<void> {
        Asked<NodeData> asked;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1}, 10s, asked));
        co_await r.settle();
        const TimePoint arrived = r.sim.now() - 123ms;
        r.say_at(arrived, MessageCode::kNodeData, node_data_of({1}));
        co_await scope.join();
        REQUIRE(holds(asked, {1}));
        CHECK((*asked.answer)->arrived == arrived);
    });
}

TEST_CASE("Session: an empty answer is an answer", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    rig.run([](Rig& r) -> Task<void> {
        Asked<NodeData> nodes;
        Asked<NodeData> placeholders;
        Asked<std::vector<chain::BlockHeader>> headers;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1}, 10s, nodes));
        scope.spawn(ask_nodes(r, {2, 3}, 10s, placeholders));
        scope.spawn(ask_headers(r, {Hash256{{9}}, 1, 0, false}, 10s, headers));
        co_await r.settle();
        r.say(MessageCode::kNodeData, encode_empty_answer());
        r.say(MessageCode::kNodeData, Bytes{0xc2, 0x80, 0x80});
        r.say(MessageCode::kBlockHeaders, encode_empty_answer());
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
    Rig rig{GENERATE(from_range(dialects()))};
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
        r.say(MessageCode::kNodeData, node_data_of({1, 2}));  // of the first
        co_await r.settle();
        CHECK_FALSE(next.answer);
        REQUIRE(r.told.strays.size() == 1);
        CHECK(r.told.strays[0].blobs.size() == 2);
        CHECK(equal(r.told.strays[0].blobs[1], blob_of(2)));
        r.say(MessageCode::kNodeData, node_data_of({2, 3}));
        co_await scope.join();
        CHECK(holds(next, {2, 3}));
        CHECK(r.session->stats().late == 1);
        CHECK(r.session->stats().stray == 0);
    });
}

TEST_CASE("Session: late and stray header answers are dropped", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    rig.run([](Rig& r) -> Task<void> {
        const auto chain = header_chain(3);
        Asked<std::vector<chain::BlockHeader>> slow;
        co_await ask_headers(r, {chain::BlockNumber{1}, 1, 0, false}, 2s, slow);
        CHECK(failure_of(slow) == Errc::kTimeout);
        r.say(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {1})));
        r.say(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {1})));
        co_await r.settle();
        CHECK_FALSE(r.ended);
        CHECK(r.session->stats().late == 1);
        CHECK(r.session->stats().stray == 1);
    });
}

TEST_CASE("Session: node data nobody asked for goes to the observer, while there is one",
          "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    rig.run([](Rig& r) -> Task<void> {
        r.say(MessageCode::kNodeData, node_data_of({7}));
        co_await r.settle();
        REQUIRE(r.told.strays.size() == 1);
        r.session->observe(nullptr);
        r.say(MessageCode::kNodeData, node_data_of({8}));
        r.say(MessageCode::kNewBlockHashes,
              encode_new_block_hashes(std::array{BlockAnnouncement{{{1}}, 5}}));
        co_await r.settle();
        CHECK(r.told.strays.size() == 1);
        CHECK(r.told.heads.empty());
        CHECK(r.session->stats().stray == 2);
        CHECK_FALSE(r.ended);
    });
}

TEST_CASE("Session: unasked answers without end break the protocol", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    rig.run([](Rig& r) -> Task<void> {
        Asked<NodeData> one;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1}, 1min, one));
        co_await r.settle();
        for (std::uint32_t n = 0; n < kMaxUnaskedAnswers + 2; ++n)
            r.say_unasked(MessageCode::kNodeData, node_data_of({1000 + n}));
        co_await r.settle();
        CHECK_FALSE(r.ended);
        r.say_unasked(MessageCode::kNodeData, node_data_of({5000}));
        co_await scope.join();
        co_await r.settle();
        REQUIRE(r.ended);
        CHECK(r.ended->code == Errc::kProtocol);
        CHECK(r.journal->said_goodbye == DisconnectReason::kBreachOfProtocol);
        CHECK(failure_of(one) == Errc::kClosed);
    });
}

TEST_CASE("Session: pending requests end with the session, later ones at once", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
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
    Rig rig{GENERATE(from_range(dialects()))};
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
        Asked<NodeData> most;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, std::vector<std::uint32_t>(kMaxNodeDataAsked, 7), 1s, most));
        co_await scope.join();
        CHECK(failure_of(most) == Errc::kTimeout);
        CHECK(r.session->stats().requests_sent == 1);
    });
}

TEST_CASE("Session: at most 32 requests of a kind are open", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
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
        r.say(MessageCode::kNodeData, node_data_of({0}));
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
    Rig rig{GENERATE(from_range(dialects()))};
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
        r.say(MessageCode::kNodeData, encode_empty_answer());  // would belong to the oldest
        co_await scope.join();
        CHECK(holds(asked, {}));
    });
}

TEST_CASE("Session: header answers are checked against the query", "[eth][session]") {
    Rig rig{GENERATE(from_range(dialects()))};
    rig.run([](Rig& r) -> Task<void> {
        const auto chain = header_chain(12);
        using Headers = Asked<std::vector<chain::BlockHeader>>;
        async::TaskScope scope{r.sim.executor()};

        Headers in_steps;
        scope.spawn(ask_headers(r, {chain::BlockNumber{9}, 3, 2, true}, 10s, in_steps));
        co_await r.settle();
        r.say(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {9, 6, 3})));
        co_await scope.join();
        REQUIRE(in_steps.answer);
        REQUIRE(*in_steps.answer);
        CHECK((*in_steps.answer)->size() == 3);

        Headers out_of_step;
        scope.spawn(ask_headers(r, {chain::BlockNumber{2}, 3, 0, false}, 10s, out_of_step));
        co_await r.settle();
        r.say(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {2, 4})));
        co_await scope.join();
        CHECK(failure_of(out_of_step) == Errc::kMalformed);

        // Another origin, or more than asked, is no answer to this question at all, unless it says
        // that it is.
        Headers other_origin;
        scope.spawn(ask_headers(r, {chain[5].hash, 2, 0, false}, 10s, other_origin));
        co_await r.settle();
        if (r.version.names_request(MessageCode::kBlockHeaders)) {
            r.say(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {6, 7})));
            co_await scope.join();
            CHECK(failure_of(other_origin) == Errc::kMalformed);
            co_return;
        }
        r.say(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {6, 7})));
        r.say(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {5, 6, 7})));
        co_await r.settle();
        CHECK_FALSE(other_origin.answer);
        CHECK(r.session->stats().stray == 2);
        r.say(MessageCode::kBlockHeaders, encode_block_headers(raws(chain, {5, 6})));
        co_await scope.join();
        REQUIRE(other_origin.answer);
        REQUIRE(*other_origin.answer);
        CHECK_FALSE(r.ended);
    });
}
