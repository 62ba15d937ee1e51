#include <set>

#include <catch2/catch.hpp>

#include <eth/peer_policy.hpp>
#include <eth/reputation.hpp>

using namespace fastsync;
using namespace fastsync::eth;
using rlpx::DisconnectReason;

TEST_CASE("peer policy: every fault has a row of its own, with words of its own", "[eth][peers]") {
    std::set<std::string_view> words;
    std::set<Fault> faults;
    for (const Reaction& row : peer_policy()) {
        words.insert(row.words);
        faults.insert(row.fault);
        CHECK(&reaction_to(row.fault) == &row);
        CHECK(row.penalty >= 0);
    }
    CHECK(words.size() == peer_policy().size());
    CHECK(faults.size() == peer_policy().size());
    CHECK(faults.contains(Fault::kRootUnserved));
}

TEST_CASE("peer policy: who lies is banned at once, who stalls is let go, who lacks a state stays",
          "[eth][peers]") {
    const auto liar = GENERATE(Fault::kForgedHeaders, Fault::kUnrequestedItems,
                               Fault::kContradictsPin, Fault::kWrongChain);
    CHECK(reaction_to(liar).penalty >= kBanPenalty);
    CHECK(reaction_to(liar).goodbye.has_value());
    CHECK(reaction_to(Fault::kStalling).penalty < kBanPenalty);
    CHECK(reaction_to(Fault::kStalling).goodbye == DisconnectReason::kUselessPeer);
    CHECK_FALSE(reaction_to(Fault::kRootUnserved).goodbye.has_value());
    CHECK(reaction_to(Fault::kRootUnserved).penalty == 0);
}

TEST_CASE("peer policy: who breaks the protocol twice within minutes is banned", "[eth][peers]") {
    const auto fault = GENERATE(Fault::kBrokenProtocol, Fault::kFlood);
    Reputation reputation;
    const TimePoint start{std::chrono::hours{1}};
    const NodeId id{{1}};
    reputation.note(id, fault, start);
    CHECK_FALSE(reputation.ban(id, start));
    reputation.note(id, fault, start + std::chrono::minutes{5});
    CHECK(reputation.ban(id, start + std::chrono::minutes{5}));
}

TEST_CASE("peer policy: only what the peer did wrong is its fault", "[eth][peers]") {
    CHECK(fault_in({Errc::kIncompatible, ""}, ConnectionStage::kSession) == Fault::kWrongChain);
    CHECK(fault_in({Errc::kUnauthenticated, ""}, ConnectionStage::kHandshake) ==
          Fault::kBrokenHandshake);
    CHECK(fault_in({Errc::kMalformed, ""}, ConnectionStage::kHandshake) == Fault::kBrokenHandshake);
    CHECK(fault_in({Errc::kMalformed, ""}, ConnectionStage::kSession) == Fault::kBrokenProtocol);
    CHECK(fault_in({Errc::kTooLarge, ""}, ConnectionStage::kSession) == Fault::kBrokenProtocol);
    CHECK(fault_in({Errc::kProtocol, ""}, ConnectionStage::kHandshake) == Fault::kBrokenHandshake);
    CHECK(fault_in({Errc::kProtocol, ""}, ConnectionStage::kSession) == Fault::kBrokenProtocol);
    CHECK(fault_in({Errc::kOverloaded, ""}, ConnectionStage::kSession) == Fault::kFlood);
    const auto nobodys = GENERATE(Errc::kClosed, Errc::kTimeout, Errc::kConnect,
                                  Errc::kDisconnected, Errc::kOutdated);
    CHECK(fault_in({nobodys, ""}, ConnectionStage::kHandshake) == std::nullopt);
    CHECK(fault_in({nobodys, ""}, ConnectionStage::kSession) == std::nullopt);
}
