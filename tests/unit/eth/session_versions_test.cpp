#include <array>

#include <nlohmann/json.hpp>

#include <eth/request_server.hpp>
#include <eth/status_exchange.hpp>

#include "session_rig.hpp"
#include "support/shared_files.hpp"

// What holds for every version of the protocol, and what only some of them have.

using namespace fastsync;
using namespace fastsync::eth;
using namespace fastsync::eth::test;
using namespace std::chrono_literals;
using fastsync::test::header_chain;

namespace {

using Ladder = std::shared_ptr<const chain::ForkLadder>;

const Hash256 kGenesis{{0x67}};  // of the scripted backend

Ladder ladder_of(std::vector<chain::BlockNumber> forks) {
    auto made = chain::ForkLadder::make({kGenesis, 0, std::move(forks), {}});
    REQUIRE(made);
    return std::make_shared<const chain::ForkLadder>(*std::move(made));
}

chain::ForkId id_at(const Ladder& forks, chain::BlockNumber number) {
    return forks->at({number, 0});
}

/// The Status that went out.
Status said(const Rig& rig) {
    REQUIRE_FALSE(rig.sent().empty());
    REQUIRE(rig.sent()[0].code == code_of(MessageCode::kStatus));
    const auto status = decode_status(rig.sent()[0].payload, rig.version);
    REQUIRE(status);
    return *status;
}

void deliver_status(Rig& rig, FakeConnection& wire) {
    wire.deliver(code_of(MessageCode::kStatus), encode_status(rig.theirs));
}

}  // namespace

// ---- Status

TEST_CASE("Session: Status tells the fork id from eth/64 on", "[eth][session]") {
    const auto number = GENERATE(63U, 64U, 65U, 66U);
    CAPTURE(number);
    Rig rig{number};
    rig.backend.who.forks = ladder_of({100, 200});
    if (number > 63) rig.theirs.fork_id = id_at(rig.backend.who.forks, 150);
    const auto opened = rig.open([&](FakeConnection& wire) { deliver_status(rig, wire); });
    REQUIRE(opened);
    const Status ours = said(rig);
    CHECK(ours.version == number);
    CHECK((*opened)->status().eth_version == number);
    CHECK((*opened)->status().fork_id == rig.theirs.fork_id);
    if (number == 63) {
        CHECK_FALSE(ours.fork_id);
    } else {
        CHECK(ours.fork_id == id_at(rig.backend.who.forks, 0));
        CHECK(ours.fork_id->next == 100);
    }
}

TEST_CASE("Session: the fork id follows our head", "[eth][session]") {
    Rig rig{64};
    rig.backend.who.forks = ladder_of({100, 200});
    rig.backend.who.head = {150, 0};
    rig.theirs.fork_id = id_at(rig.backend.who.forks, 250);
    REQUIRE(rig.open([&](FakeConnection& wire) { deliver_status(rig, wire); }));
    CHECK(said(rig).fork_id == id_at(rig.backend.who.forks, 150));
}

TEST_CASE("Session: a peer of other forks is refused where we know ours", "[eth][session]") {
    const auto number = GENERATE(64U, 65U, 66U);
    Rig rig{number};
    rig.backend.who.forks = ladder_of({100, 200});
    Errc expected = Errc::kIncompatible;
    SECTION("another chain") {
        auto ours = *rig.backend.who.forks;
        ours.tell_apart(*ladder_of({100, 201}));
        rig.backend.who.forks = std::make_shared<const chain::ForkLadder>(ours);
        rig.theirs.fork_id = id_at(ladder_of({100, 201}), 300);
    }
    SECTION("one that has passed us by") {
        rig.theirs.fork_id = id_at(ladder_of({100, 200, 300}), 400);
        expected = Errc::kOutdated;
    }
    SECTION("one that waits for a fork where we are already") {
        rig.backend.who.head = {250, 0};
        rig.theirs.fork_id = chain::ForkId{id_at(rig.backend.who.forks, 250).hash, 240};
        expected = Errc::kOutdated;
    }
    SECTION("one that does not know our next fork") {
        rig.backend.who.head = {150, 0};
        rig.theirs.fork_id = chain::ForkId{id_at(rig.backend.who.forks, 0).hash, 0};
    }
    const auto opened = rig.open([&](FakeConnection& wire) { deliver_status(rig, wire); });
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == expected);
    CHECK(names(opened.error(), "fork id"));
    CHECK(rig.journal->said_goodbye == DisconnectReason::kSubprotocolError);
}

