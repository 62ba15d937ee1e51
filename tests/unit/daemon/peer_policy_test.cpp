#include <set>

#include <catch2/catch.hpp>

#include <daemon/peer_policy.hpp>

using namespace fastsync;
using namespace fastsync::daemon;
using rlpx::DisconnectReason;
using sync::Misbehaviour;

TEST_CASE("peer policy: who lies or stalls is dropped, who lacks a state stays", "[daemon]") {
    CHECK(reaction_to(Misbehaviour::kMalformedBlob) == DisconnectReason::kSubprotocolError);
    CHECK(reaction_to(Misbehaviour::kForgedHeaders) == DisconnectReason::kSubprotocolError);
    CHECK(reaction_to(Misbehaviour::kStalling) == DisconnectReason::kUselessPeer);
    CHECK(reaction_to(Misbehaviour::kContradictsPin) == DisconnectReason::kUselessPeer);
    CHECK(reaction_to(Misbehaviour::kRootUnserved) == std::nullopt);
}

TEST_CASE("peer policy: each misbehaviour has words of its own", "[daemon]") {
    std::set<std::string_view> words;
    for (const auto what :
         {Misbehaviour::kMalformedBlob, Misbehaviour::kForgedHeaders, Misbehaviour::kStalling,
          Misbehaviour::kContradictsPin, Misbehaviour::kRootUnserved})
        words.insert(to_string(what));
    CHECK(words.size() == 5);
    CHECK_FALSE(words.contains("unknown"));
}
