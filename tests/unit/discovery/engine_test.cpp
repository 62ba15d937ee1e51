// What an engine does of its own accord.
#include "engine_talk.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using namespace std::chrono_literals;
using test::EngineNetwork;
using test::own_subnet;

TEST_CASE("Engine: neighbours nobody asked for are ignored", "[discovery]") {
    Talk talk;
    talk.bond();
    Neighbours lies;
    lies.expiration = at(0s).unix + 20;
    lies.nodes.push_back({{ip("6.6.6.6"), 6, 6}, test::seeded_key(50).public_key()});
    talk.say(lies);
    CHECK(talk.heard().empty());
    CHECK(talk.engine->stats().unexpected == 1);
}

TEST_CASE("Engine: a bootnode is asked once it knows us, and again when the answer is lost",
          "[discovery]") {
    EngineOptions options;
    const auto boot = make_identity(test::seeded_key(2));
    options.bootnodes = {make_node(boot->id(), endpoint("8.8.8.8", 40000), 40001)};
    Talk talk{options};
    auto heard = talk.heard();
    REQUIRE(heard.size() == 1);  // a ping: nothing is asked before the proof
    talk.engine->advance(at(500ms));
    heard = talk.heard();
    REQUIRE(only<Ping>(heard).size() == 1);  // repeated
    talk.say(talk.pong(heard[0].hash), 600ms);
    CHECK(talk.heard().empty());  // it will ping us now
    talk.say(talk.ping(), 700ms);
    heard = talk.heard();
    REQUIRE(only<FindNode>(heard).size() == 1);
    CHECK(only<FindNode>(heard)[0].target == talk.ours->id());
    // No answer: it may have lost what it knew of us, so all starts with a ping.
    talk.engine->advance(at(1200ms));
    heard = talk.heard();
    REQUIRE(heard.size() == 1);
    REQUIRE(only<Ping>(heard).size() == 1);
    talk.say(talk.pong(heard[0].hash, 1s), 1300ms);
    CHECK(talk.heard().empty());
    // This time it does not ping: then it is asked all the same.
    talk.engine->advance(at(1800ms));
    CHECK(only<FindNode>(talk.heard()).size() == 1);
}

TEST_CASE("Engine: what others see decides what we say we are", "[discovery]") {
    const auto at_first = GENERATE(std::optional<IpAddress>{}, std::optional{ip("10.1.1.1")});
    EngineOptions options;
    if (at_first) options.record_entries["ip"] = rlp::encode_string(at_first->bytes());
    Talk talk{options};
    const std::uint64_t before = talk.engine->record().sequence();
    for (std::uint64_t i = 0; i < kVotesNeeded; ++i) {
        CHECK(talk.engine->record().ip() == at_first);
        talk.theirs = make_identity(test::seeded_key(100 + i));
        talk.their_place = {own_subnet(i), 30303};
        talk.bond();
    }
    CHECK(*talk.engine->record().ip() == ip("9.9.9.9"));
    CHECK(talk.engine->record().sequence() == before + 1);
    CHECK(talk.engine->record().tcp() == 30304);
}

TEST_CASE("Engine: a suggested node is tried, and repeats are bounded", "[discovery]") {
    Talk talk;
    const Node node = make_node(talk.theirs->id(), talk.their_place, 40001);
    talk.engine->suggest({node, make_node(talk.ours->id(), talk.their_place, 1)});
    talk.engine->advance(at(0s));
    CHECK(only<Ping>(talk.heard()).size() == 1);
    std::size_t pings = 1;
    for (int i = 1; i < 20; ++i) {
        talk.engine->advance(at(i * kReplyTimeout));
        pings += only<Ping>(talk.heard()).size();
    }
    CHECK(pings == kPingAttempts);
}

TEST_CASE("Engine: nodes of a family we have no socket for are left alone", "[discovery]") {
    EngineOptions options;
    options.uses_v6 = false;
    Talk talk{options};
    talk.engine->suggest({test::seeded_node(5, endpoint("2a00::1"))});
    talk.engine->advance(at(0s));
    CHECK(talk.heard().empty());
}

TEST_CASE("Engine: a suggested node at an address of no host, or of many, is left alone",
          "[discovery]") {
    Talk talk;
    talk.engine->suggest({test::seeded_node(5, endpoint("224.0.0.1")),
                          test::seeded_node(6, endpoint("0.0.0.0")),
                          test::seeded_node(7, endpoint("1.1.1.1", 0))});
    talk.engine->advance(at(0s));
    CHECK(talk.heard().empty());
}

TEST_CASE("Engine: two of them exchange their records", "[discovery]") {
    EngineNetwork net{1, {}, EngineNetwork::Signatures::kReal};
    EngineOptions options;
    options.record_entries["eth"] = rlp::encode_list({rlp::encode_list({})});
    net.add(endpoint("1.1.1.1"), options);
    options.bootnodes = {net.node(0)};
    net.add(endpoint("2.2.2.2"), options);
    net.run_for(10s);
    for (std::size_t i = 0; i < 2; ++i) {
        const auto found = net.engine(i).take_found(10);
        REQUIRE(found.size() == 1);
        CHECK(found[0].node == net.node(1 - i));
        REQUIRE(found[0].record);
        CHECK(*found[0].record == net.engine(1 - i).record());
        CHECK(net.engine(i).table().find(net.node(1 - i).id)->record);
    }
}

TEST_CASE("Engine: a node that is gone leaves the table, one that returns is found",
          "[discovery]") {
    EngineNetwork net{1, {}, EngineNetwork::Signatures::kReal};
    EngineOptions options;
    net.add(endpoint("1.1.1.1"), options);
    options.bootnodes = {net.node(0)};
    net.add(endpoint("2.2.2.2"), options);
    net.run_for(10s);
    REQUIRE(net.engine(1).table().size() == 1);
    net.remove(0);
    net.run_for(2min);
    CHECK(net.engine(1).table().size() == 0);
}

TEST_CASE("Engine: thirty nodes with real signatures find each other through one", "[discovery]") {
    EngineNetwork net{5, {0.1, 10ms, 50ms}, EngineNetwork::Signatures::kReal};
    EngineOptions options;
    options.records = EngineOptions::Records::kLeave;
    net.add({own_subnet(0), 30303}, options);
    options.bootnodes = {net.node(0)};
    for (std::size_t i = 1; i < 30; ++i)
        net.add({own_subnet(i), 30303}, options);
    net.run_for(60s);
    for (std::size_t i = 0; i < net.size(); ++i)
        CHECK(net.engine(i).stats().found >= 27);
}