TEST_CASE("Session: without forks of our own we wait for the peer's fork id and say the same",
          "[eth][session]") {
    const auto number = GENERATE(64U, 65U, 66U);
    Rig rig{number};
    const TimePoint begin = rig.sim.now();
    const auto opened = rig.open([&](FakeConnection& wire) {
        CHECK(rig.sent().empty());
        deliver_status(rig, wire);
    });
    REQUIRE(opened);
    CHECK(rig.sim.now() == begin);
    CHECK(rig.sent().size() == 1);
    CHECK(said(rig).fork_id == rig.theirs.fork_id);
}

TEST_CASE("Session: a peer that waits too hears the genesis' fork id after 2 s", "[eth][session]") {
    Rig rig{66};
    const TimePoint begin = rig.sim.now();
    FakeConnection* peer = nullptr;
    const auto opened = rig.open([&](FakeConnection& wire) {
        peer = &wire;
        wire.on_send = [&](std::uint32_t, ByteView) { deliver_status(rig, *peer); };
    });
    REQUIRE(opened);
    CHECK(rig.sim.now() - begin == kForkIdPatience);
    CHECK(rig.sent().size() == 1);
    CHECK(said(rig).fork_id == id_at(ladder_of({}), 0));
}

TEST_CASE("Session: a peer of another chain is not told our Status where it goes first",
          "[eth][session]") {
    Rig rig{64};
    rig.theirs.genesis_hash = Hash256{{0x68}};
    REQUIRE_FALSE(rig.open([&](FakeConnection& wire) { deliver_status(rig, wire); }));
    CHECK(rig.sent().empty());
    CHECK(rig.journal->said_goodbye == DisconnectReason::kSubprotocolError);
}

TEST_CASE("Session: a Status of the wrong shape for its version is refused", "[eth][session]") {
    const auto number = GENERATE(63U, 64U, 66U);
    Rig rig{number};
    if (number == 63)
        rig.theirs.fork_id = chain::ForkId{};
    else
        rig.theirs.fork_id.reset();
    const auto opened = rig.open([&](FakeConnection& wire) { deliver_status(rig, wire); });
    REQUIRE_FALSE(opened);
    CHECK((opened.error().code == Errc::kMalformed || opened.error().code == Errc::kTooLarge));
}

TEST_CASE("check_status: go-ethereum's cases of fork ids, over every version that has them",
          "[eth][session]") {
    const auto file = fastsync::test::shared_file("vectors/forkid.json");
    if (!file) return;
    const auto number = GENERATE(63U, 64U, 65U, 66U);
    CAPTURE(number);
    const auto vectors = nlohmann::json::parse(fastsync::test::read_text(*file));
    chain::ForkSchedule schedule;
    schedule.genesis_hash =
        fastsync::test::hash_of("d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3");
    for (const auto& [name, block] : vectors["mainnet_fork_schedule"]["blocks"].items())
        schedule.blocks.push_back(block.get<std::uint64_t>());
    for (const auto& [name, time] : vectors["mainnet_fork_schedule"]["times"].items())
        schedule.times.push_back(time.get<std::uint64_t>());
    ChainIdentity ours{1, schedule.genesis_hash, schedule.genesis_hash, 1};
    ours.forks = std::make_shared<const chain::ForkLadder>(*chain::ForkLadder::make(schedule));
    std::size_t refused = 0;
    for (const auto& c : vectors["validation"]) {
        if (c["config"] != "mainnet") continue;
        CAPTURE(c.dump());
        ours.head = {c["head"], c["time"]};
        Status theirs{number, 1, 1, schedule.genesis_hash, schedule.genesis_hash};
        if (number >= 64)
            theirs.fork_id =
                chain::ForkId{*fixed_from_hex<chain::ForkHash>(c["remote_hash"].get<std::string>()),
                              c["remote_next"]};
        const auto verdict = check_status(theirs, *find_version(number), ours);
        const bool accepted = number == 63 || c["expect"] == "accept";
        CHECK(verdict.has_value() == accepted);
        if (!verdict) ++refused;
    }
    CHECK((refused > 5) == (number >= 64));
}

