#include <fstream>
#include <map>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <daemon/networks.hpp>
#include <enode/enode.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::daemon;
using nlohmann::json;

namespace {

std::optional<json> facts() {
    const auto file = test::shared_file("fixtures/networks.json");
    if (!file) return std::nullopt;
    return json::parse(test::read_text(*file)).at("networks");
}

const json& fact_of(const json& all, const Network& network) {
    return all.at(network.name == "apothem" ? "xdc-apothem" : network.name);
}

/// The numbers of an object (or of none), ascending, each once, without zero.
std::vector<std::uint64_t> forks_in(const json& fact, const char* key) {
    std::set<std::uint64_t> out;
    if (fact.contains(key) && fact[key].is_object())
        for (const auto& [name, value] : fact[key].items())
            if (value != 0) out.insert(value.get<std::uint64_t>());
    return {out.begin(), out.end()};
}

chain::ForkLadder ladder_of(const Network& network) {
    auto ladder = chain::ForkLadder::make(*network.forks);
    REQUIRE(ladder);
    return *std::move(ladder);
}

struct File {
    explicit File(const std::string& text) : path(folder.path() / "genesis.json") {
        std::ofstream(path) << text;
    }
    test::TempDir folder;
    std::filesystem::path path;
};

std::string genesis_with(const std::string& config) {
    return R"({"config": {)" + config +
           R"(}, "gasLimit": "0x1000", "difficulty": "0x20000", "alloc": {}})";
}

std::string failure_of(const std::string& text) {
    const File file{text};
    const auto network = network_of_genesis(file.path, std::nullopt);
    REQUIRE_FALSE(network);
    CHECK(network.error().code == Errc::kConfig);
    CHECK(network.error().detail.find("genesis.json: ") != std::string::npos);
    return network.error().detail;
}

}  // namespace

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
    const auto all = facts();
    if (!all) return;
    for (const Network& network : known_networks()) {
        CAPTURE(network.name);
        const json& fact = fact_of(*all, network);
        CHECK(fact.at("network_id") == network.network_id);
        CHECK(fact.at("genesis_hash") == to_hex0x(network.genesis_hash));
        std::set<std::string> urls;
        for (const json& node : fact.at("bootnodes"))
            urls.insert(node.at("url").get<std::string>());
        CHECK(std::set<std::string>{network.bootnodes.begin(), network.bootnodes.end()} == urls);
        const json dns = fact.value("dns_discovery", json{});
        CHECK(network.dns_tree == (dns.is_object() ? dns.value("all", "") : ""));
        const json required = fact.value("required_block_hashes", json::object());
        if (!required.empty()) CHECK(required.size() == network.required_blocks.size());
        for (const auto& [number, hash] : required.items()) {
            const eth::RequiredBlock block{std::stoull(number),
                                           test::hash_of(hash.get<std::string>())};
            const auto& ours = network.required_blocks;
            CHECK(std::find(ours.begin(), ours.end(), block) != ours.end());
        }
    }
}

