// The small parts of an engine: proofs, limits, lookups, our record, the stream of found nodes.
#include <catch2/catch.hpp>

#include <discovery/endpoint_proofs.hpp>
#include <discovery/explorer.hpp>
#include <discovery/found_queue.hpp>
#include <discovery/lookup.hpp>
#include <discovery/own_record.hpp>
#include <discovery/rate_limiter.hpp>
#include <rlp/encode.hpp>

#include "support/discovery/engine_network.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using namespace std::chrono_literals;
using test::at;
using test::endpoint;
using test::ip;
using test::own_subnet;

namespace {

NodeId id_of(std::uint64_t serial) {
    NodeId id;
    std::memcpy(id.data.data(), &serial, sizeof serial);
    return id;
}

Node node_of(std::uint64_t serial) {
    return make_node(id_of(serial), {own_subnet(serial), 30303}, 30303);
}

}  // namespace

TEST_CASE("EndpointProofs: valid for a day, fresh for half of one", "[discovery]") {
    EndpointProofs proofs;
    const Whereabouts where{id_of(1), ip("1.2.3.4")};
    CHECK_FALSE(proofs.is_proven(where, at(0s).now));
    proofs.add(where, at(0s).now, std::nullopt);
    CHECK(proofs.is_fresh(where, at(12h - 1s).now));
    CHECK_FALSE(proofs.is_fresh(where, at(12h).now));
    CHECK(proofs.is_proven(where, at(24h - 1s).now));
    CHECK_FALSE(proofs.is_proven(where, at(24h).now));
    CHECK_FALSE(proofs.is_proven({id_of(2), where.address}, at(1s).now));
    CHECK_FALSE(proofs.is_proven({where.id, ip("1.2.3.5")}, at(1s).now));
    CHECK(proofs.is_known(where.address));
    CHECK_FALSE(proofs.is_known(ip("1.2.3.5")));
}

TEST_CASE("EndpointProofs: who pinged us knows us, for half a day", "[discovery]") {
    EndpointProofs proofs;
    const Whereabouts where{id_of(1), ip("1.2.3.4")};
    proofs.pinged_us(where, at(0s).now);  // unproven: leaves no trace
    CHECK(proofs.size() == 0);
    proofs.add(where, at(0s).now, std::nullopt);
    CHECK_FALSE(proofs.knows_us(where, at(0s).now));
    proofs.pinged_us(where, at(1s).now);
    CHECK(proofs.knows_us(where, at(12h).now));
    CHECK_FALSE(proofs.knows_us(where, at(12h + 1s).now));
    proofs.add(where, at(1h).now, std::nullopt);  // a new pong does not undo the ping
    CHECK(proofs.knows_us(where, at(2h).now));
    proofs.forgot_us(where);
    CHECK_FALSE(proofs.knows_us(where, at(2h).now));
}

TEST_CASE("EndpointProofs: bounded, and an address only drives out its own", "[discovery]") {
    EndpointProofs proofs;
    const Whereabouts victim{id_of(1), ip("1.2.3.4")};
    proofs.add(victim, at(0s).now, std::nullopt);
    for (std::uint64_t i = 0; i < 2 * kMaxProofs; ++i)
        proofs.add({id_of(100 + i), ip("66.6.6.6")}, at(1s).now + 1ms * static_cast<int>(i), {});
    CHECK(proofs.size() == 1 + kMaxProofsPerAddress);
    CHECK(proofs.is_proven(victim, at(1s).now));
    CHECK(proofs.is_proven({id_of(99 + 2 * kMaxProofs), ip("66.6.6.6")}, at(1s).now));
    for (std::uint64_t i = 0; i < kMaxProofs + 10; ++i)
        proofs.add({id_of(i), own_subnet(i)}, at(2h).now, {});
    CHECK(proofs.size() == kMaxProofs);
    CHECK_FALSE(proofs.is_proven(victim, at(2h).now));
    CHECK_FALSE(proofs.is_known(victim.address));
}

