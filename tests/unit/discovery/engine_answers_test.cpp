// What an engine answers to strangers.
#include "engine_talk.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using namespace std::chrono_literals;
using test::EngineNetwork;
using test::own_subnet;

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
    soon.expiration = INT64_MAX;
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
