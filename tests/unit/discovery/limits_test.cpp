// Both sides of what discovery does at the same time and keeps, whatever others send.
#include <set>

#include <discovery/dns_walk.hpp>
#include <discovery/lookup.hpp>

#include "engine_talk.hpp"
#include "support/discovery/dns_lists.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using namespace std::chrono_literals;
using async::Task;
using test::own_subnet;

namespace {

Node node_of(std::uint64_t serial) {
    NodeId id;
    std::memcpy(id.data.data(), &serial, sizeof serial);
    return make_node(id, {own_subnet(serial), 30303}, 30303);
}

/// Contacts whose packets go nowhere.
struct Lonely {
    test::PaperIdentity identity{test::seeded_key(1)};
    Outbox outbox{identity};
    Contacts contacts{outbox, [](const Node&, const Moment& moment) {
                          return Ping{kVersion, {}, {}, moment.unix + kExpiration, std::nullopt};
                      }};

    bool ping(std::uint64_t serial, Duration when = 0s) {
        return contacts.ping(node_of(serial), Contacts::Reason::kOurs, at(when));
    }
    bool ask(std::uint64_t serial, Duration when = 0s) {
        return contacts.ask(node_of(serial), Question::kNeighbours, NodeId{}, at(when));
    }
    /// Until all that is under way is given up.
    void wait() {
        for (std::uint32_t i = 1; i <= kPingAttempts; ++i)
            contacts.advance(at(i * kReplyTimeout));
    }
};

}  // namespace

TEST_CASE("Contacts: 256 pings are under way, one more is not sent", "[discovery]") {
    Lonely lonely;
    for (std::uint64_t i = 0; i < kMaxPings; ++i)
        REQUIRE(lonely.ping(i));
    CHECK(lonely.outbox.take().size() == kMaxPings);
    CHECK_FALSE(lonely.ping(kMaxPings));
    CHECK_FALSE(lonely.ask(kMaxPings));  // it would begin with a ping
    CHECK(lonely.contacts.pings() == kMaxPings);
    CHECK(lonely.contacts.asks() == 0);
    CHECK(lonely.outbox.take().empty());
    CHECK(lonely.ping(0));  // under way already
    lonely.wait();
    CHECK(lonely.contacts.pings() == 0);
    CHECK(lonely.ping(kMaxPings, kPingAttempts * kReplyTimeout));
}

TEST_CASE("Contacts: 128 questions are under way, one more is not asked", "[discovery]") {
    Lonely lonely;
    for (std::uint64_t i = 0; i < kMaxAsks; ++i)
        REQUIRE(lonely.ask(i));
    (void)lonely.outbox.take();
    CHECK_FALSE(lonely.ask(kMaxAsks));
    CHECK(lonely.contacts.asks() == kMaxAsks);
    CHECK(lonely.outbox.take().empty());
    lonely.wait();
    CHECK(lonely.contacts.asks() == 0);
    // For the one that was refused there is nothing to tell.
    CHECK(lonely.contacts.take_events().size() == 2 * kMaxAsks);
    CHECK(lonely.ask(kMaxAsks, kPingAttempts * kReplyTimeout));
}

TEST_CASE("Engine: 1024 suggested nodes wait, one more is left out", "[discovery]") {
    const test::PaperIdentity identity{test::seeded_key(1)};
    test::SeededEntropy entropy{1};
    const auto made = Engine::make(identity, entropy, {}, at(0s));
    REQUIRE(made);
    Engine& engine = **made;
    std::vector<Node> nodes;
    for (std::uint64_t i = 0; i < kMaxSuggested; ++i)
        nodes.push_back(node_of(i));
    engine.suggest(nodes);
    engine.suggest({node_of(kMaxSuggested)});
    const auto pinged_until = [&](Duration from, Duration to) {
        std::set<IpAddress> out;
        for (Duration when = from; when < to; when += 100ms) {
            engine.advance(at(when));
            for (const Outgoing& packet : engine.take_outgoing())
                out.insert(packet.to.address);
        }
        return out;
    };
    const auto pinged = pinged_until(0s, 3min);
    CHECK(pinged.size() == kMaxSuggested);
    CHECK(pinged.contains(own_subnet(kMaxSuggested - 1)));
    CHECK_FALSE(pinged.contains(own_subnet(kMaxSuggested)));
    // There is room again.
    engine.suggest({node_of(kMaxSuggested)});
    CHECK(pinged_until(3min, 4min).contains(own_subnet(kMaxSuggested)));
}