// ---- questions and answers

TEST_CASE("Session: both sides' requests are answered over every version", "[eth][session]") {
    const auto number = GENERATE(63U, 64U, 65U, 66U);
    CAPTURE(number);
    Rig rig{number};
    rig.backend.chain = header_chain(4);
    rig.backend.blobs[hash_of(7)] = blob_of(7);
    rig.run([](Rig& r) -> Task<void> {
        const bool named = r.version.number == 66;
        Asked<NodeData> nodes;
        Asked<std::vector<chain::BlockHeader>> headers;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1, 2}, 10s, nodes));
        scope.spawn(ask_headers(r, {chain::BlockNumber{1}, 2, 0, false}, 10s, headers));
        co_await r.settle();
        const auto asked_nodes = r.unpacked(MessageCode::kGetNodeData);
        const auto asked_headers = r.unpacked(MessageCode::kGetBlockHeaders);
        REQUIRE(asked_nodes.size() == 1);
        REQUIRE(asked_headers.size() == 1);
        CHECK(asked_nodes[0].body == encode_get_node_data(hashes_of({1, 2})));
        CHECK((asked_nodes[0].id != asked_headers[0].id) == named);
        r.deliver(MessageCode::kBlockHeaders, encode_block_headers(raws(r.backend.chain, {1, 2})),
                  asked_headers[0].id);
        r.deliver(MessageCode::kNodeData, node_data_of({2}), asked_nodes[0].id);
        co_await scope.join();
        CHECK(holds(nodes, {2}));
        REQUIRE(headers.answer);
        REQUIRE(*headers.answer);
        CHECK((*headers.answer)->size() == 2);

        constexpr std::uint64_t kTheirs = 0xfedcba9876543210;
        r.deliver(MessageCode::kGetNodeData, encode_get_node_data(hashes_of({7})), kTheirs);
        r.deliver(MessageCode::kGetBlockHeaders,
                  encode_get_block_headers({chain::BlockNumber{3}, 1, 0, false}), kTheirs + 1);
        r.deliver(MessageCode::kGetReceipts, encode_empty_answer(), 0);
        co_await r.settle();
        const auto node_data = r.unpacked(MessageCode::kNodeData);
        const auto served = r.unpacked(MessageCode::kBlockHeaders);
        const auto receipts = r.unpacked(MessageCode::kReceipts);
        REQUIRE(node_data.size() == 1);
        REQUIRE(served.size() == 1);
        REQUIRE(receipts.size() == 1);
        CHECK(node_data[0].body == node_data_of({7}));
        CHECK(node_data[0].id == (named ? kTheirs : 0));
        CHECK(served[0].body == encode_block_headers(raws(r.backend.chain, {3})));
        CHECK(served[0].id == (named ? kTheirs + 1 : 0));
        CHECK(receipts[0].body == encode_empty_answer());
        CHECK_FALSE(r.ended);
    });
}

TEST_CASE("Session: eth/66 answers are matched by request id alone, in any order",
          "[eth][session]") {
    Rig rig{66};
    rig.run([](Rig& r) -> Task<void> {
        Asked<NodeData> first;
        Asked<NodeData> second;
        Asked<NodeData> third;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1}, 10s, first));
        scope.spawn(ask_nodes(r, {1}, 10s, second));
        scope.spawn(ask_nodes(r, {3}, 10s, third));
        co_await r.settle();
        const auto asked = r.unpacked(MessageCode::kGetNodeData);
        REQUIRE(asked.size() == 3);
        r.deliver(MessageCode::kNodeData, encode_empty_answer(), asked[2].id);
        r.deliver(MessageCode::kNodeData, node_data_of({1}), asked[1].id);
        co_await r.settle();
        CHECK(holds(third, {}));
        CHECK(holds(second, {1}));
        CHECK_FALSE(first.answer);
        r.deliver(MessageCode::kNodeData, node_data_of({1}), asked[0].id);
        co_await scope.join();
        CHECK(holds(first, {1}));
    });
}

