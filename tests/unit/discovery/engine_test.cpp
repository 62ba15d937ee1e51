#include <catch2/catch.hpp>

#include <discovery/engine.hpp>
#include <rlp/encode.hpp>

#include "support/discovery/engine_network.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using namespace std::chrono_literals;
using test::at;
using test::endpoint;
using test::EngineNetwork;
using test::ip;
using test::own_subnet;

namespace {

/// An engine, and a stranger who talks to it by hand.
struct Talk {
    std::unique_ptr<Identity> ours = make_identity(test::seeded_key(1));
    std::unique_ptr<Identity> theirs = make_identity(test::seeded_key(2));
    IpEndpoint their_place = endpoint("8.8.8.8", 40000);
    test::SeededEntropy entropy{1};
    std::unique_ptr<Engine> engine;

    explicit Talk(EngineOptions options = {}) {
        options.udp_port = 30303;
        options.tcp_port = 30304;
        auto made = Engine::make(*ours, entropy, std::move(options), at(0s));
        REQUIRE(made);
        engine = *std::move(made);
        engine->advance(at(0s));
    }

    Hash256 say(const Packet& packet, Duration when = 0s) {
        const Datagram datagram = encode(packet, *theirs);
        engine->receive(their_place, datagram.bytes, at(when));
        return datagram.hash;
    }
    /// What the engine sends; all of it must go to the stranger.
    std::vector<SignedPacket> heard() {
        std::vector<SignedPacket> out;
        for (const Outgoing& outgoing : engine->take_outgoing()) {
            CHECK(outgoing.to == their_place);
            auto packet = decode(outgoing.bytes, *theirs, 0);
            REQUIRE(packet);
            CHECK(packet->sender == ours->id());
            out.push_back(*std::move(packet));
        }
        return out;
    }
    Ping ping(Duration when = 0s) const {
        return {kVersion, {ip("8.8.8.8"), 40000, 40001}, {}, at(when).unix + 20, std::nullopt};
    }
    Pong pong(const Hash256& hash, Duration when = 0s) const {
        return {{ip("9.9.9.9"), 30303, 30304}, hash, at(when).unix + 20, std::nullopt};
    }
    /// Ping, pong, and both the other way.
    void bond(Duration when = 0s) {
        say(ping(when), when);
        for (const SignedPacket& packet : heard())
            if (std::holds_alternative<Ping>(packet.packet)) say(pong(packet.hash, when), when);
        (void)engine->take_outgoing();
    }
    FindNode find(Duration when = 0s) const { return {theirs->id(), at(when).unix + 20}; }
};

template <class T>
std::vector<T> only(const std::vector<SignedPacket>& packets) {
    std::vector<T> out;
    for (const SignedPacket& packet : packets)
        if (const T* found = std::get_if<T>(&packet.packet)) out.push_back(*found);
    return out;
}

}  // namespace

TEST_CASE("Engine: a ping is answered, and a stranger pinged in turn", "[discovery]") {
    Talk talk;
    const Hash256 hash = talk.say(talk.ping());
    const auto heard = talk.heard();
    REQUIRE(heard.size() == 2);
    const Pong pong = std::get<Pong>(heard[0].packet);
    CHECK(pong.ping_hash == hash);
    CHECK(pong.to == WireEndpoint{ip("8.8.8.8"), 40000, 40001});
    CHECK(pong.expiration == at(0s).unix + kExpiration);
    CHECK(pong.record_sequence == talk.engine->record().sequence());
    const Ping ping = std::get<Ping>(heard[1].packet);
    CHECK(ping.version == kVersion);
    CHECK(ping.from.tcp == 30304);
    CHECK(ping.to.ip == ip("8.8.8.8"));
    CHECK(talk.engine->table().size() == 0);  // not proven yet
}