TEST_CASE("EndpointVotes: 32 are counted, the oldest makes room for one more", "[discovery]") {
    const IpEndpoint us = endpoint("5.5.5.5", 5);
    EndpointVotes votes;
    const auto vote = [&](std::size_t voter, const IpEndpoint& seen_as) {
        votes.add(own_subnet(voter), seen_as, at(1ms * static_cast<int>(voter)).now);
    };
    const auto winner = [&] { return votes.winner(at(1s).now); };
    SECTION("the oldest are for us: 17 of 32, then 16 of 32") {
        for (std::size_t i = 0; i < kMaxVotes; ++i)
            vote(i, i <= kMaxVotes / 2 ? us : endpoint("6.6.6.6", static_cast<std::uint16_t>(i)));
        CHECK(winner() == us);
        vote(kMaxVotes, endpoint("6.6.6.6", 99));
        CHECK_FALSE(winner());
    }
    SECTION("the oldest are against us: 16 of 32, all of them counted") {
        for (std::size_t i = 0; i < kMaxVotes; ++i)
            vote(i, i >= kMaxVotes / 2 ? us : endpoint("6.6.6.6", static_cast<std::uint16_t>(i)));
        CHECK_FALSE(winner());
        vote(kMaxVotes, us);
        CHECK(winner() == us);
    }
}

TEST_CASE("Lookup: where nobody answers 64 nodes are asked, and no more", "[discovery]") {
    const std::size_t known =
        GENERATE(as<std::size_t>{}, kMaxLookupAsks, kMaxLookupAsks + 1, 2 * kMaxLookupAsks);
    std::vector<Node> seeds;
    for (std::uint64_t i = 0; i < known; ++i)
        seeds.push_back(node_of(i));
    Lookup lookup{NodeId{}, seeds};
    std::size_t asked = 0;
    while (const auto node = lookup.next()) {
        ++asked;
        lookup.failed(node->id);
    }
    CHECK(lookup.is_done());
    CHECK(asked == kMaxLookupAsks);
}

namespace {

/// A list of `records` records, of which so many others are told that are not there.
DnsNodes read_list(std::size_t records, std::size_t missing) {
    struct Main {
        static Task<void> run(test::DnsLists& lists, crypto::EntropySource& entropy, DnsLink list,
                              TimePoint deadline, std::optional<Result<DnsNodes>>& out) {
            auto read = co_await read_dns_list(lists, entropy, list, kMaxDnsRecords, deadline);
            out.emplace(std::move(read));
        }
    };
    test::Simulation sim;
    test::DnsLists lists;
    test::SeededEntropy entropy{7};
    const DnsLink list = lists.publish_records(1, records);
    std::size_t left = missing;
    std::erase_if(lists.texts, [&](const auto& entry) {
        return entry.second.front().starts_with("enr:") && left > 0 && left-- > 0;
    });
    std::optional<Result<DnsNodes>> out;
    sim.run(Main::run(lists, entropy, list, sim.now() + 1min, out));
    REQUIRE(out);
    REQUIRE(*out);
    return **std::move(out);
}

}  // namespace

TEST_CASE("DNS list: 15 questions in vain cost nothing more, the 16th ends the walk",
          "[discovery]") {
    const DnsNodes whole = read_list(40, kMaxDnsFailures - 1);
    CHECK(whole.failures == kMaxDnsFailures - 1);
    CHECK(whole.records.size() == 40 - whole.failures);
    const DnsNodes given_up = read_list(kMaxDnsFailures + 1, kMaxDnsFailures + 1);
    CHECK(given_up.failures == kMaxDnsFailures);
    CHECK(given_up.records.empty());
    const DnsNodes mixed = read_list(100, 60);
    CHECK(mixed.failures == kMaxDnsFailures);
    CHECK(mixed.records.size() < 40);
}