TEST_CASE("networks: the fork ids of the presets are those of the clients", "[daemon]") {
    const auto all = facts();
    if (!all) return;
    std::size_t checked = 0;
    for (const Network& network : known_networks()) {
        CAPTURE(network.name);
        const json& fact = fact_of(*all, network);
        const json ids = fact.value("fork_ids", json{});
        REQUIRE(network.forks.has_value() == (ids.is_array() && !ids.empty()));
        if (!network.forks) continue;
        CHECK(network.forks->genesis_time == fact.value("genesis_timestamp", std::uint64_t{0}));
        CHECK(network.forks->blocks == forks_in(fact, "forks_by_block"));
        CHECK(network.forks->times == forks_in(fact, "forks_by_time"));
        const chain::ForkLadder ladder = ladder_of(network);
        for (const json& id : ids) {
            chain::ForkPosition at{0, network.forks->genesis_time};
            if (id["kind"] == "block") at.number = id["from"];
            if (id["kind"] == "time") at = {1'000'000'000, id["from"]};
            CHECK("0x" + to_hex(ladder.at(at).hash) == id["hash"]);
            CHECK(ladder.at(at).next == id["next"]);
            ++checked;
        }
    }
    CHECK(checked > 80);
}

TEST_CASE("networks: mainnet and Classic refuse each other by fork id and by block", "[daemon]") {
    const Network& mainnet = *find_network("mainnet");
    const Network& classic = *find_network("classic");
    CHECK(mainnet.network_id == classic.network_id);
    CHECK(mainnet.genesis_hash == classic.genesis_hash);
    const auto ours = ladder_of(mainnet);
    const auto theirs = ladder_of(classic);
    CHECK_FALSE(ours.check(theirs.at({20'000'000, 0}), {0, 0}));
    CHECK_FALSE(theirs.check(ours.at({30'000'000, 1'800'000'000}), {0, 0}));
    CHECK(ours.check(ours.at({30'000'000, 1'800'000'000}), {0, 0}));
    REQUIRE(mainnet.required_blocks.size() == 1);
    CHECK(mainnet.required_blocks[0].number == 1920000);
    CHECK(classic.required_blocks[0].number == 1920000);
    CHECK(mainnet.required_blocks[0].hash != classic.required_blocks[0].hash);
}

TEST_CASE("networks: every boot node is an enode with a port", "[daemon]") {
    for (const Network& network : known_networks()) {
        CHECK_FALSE(network.bootnodes.empty());
        for (const std::string& url : network.bootnodes) {
            CAPTURE(network.name, url);
            const auto enode = parse_enode(url);
            REQUIRE(enode);
            CHECK(enode->udp_port != 0);
        }
    }
}

TEST_CASE("networks: a genesis file gives id, block 0 and forks", "[daemon]") {
    const File file{genesis_with(
        R"("chainId": 77, "homesteadBlock": 0, "eip150Block": 5, "eip150Hash": "0x00", )"
        R"("londonBlock": null, "osakaTime": 1700000000, "terminalTotalDifficulty": 9, )"
        R"("clique": {"period": 1, "someBlock": 3})")};
    const auto network = network_of_genesis(file.path, std::nullopt);
    REQUIRE(network);
    CHECK(network->name == "custom");
    CHECK(network->network_id == 77);
    REQUIRE(network->genesis);
    CHECK(network->genesis->hash == network->genesis_hash);
    CHECK(network->genesis->difficulty == 0x20000);
    REQUIRE(network->forks);
    CHECK(network->forks->genesis_hash == network->genesis_hash);
    CHECK(network->forks->times == std::vector<std::uint64_t>{1700000000});
    CHECK(ladder_of(*network).at({0, 0}).next == 5);
    CHECK(ladder_of(*network).at({5, 0}).next == 1700000000);
    CHECK(network_of_genesis(file.path, 78)->network_id == 78);
}

TEST_CASE("networks: the recorded chain's genesis file gives the recorded hash", "[daemon]") {
    const auto file = test::shared_file("fixtures/geth-small/genesis.json");
    if (!file) return;
    const auto network = network_of_genesis(*file, std::nullopt);
    REQUIRE(network);
    CHECK(network->network_id == 99001);
    CHECK(to_hex0x(network->genesis_hash) ==
          "0x9c45e411fdbd29e460e6feaa1df7a67b2d3ebd2d71a85e21129796eb5ba0a1dd");
    CHECK(ladder_of(*network).at({0, 0}).next == 5);
    CHECK(ladder_of(*network).at({6, 0}).next == 7);
}

TEST_CASE("networks: what is wrong with a genesis file is said with file and key", "[daemon]") {
    const auto names = [](const std::string& text, std::string_view part) {
        const std::string said = failure_of(text);
        CAPTURE(said, part);
        CHECK(said.find(part) != std::string::npos);
    };
    names("{", "not JSON");
    names(genesis_with(""), "chainId");
    names(genesis_with(R"("chainId": "x")"), "config.chainId");
    names(genesis_with(R"("chainId": 1, "eip150Block": "soon")"), "config.eip150Block");
    names(genesis_with(R"("chainId": 1, "eip150Block": -1)"), "config.eip150Block");
    names(genesis_with(R"("chainId": 1, "osakaTime": {})"), "config.osakaTime");
    std::string forks = R"("chainId": 1)";
    for (std::size_t n = 1; n <= chain::kMaxForks + 1; ++n)
        forks += ", \"x" + std::to_string(n) + "Block\": " + std::to_string(n);
    names(genesis_with(forks), "config: more forks");
    const auto missing = network_of_genesis("/nowhere/genesis.json", std::nullopt);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Errc::kConfig);
    CHECK(missing.error().detail.find("/nowhere/genesis.json") != std::string::npos);
}

TEST_CASE("networks: the chain id is told apart from the network id", "[daemon]") {
    const std::map<std::string, std::uint64_t> others{
        {"classic", 61}, {"mordor", 63}, {"mintme", 24734}};
    for (const Network& network : known_networks()) {
        CAPTURE(network.name);
        const auto other = others.find(network.name);
        CHECK(network.chain_id == (other == others.end() ? network.network_id : other->second));
    }
}