TEST_CASE("RateLimiter: a source has a burst, then its rate", "[discovery]") {
    RateLimiter limiter{at(0s).now};
    const auto passed = [&](const IpAddress& address, Duration when, std::size_t tries) {
        std::size_t count = 0;
        for (std::size_t i = 0; i < tries; ++i)
            count += limiter.admit(address, RateLimiter::Source::kKnown, at(when).now) ? 1U : 0U;
        return count;
    };
    CHECK(passed(ip("1.2.3.4"), 0s, 1000) == 200);
    CHECK(passed(ip("1.2.3.5"), 0s, 1000) == 200);
    CHECK(passed(ip("1.2.3.4"), 1s, 1000) == 50);
    CHECK(passed(ip("1.2.3.4"), 1h, 1000) == 200);
    CHECK(passed(ip("127.0.0.1"), 0s, 5000) == 2000);
    // Addresses of one IPv6 /64 are one source.
    CHECK(passed(ip("2a00::1"), 0s, 150) == 150);
    CHECK(passed(ip("2a00::2"), 0s, 150) == 50);
    CHECK(passed(ip("2a00:0:0:1::2"), 0s, 150) == 150);
}

TEST_CASE("RateLimiter: strangers together have a limit that does not touch the known",
          "[discovery]") {
    RateLimiter limiter{at(0s).now};
    std::size_t strangers = 0;
    for (std::size_t i = 0; i < 3 * kMaxSources; ++i)
        strangers +=
            limiter.admit(own_subnet(i), RateLimiter::Source::kStranger, at(0s).now) ? 1U : 0U;
    CHECK(strangers == static_cast<std::size_t>(kStrangerRate.burst));
    CHECK(limiter.sources() <= kMaxSources);
    CHECK(limiter.admit(own_subnet(0), RateLimiter::Source::kKnown, at(0s).now));
    // Silent sources are forgotten, so that new ones are counted for themselves again.
    CHECK(limiter.admit(own_subnet(99999), RateLimiter::Source::kKnown, at(1h).now));
    CHECK(limiter.sources() == 1);
}

TEST_CASE("SubnetCounter: counts what is there", "[discovery]") {
    SubnetCounter counter{{2, 1, 1}};
    counter.add(ip("1.2.3.4"));
    CHECK(counter.has_room(ip("1.2.3.5")));
    counter.add(ip("1.2.3.4"));
    CHECK_FALSE(counter.has_room(ip("1.2.3.5")));
    CHECK(counter.has_room(ip("1.2.4.5")));
    counter.remove(ip("1.2.3.4"));
    CHECK(counter.has_room(ip("1.2.3.5")));
    for (int i = 0; i < 5; ++i)
        counter.add(ip("10.0.0.1"));
    CHECK(counter.has_room(ip("10.0.0.1")));
}

TEST_CASE("Lookup: asks three at a time, the nearest first, each once", "[discovery]") {
    std::vector<Node> seeds;
    for (std::uint64_t i = 1; i <= 20; ++i)
        seeds.push_back(node_of(i));
    const NodeId target = id_of(999);
    Lookup lookup{target, seeds};
    std::sort(seeds.begin(), seeds.end(), [&](const Node& a, const Node& b) {
        return is_closer(key_of(target), a.key, b.key);
    });
    for (std::size_t i = 0; i < kLookupConcurrency; ++i)
        CHECK(lookup.next()->id == seeds[i].id);
    CHECK_FALSE(lookup.next());
    CHECK_FALSE(lookup.is_done());
    lookup.answered(seeds[1].id, seeds);
    lookup.answered(seeds[1].id, seeds);  // told twice: counts once
    lookup.failed(seeds[7].id);           // never asked
    CHECK(lookup.next()->id == seeds[3].id);
    CHECK_FALSE(lookup.next());
    lookup.failed(seeds[0].id);
    lookup.answered(seeds[2].id, {seeds[0]});  // a failed one does not come back
    lookup.answered(seeds[3].id, {});
    std::size_t more = 0;
    while (const auto node = lookup.next()) {
        CHECK(node->id != seeds[0].id);
        lookup.answered(node->id, {});
        ++more;
    }
    CHECK(lookup.is_done());
    CHECK(more == kBucketSize - 3);  // the 16 nearest of those that did not fail
    CHECK(lookup.asked() == kBucketSize + 1);
}

