#include <catch2/catch.hpp>

#include <eth/reputation.hpp>

using namespace fastsync;
using namespace fastsync::eth;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart{1h};

NodeId node(std::uint32_t n) {
    NodeId id{{0xa0}};
    id.data[1] = static_cast<Byte>(n >> 16U);
    id.data[2] = static_cast<Byte>(n >> 8U);
    id.data[3] = static_cast<Byte>(n);
    return id;
}

}  // namespace

TEST_CASE("Reputation: penalties add up to a ban, and the ban ends", "[eth][peers]") {
    Reputation reputation;
    CHECK(reputation.penalty(node(1), kStart) == 0);
    for (int i = 0; i < 4; ++i)
        reputation.note(node(1), Fault::kStalling, kStart);
    CHECK(reputation.penalty(node(1), kStart) == Approx(80));
    CHECK_FALSE(reputation.ban(node(1), kStart));
    reputation.note(node(1), Fault::kStalling, kStart);
    const auto ban = reputation.ban(node(1), kStart);
    REQUIRE(ban);
    CHECK(ban->reason == Fault::kStalling);
    CHECK(ban->until == kStart + kFirstBan);
    CHECK(reputation.bans(kStart).size() == 1);
    CHECK_FALSE(reputation.ban(node(2), kStart));
    CHECK(reputation.ban(node(1), kStart + kFirstBan - 1s));
    CHECK_FALSE(reputation.ban(node(1), kStart + kFirstBan));
    CHECK(reputation.bans(kStart + kFirstBan).empty());
}

TEST_CASE("Reputation: a penalty halves in its half-life", "[eth][peers]") {
    const double added = reaction_to(Fault::kBrokenProtocol).penalty;
    Reputation reputation;
    reputation.note(node(1), Fault::kBrokenProtocol, kStart);
    CHECK(reputation.penalty(node(1), kStart + kPenaltyHalfLife) == Approx(added / 2));
    reputation.note(node(1), Fault::kBrokenProtocol, kStart + kPenaltyHalfLife);
    CHECK(reputation.penalty(node(1), kStart + kPenaltyHalfLife) == Approx(1.5 * added));
    CHECK_FALSE(reputation.ban(node(1), kStart + kPenaltyHalfLife));
}

TEST_CASE("Reputation: each further ban is twice as long, up to the longest", "[eth][peers]") {
    Reputation reputation;
    TimePoint now = kStart;
    Duration expected = kFirstBan;
    for (int i = 0; i < 10; ++i) {
        reputation.note(node(1), Fault::kForgedHeaders, now);
        const auto ban = reputation.ban(node(1), now);
        REQUIRE(ban);
        CHECK(ban->until - now == expected);
        now = ban->until;
        expected = std::min<Duration>(2 * expected, kLongestBan);
    }
    CHECK(expected == kLongestBan);
}

TEST_CASE("Reputation: faults while banned do not prolong the ban", "[eth][peers]") {
    Reputation reputation;
    reputation.note(node(1), Fault::kForgedHeaders, kStart);
    reputation.note(node(1), Fault::kForgedHeaders, kStart + 1min);
    CHECK(reputation.ban(node(1), kStart + 2min)->until == kStart + kFirstBan);
}

TEST_CASE("Reputation: lacking a state is not held against anyone", "[eth][peers]") {
    Reputation reputation;
    reputation.note(node(1), Fault::kRootUnserved, kStart);
    CHECK(reputation.size() == 0);
}

TEST_CASE("Reputation: a bounded number is remembered, bans longest", "[eth][peers]") {
    Reputation reputation;
    reputation.note(node(0), Fault::kForgedHeaders, kStart);
    for (std::uint32_t i = 1; i <= 2 * kMaxRemembered; ++i)
        reputation.note(node(i), Fault::kStalling, kStart);
    CHECK(reputation.size() == kMaxRemembered);
    CHECK(reputation.ban(node(0), kStart));
}