TEST_CASE("Session: eth/66 answers that are late or name no request of ours", "[eth][session]") {
    Rig rig{66};
    rig.run([](Rig& r) -> Task<void> {
        Asked<NodeData> slow;
        co_await ask_nodes(r, numbers(1), 2s, slow);
        CHECK(failure_of(slow) == Errc::kTimeout);
        Asked<NodeData> open;
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(ask_nodes(r, {1}, 10s, open));
        co_await r.settle();
        const auto asked = r.unpacked(MessageCode::kGetNodeData);
        REQUIRE(asked.size() == 2);
        r.deliver(MessageCode::kNodeData, node_data_of({1}), asked[0].id);
        r.deliver(MessageCode::kNodeData, node_data_of({1}), asked[1].id + 77);
        // A node data request is not answered by headers.
        r.deliver(MessageCode::kBlockHeaders, encode_empty_answer(), asked[1].id);
        co_await r.settle();
        CHECK_FALSE(open.answer);
        CHECK(r.session->stats().late == 1);
        CHECK(r.session->stats().stray == 2);
        CHECK(r.told.strays.size() == 2);
        r.deliver(MessageCode::kNodeData, node_data_of({1}), asked[1].id);
        co_await scope.join();
        CHECK(holds(open, {1}));
        CHECK_FALSE(r.ended);
    });
}

TEST_CASE("Session: eth/66 messages without a request id are malformed", "[eth][session]") {
    static Bytes payload;
    payload = GENERATE(Bytes{0xc0}, Bytes{0xc1, 0x05}, Bytes{0xc1, 0xc0}, Bytes{0x05},
                       Bytes{0xc3, 0x05, 0xc0, 0xc0}, Bytes{0xc3, 0x81, 0x05, 0xc0});
    Rig rig{66};
    rig.run([](Rig& r) -> Task<void> {
        r.wire->deliver(code_of(MessageCode::kNodeData), payload);
        co_await r.settle();
        REQUIRE(r.ended);
        CHECK(r.ended->code == Errc::kMalformed);
        CHECK(r.journal->said_goodbye == DisconnectReason::kSubprotocolError);
    });
}

TEST_CASE("Session: the transaction pool's messages from eth/65 on", "[eth][session]") {
    const auto number = GENERATE(63U, 64U, 65U, 66U);
    CAPTURE(number);
    Rig rig{number};
    rig.run([](Rig& r) -> Task<void> {
        const Bytes junk{0xff, 0xff};
        r.wire->deliver(code_of(MessageCode::kNewPooledTransactionHashes), junk);
        r.wire->deliver(code_of(MessageCode::kPooledTransactions), junk);
        r.wire->deliver(code_of(MessageCode::kTransactions), junk);
        r.deliver(MessageCode::kGetPooledTransactions, encode_get_node_data(hashes_of({1})), 9);
        co_await r.settle();
        REQUIRE(r.ended.has_value() == (r.version.number < 65));
        if (r.ended) {
            CHECK(r.ended->code == Errc::kProtocol);
            co_return;
        }
        const auto answers = r.unpacked(MessageCode::kPooledTransactions);
        REQUIRE(answers.size() == 1);
        CHECK(answers[0].body == encode_empty_answer());
        CHECK(answers[0].id == (r.version.number == 66 ? 9 : 0));
        CHECK(r.session->stats().stray == 0);
    });
}

TEST_CASE("Session: a header is served while node data is still looked up", "[eth][session]") {
    const auto number = GENERATE(63U, 66U);
    Rig rig{number};
    rig.run([](Rig& r) -> Task<void> {
        r.backend.hold();
        for (std::uint32_t n = 0; n < 50; ++n)
            r.deliver(MessageCode::kGetNodeData, encode_get_node_data(hashes_of({n})), n);
        // A query for no header needs no backend; one for a header of a held backend would wait.
        r.deliver(MessageCode::kGetBlockHeaders, encode_get_block_headers({{}, 0, 0, false}), 77);
        r.deliver(MessageCode::kGetBlockBodies, encode_empty_answer(), 78);
        co_await r.settle();
        CHECK(r.unpacked(MessageCode::kNodeData).empty());
        CHECK(r.unpacked(MessageCode::kBlockHeaders).size() == 1);
        CHECK(r.unpacked(MessageCode::kBlockBodies).size() == 1);
        r.backend.resume();
        co_await r.settle();
        const auto answers = r.unpacked(MessageCode::kNodeData);
        REQUIRE(answers.size() == 50);
        CHECK(answers[49].id == (r.version.number == 66 ? 49 : 0));
    });
}
