#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <daemon/networks.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::daemon;

TEST_CASE("networks: names are found and differ", "[daemon]") {
    REQUIRE(find_network("mainnet") != nullptr);
    CHECK(find_network("mainnet")->network_id == 1);
    CHECK(find_network("Mainnet") == nullptr);
    std::set<std::string> names;
    for (const Network& network : known_networks())
        names.insert(network.name);
    CHECK(names.size() == known_networks().size());
}

TEST_CASE("networks: presets agree with the facts collected from the clients' sources",
          "[daemon]") {
    const auto file = test::shared_file("fixtures/networks.json");
    if (!file) return;
    const auto facts = nlohmann::json::parse(test::read_text(*file)).at("networks");
    for (const Network& network : known_networks()) {
        CAPTURE(network.name);
        const auto& fact = facts.at(network.name == "apothem" ? "xdc-apothem" : network.name);
        CHECK(fact.at("network_id") == network.network_id);
        CHECK(fact.at("genesis_hash") == to_hex0x(network.genesis_hash));
    }
}