TEST_CASE("Lookup: without seeds it is done, against a chain of liars it ends", "[discovery]") {
    Lookup empty{id_of(1), {}};
    CHECK(empty.is_done());
    CHECK_FALSE(empty.next());

    Lookup endless{id_of(1), {node_of(2)}};
    std::uint64_t serial = 1000;
    while (const auto node = endless.next()) {
        std::vector<Node> told;
        for (std::size_t i = 0; i < kBucketSize; ++i)
            told.push_back(node_of(serial++));
        if (serial % 3 == 0)
            endless.failed(node->id);
        else
            endless.answered(node->id, told);
    }
    CHECK(endless.is_done());
    CHECK(endless.asked() <= kMaxLookupAsks);
}

TEST_CASE("Explorer: a round is ourselves and three random targets", "[discovery]") {
    test::SeededEntropy entropy{1};
    const NodeId self = id_of(1);
    Explorer explorer{self, 30min, at(0s).now};
    CHECK(explorer.next_due() <= at(0s).now);
    for (std::size_t i = 0; i <= kRandomLookups; ++i) {
        const auto target = explorer.next_target(at(0s).now, entropy);
        REQUIRE(target);
        CHECK((*target == self) == (i == 0));
        explorer.started(Lookup{*target, {node_of(5)}});
        CHECK_FALSE(explorer.next_target(at(0s).now, entropy));
        explorer.finished(3, 5, at(1s).now);
    }
    CHECK(explorer.rounds() == 1);
    CHECK_FALSE(explorer.next_target(at(30min).now, entropy));
    CHECK(explorer.next_due() == at(30min + 1s).now);
    CHECK(*explorer.next_target(at(30min + 1s).now, entropy) == self);
}

TEST_CASE("Explorer: alone, it tries again soon; hungry, it goes on looking, slower when in vain",
          "[discovery]") {
    test::SeededEntropy entropy{1};
    Explorer explorer{id_of(1), 30min, at(0s).now};
    explorer.started(Lookup{*explorer.next_target(at(0s).now, entropy), {}});
    explorer.finished(0, 0, at(0s).now);
    CHECK(explorer.rounds() == 0);
    CHECK(explorer.next_due() == at(0s).now + kLonelyInterval);
    for (std::size_t i = 0; i <= kRandomLookups; ++i) {
        explorer.started(Lookup{*explorer.next_target(at(10s).now, entropy), {}});
        explorer.finished(1, 1, at(10s).now);
    }
    CHECK_FALSE(explorer.next_target(at(20min).now, entropy));
    explorer.set_appetite(Explorer::Appetite::kHungry);
    TimePoint now = at(20min).now;
    Duration pause{};
    for (int i = 0; i < 12; ++i) {
        REQUIRE(explorer.next_target(now, entropy));
        explorer.started(Lookup{id_of(3), {}});
        explorer.finished(1, 1, now);
        pause = explorer.next_due() - now;
        CHECK((pause >= kShortPause && pause <= kLongPause));
        if (i == 0) now += 1s;
        now = std::min(explorer.next_due(), at(29min).now);
        if (explorer.next_due() > now) break;
    }
    CHECK(pause > 10 * kShortPause);
    explorer.found_one();
    explorer.started(Lookup{id_of(3), {}});
    explorer.finished(1, 1, at(29min).now);
    CHECK(explorer.next_due() == at(29min).now + kShortPause);
}