TEST_CASE("Engine: a proven node is in the table and found, with the port it told", "[discovery]") {
    Talk talk;
    talk.bond();
    REQUIRE(talk.engine->table().size() == 1);
    const auto found = talk.engine->take_found(10);
    REQUIRE(found.size() == 1);
    CHECK(found[0].node.id == talk.theirs->id());
    CHECK(found[0].node.udp == talk.their_place);
    CHECK(found[0].node.tcp == 40001);
    CHECK_FALSE(found[0].record);
    // Known now: pinged again, it is answered and no more.
    talk.say(talk.ping(1s), 1s);
    CHECK(talk.heard().size() == 1);
}

TEST_CASE("Engine: without a proof there is no answer larger than the question", "[discovery]") {
    Talk talk;
    talk.say(talk.find());
    talk.say(RecordRequest{at(0s).unix + 20});
    CHECK(talk.heard().empty());
    CHECK(talk.engine->stats().unproven == 2);
    // A pong that answers no ping of ours proves nothing.
    talk.say(talk.pong(Hash256{}));
    talk.say(talk.find());
    CHECK(talk.heard().empty());
    CHECK(talk.engine->stats().unexpected == 1);
    // Nor does one with the hash of another packet of ours.
    const Hash256 hash = talk.say(talk.ping());
    (void)talk.heard();
    talk.say(talk.pong(hash));
    talk.say(talk.find());
    CHECK(talk.heard().empty());
}

TEST_CASE("Engine: a proof holds for its address, not for another one", "[discovery]") {
    Talk talk;
    talk.bond();
    talk.say(talk.find());
    CHECK(only<Neighbours>(talk.heard()).size() == 1);
    talk.their_place = endpoint("8.8.8.9", 40000);
    talk.say(talk.find());
    CHECK(talk.heard().empty());
    // The same host behind another port may be answered.
    talk.their_place = endpoint("8.8.8.8", 40002);
    talk.say(talk.find());
    CHECK(only<Neighbours>(talk.heard()).size() == 1);
}

TEST_CASE("Engine: a proof ends after a day", "[discovery]") {
    Talk talk;
    talk.bond();
    talk.say(talk.find(23h), 23h);
    CHECK(only<Neighbours>(talk.heard()).size() == 1);
    talk.say(talk.find(24h), 24h);
    CHECK(only<Neighbours>(talk.heard()).empty());
}

TEST_CASE("Engine: a proof is made anew after half a day", "[discovery]") {
    Talk talk;
    talk.bond();
    talk.say(talk.ping(11h), 11h);
    CHECK(only<Ping>(talk.heard()).empty());
    talk.say(talk.ping(12h), 12h);
    const auto heard = talk.heard();
    CHECK(only<Pong>(heard).size() == 1);
    CHECK(only<Ping>(heard).size() == 1);
}

TEST_CASE("Engine: expired packets and our own are not answered", "[discovery]") {
    Talk talk;
    Ping old = talk.ping();
    old.expiration = at(0s).unix - 1;
    talk.say(old);
    CHECK(talk.heard().empty());
    const Datagram echo = encode(talk.ping(), *talk.ours);
    talk.engine->receive(talk.their_place, echo.bytes, at(0s));
    CHECK(talk.heard().empty());
    CHECK(talk.engine->stats().malformed == 2);
    CHECK(talk.engine->stats().expired == 1);
    talk.engine->receive(endpoint("8.8.8.8", 0), encode(talk.ping(), *talk.theirs).bytes, at(0s));
    CHECK(talk.engine->take_outgoing().empty());
    CHECK(talk.engine->stats().limited == 1);
}

TEST_CASE("Engine: packets of a clock far ahead are counted", "[discovery]") {
    Talk talk;
    Ping soon = talk.ping();
    soon.expiration = at(0s).unix + 300;
    talk.say(soon);
    CHECK(talk.engine->stats().early == 0);
    soon.expiration += 1;
    talk.say(soon);
    CHECK(talk.engine->stats().early == 1);
    soon.expiration = UINT64_MAX;
    talk.say(soon);
    CHECK(talk.engine->stats().early == 2);
    CHECK(talk.engine->stats().malformed == 0);
}

