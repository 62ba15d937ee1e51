#include <catch2/catch.hpp>

#include <rlpx/protocols.hpp>

using namespace fastsync;
using rlpx::Capability;
using rlpx::Offer;
using rlpx::Protocols;

namespace {

const std::vector<Offer> kOurs{
    {{"eth", 63}, 17}, {{"nodedata", 1}, 2}, {{"eth", 66}, 17}, {{"eth", 62}, 8}, {{"aa", 1}, 1}};

}  // namespace

TEST_CASE("Protocols: the highest common version of each name", "[rlpx]") {
    const auto p = Protocols::match(kOurs, {{"eth", 62}, {"eth", 67}, {"eth", 63}, {"snap", 1}});
    REQUIRE(p.find("eth") != nullptr);
    CHECK(p.find("eth")->capability.version == 63);
    CHECK(p.find("eth")->message_count == 17);
    CHECK(p.find("snap") == nullptr);
    CHECK(p.find("nodedata") == nullptr);
    CHECK_FALSE(p.empty());
}

TEST_CASE("Protocols: laid out in alphabetical order from 0x10, whatever order was sent",
          "[rlpx]") {
    const auto p = Protocols::match(kOurs, {{"nodedata", 1}, {"eth", 66}, {"aa", 1}});
    REQUIRE(p.find("aa") != nullptr);
    CHECK(p.find("aa")->first_code == 0x10);
    CHECK(p.find("eth")->first_code == 0x11);
    CHECK(p.find("nodedata")->first_code == 0x11 + 17);
    CHECK_FALSE(p.place_of(0x0f));
    REQUIRE(p.place_of(0x10));
    CHECK(p.place_of(0x10)->protocol == "aa");
    REQUIRE(p.place_of(0x11));
    CHECK(p.place_of(0x11)->protocol == "eth");
    CHECK(p.place_of(0x11)->code == 0);
    CHECK(p.place_of(0x11 + 16)->code == 16);
    REQUIRE(p.place_of(0x11 + 17));
    CHECK(p.place_of(0x11 + 17)->protocol == "nodedata");
    CHECK(p.place_of(0x11 + 18)->code == 1);
    CHECK_FALSE(p.place_of(0x11 + 19));
    CHECK_FALSE(p.place_of(~std::uint64_t{0}));
}

TEST_CASE("Protocols: nothing in common is empty", "[rlpx]") {
    CHECK(Protocols::match(kOurs, {}).empty());
    CHECK(Protocols::match(kOurs, {{"eth", 64}, {"Eth", 63}}).empty());
    CHECK(Protocols::match({}, {{"eth", 63}}).empty());
}

TEST_CASE("Protocols: a capability offered twice counts once", "[rlpx]") {
    const auto p = Protocols::match(kOurs, {{"eth", 63}, {"eth", 63}, {"nodedata", 1}});
    REQUIRE(p.find("nodedata") != nullptr);
    CHECK(p.find("nodedata")->first_code == 0x10 + 17);
}