TEST_CASE("OwnRecord: a change counts up, none does not", "[discovery]") {
    const auto identity = make_identity(test::seeded_key(1));
    auto own = OwnRecord::make(*identity, 999, {{"x", rlp::encode_uint(1)}});
    REQUIRE(own);
    CHECK(own->record().sequence() == 999);
    CHECK(own->update(endpoint_entries(ip("1.2.3.4"), 1, 2)));
    CHECK(own->record().sequence() == 1000);
    CHECK(own->update(endpoint_entries(ip("1.2.3.4"), 1, 2)));
    CHECK(own->record().sequence() == 1000);
    CHECK(own->update(endpoint_entries(ip("2a00::1"), 1, 0)));
    CHECK(own->record().sequence() == 1001);
    CHECK_FALSE(own->record().ip());
    CHECK_FALSE(own->record().tcp());
    CHECK(*own->record().ip6() == ip("2a00::1"));
    const auto refused = own->update({{"x", rlp::encode_string(Bytes(300, 1))}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::kTooLarge);
    CHECK(own->record().sequence() == 1001);
    CHECK(NodeRecord::decode(own->record().encoded()));
}

TEST_CASE("EndpointVotes: four networks and a majority", "[discovery]") {
    EndpointVotes votes;
    const IpEndpoint us = endpoint("5.5.5.5", 5);
    const IpEndpoint lie = endpoint("6.6.6.6", 6);
    for (int i = 0; i < 20; ++i)
        votes.add(*IpAddress::from(Bytes{66, 6, 6, static_cast<Byte>(i)}), lie, at(0s).now);
    CHECK_FALSE(votes.winner(at(0s).now));  // one network, one vote
    for (std::size_t i = 0; i < kVotesNeeded; ++i) {
        CHECK_FALSE(votes.winner(at(0s).now));
        votes.add(own_subnet(i), us, at(0s).now);
    }
    CHECK(*votes.winner(at(0s).now) == us);
    for (std::size_t i = 10; i < 13; ++i)
        votes.add(own_subnet(i), lie, at(1s).now);
    CHECK_FALSE(votes.winner(at(1s).now));  // four to four
    CHECK_FALSE(votes.winner(at(2h).now));
    for (std::size_t i = 0; i < 1000; ++i)
        votes.add(own_subnet(i), us, at(2h).now);
    CHECK(*votes.winner(at(2h).now) == us);
}

TEST_CASE("FoundQueue: each node once in a while, nobody fills it", "[discovery]") {
    FoundQueue queue;
    CHECK(queue.push({node_of(1), {}}, at(0s).now));
    CHECK_FALSE(queue.push({node_of(1), {}}, at(1s).now));
    CHECK(queue.take(10).size() == 1);
    CHECK_FALSE(queue.push({node_of(1), {}}, at(9min).now));
    CHECK(queue.push({node_of(1), {}}, at(10min).now));
    Node deaf = node_of(2);
    deaf.tcp = 0;
    CHECK_FALSE(queue.push({deaf, {}}, at(0s).now));
    std::size_t crowd = 0;
    for (std::uint64_t i = 0; i < 100; ++i)
        crowd +=
            queue.push({make_node(id_of(5000 + i), endpoint("66.6.6.6"), 1), {}}, at(10min).now)
                ? 1U
                : 0U;
    CHECK(crowd == kFoundSubnetLimit.v4_24);
    for (std::uint64_t i = 0; i < 2 * kMaxRemembered; ++i)
        (void)queue.push({node_of(10 + i), {}}, at(11min).now);
    CHECK(queue.size() == kMaxFound);
    const auto taken = queue.take(2 * kMaxFound);
    CHECK(taken.size() == kMaxFound);
    CHECK(taken.back().node.id == id_of(9 + 2 * kMaxRemembered));
    CHECK(queue.size() == 0);
    // All that was in it has left its networks.
    CHECK(queue.push({make_node(id_of(77777), endpoint("66.6.6.6"), 1), {}}, at(12min).now));
}
