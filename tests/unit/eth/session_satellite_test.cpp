#include "session_rig.hpp"

// nodedata/1, which carries node data where eth has none.

using namespace fastsync;
using namespace fastsync::eth;
using namespace fastsync::eth::test;
using namespace std::chrono_literals;

TEST_CASE("Session: node data goes over the satellite where eth has none", "[eth][session]") {
    const auto number = GENERATE(67U, 68U);
    Rig rig{number};
    rig.satellite = 1;
    rig.backend.blobs[hash_of(7)] = blob_of(7);
    rig.run([](Rig& r) -> Task<void> {
        Asked<NodeData> first;
        Asked<NodeData> second;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1}, 10s, first));
        scope.spawn(ask_nodes(r, {2}, 10s, second));
        co_await r.settle();
        REQUIRE(r.sent().size() == 3);
        CHECK(r.sent()[1].protocol == "nodedata");
        CHECK(r.sent()[1].code == 0);
        CHECK(r.sent()[1].payload == encode_get_node_data(hashes_of({1})));
        r.wire->deliver(1, node_data_of({2}), r.sim.now(), kNodeDataProtocol);
        r.wire->deliver(1, node_data_of({1}), r.sim.now(), kNodeDataProtocol);
        co_await scope.join();
        CHECK(holds(first, {1}));
        CHECK(holds(second, {2}));
        r.wire->deliver(0, encode_get_node_data(hashes_of({7})), r.sim.now(), kNodeDataProtocol);
        co_await r.settle();
        REQUIRE(r.sent().size() == 4);
        CHECK(r.sent()[3].protocol == "nodedata");
        CHECK(r.sent()[3].code == 1);
        CHECK(r.sent()[3].payload == node_data_of({7}));
        CHECK_FALSE(r.ended);
        r.wire->deliver(2, encode_empty_answer(), r.sim.now(), kNodeDataProtocol);
        co_await r.settle();
        REQUIRE(r.ended);
        CHECK(r.ended->code == Errc::kProtocol);
    });
}

TEST_CASE("Session: eth's own node data is preferred to the satellite's, which is still served",
          "[eth][session]") {
    const auto number = GENERATE(63U, 66U);
    Rig rig{number};
    rig.satellite = 1;
    rig.backend.blobs[hash_of(7)] = blob_of(7);
    rig.run([](Rig& r) -> Task<void> {
        Asked<NodeData> asked;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1}, 1s, asked));
        r.wire->deliver(0, encode_get_node_data(hashes_of({7})), r.sim.now(), kNodeDataProtocol);
        co_await scope.join();
        REQUIRE(r.sent().size() == 3);
        CHECK(r.sent()[1].protocol == "eth");
        CHECK(r.sent()[2].protocol == "nodedata");
        CHECK(r.sent()[2].payload == node_data_of({7}));
    });
}

TEST_CASE("Session: a version without node data and no satellite is of no use", "[eth][session]") {
    Rig rig{67};
    const auto opened = rig.open([&](FakeConnection& wire) {
        wire.deliver(code_of(MessageCode::kStatus), encode_status(rig.theirs));
    });
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::kIncompatible);
    CHECK(names(opened.error(), "no node data over eth/67"));
    CHECK(rig.journal->said_goodbye);
}