TEST_CASE("Engine: its record goes to whoever is proven", "[discovery]") {
    EngineOptions options;
    options.announced_address = ip("9.9.9.9");
    options.record_entries["eth"] = rlp::encode_list({rlp::encode_list({})});
    options.record_sequence = 77;
    Talk talk{options};
    talk.bond();
    const Hash256 hash = talk.say(RecordRequest{at(0s).unix + 20});
    const auto answers = only<RecordResponse>(talk.heard());
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].request_hash == hash);
    const auto record = NodeRecord::decode(answers[0].record);
    REQUIRE(record);
    CHECK(record->id() == talk.ours->id());
    CHECK(record->sequence() == 77);
    CHECK(*record->ip() == ip("9.9.9.9"));
    CHECK(record->udp() == 30303);
    CHECK(record->tcp() == 30304);
    CHECK(to_hex(*record->find("eth")) == "c1c0");
    CHECK(talk.engine->update_record({{"eth", rlp::encode_list({})}}));
    CHECK(talk.engine->record().sequence() == 78);
}

TEST_CASE("Engine: neighbours are told in packets that fit, without the asker or local nodes",
          "[discovery]") {
    EngineNetwork net{3, {}, EngineNetwork::Signatures::kReal};
    Talk talk;
    talk.bond();
    // Fill the table by bonding with others.
    for (std::uint64_t i = 10; i < 40; ++i) {
        Talk other;
        const auto identity = make_identity(test::seeded_key(i));
        std::swap(talk.theirs, other.theirs);
        talk.theirs = make_identity(test::seeded_key(i));
        const IpEndpoint place =
            std::exchange(talk.their_place, i < 12 ? IpEndpoint{ip("192.168.1.1"), 30303}
                                                   : IpEndpoint{own_subnet(i), 30303});
        talk.bond();
        std::swap(talk.theirs, other.theirs);
        talk.their_place = place;
    }
    REQUIRE(talk.engine->table().size() > 20);
    talk.say(talk.find());
    const auto heard = talk.heard();
    const auto answers = only<Neighbours>(heard);
    REQUIRE(answers.size() == 2);
    CHECK(answers[0].nodes.size() == kMaxNeighboursSent);
    for (const Neighbours& answer : answers)
        for (const Neighbour& node : answer.nodes) {
            CHECK(node.id != talk.theirs->id());
            CHECK_FALSE(node.endpoint.ip->is_local());
        }
}

TEST_CASE("Engine: an empty table is answered with no neighbours", "[discovery]") {
    Talk talk;
    talk.bond();
    talk.say(talk.find());
    const auto answers = only<Neighbours>(talk.heard());
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].nodes.empty());
}

TEST_CASE("Engine: a flood from one address is cut off, others are heard", "[discovery]") {
    Talk talk;
    talk.bond();
    for (int i = 0; i < 1000; ++i)
        talk.say(talk.find());
    const std::size_t answered = talk.heard().size();
    CHECK(answered <= static_cast<std::size_t>(kSourceRate.burst));
    CHECK(answered > 100);
    CHECK(talk.engine->stats().limited > 700);
    talk.their_place = endpoint("7.7.7.7", 1);
    talk.say(talk.ping());
    CHECK(talk.heard().size() == 2);
}

TEST_CASE("Engine: forged pings make us ping few strangers", "[discovery]") {
    Talk talk;
    std::size_t pings = 0;
    for (std::size_t i = 0; i < 500; ++i) {
        talk.their_place = {own_subnet(i), 30303};
        talk.theirs = make_identity(test::seeded_key(1000 + i));
        talk.say(talk.ping());
        pings += only<Ping>(talk.heard()).size();
    }
    CHECK(pings == kMaxStrangerPings);
    CHECK(talk.engine->stats().proofs == 0);
    // They are pinged once; then there is room for others.
    talk.engine->advance(at(1s));
    CHECK(talk.heard().empty());
    talk.say(talk.ping(1s), 1s);
    CHECK(only<Ping>(talk.heard()).size() == 1);
}

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
