#include <limits>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chain/fork_id.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::chain;
using nlohmann::json;
using test::hex;

namespace {

std::optional<json> shared_json(std::string_view name) {
    const auto file = test::shared_file(name);
    if (!file) return std::nullopt;
    return json::parse(test::read_text(*file));
}

std::vector<std::uint64_t> values_of(const json& object) {
    std::vector<std::uint64_t> out;
    for (const auto& [name, value] : object.items())
        if (value.is_number()) out.push_back(value.get<std::uint64_t>());
    return out;
}

ForkLadder ladder(ForkSchedule schedule) {
    auto made = ForkLadder::make(std::move(schedule));
    REQUIRE(made);
    return *std::move(made);
}

ForkId fork_id(const std::string& hash, std::uint64_t next) {
    return {*ForkHash::from(hex(hash)), next};
}

ForkSchedule network_schedule(const json& network) {
    ForkSchedule out;
    out.genesis_hash = test::hash_of(network["genesis_hash"].get<std::string>());
    out.genesis_time = network.value("genesis_timestamp", std::uint64_t{0});
    if (network.contains("forks_by_block")) out.blocks = values_of(network["forks_by_block"]);
    if (network.contains("forks_by_time")) out.times = values_of(network["forks_by_time"]);
    return out;
}

}  // namespace

TEST_CASE("ForkLadder: the ids of go-ethereum's tests at every height", "[chain]") {
    const auto vectors = shared_json("vectors/forkid.json");
    const auto networks = shared_json("fixtures/networks.json");
    if (!vectors || !networks) return;
    std::size_t checked = 0;
    for (const auto& [name, cases] : (*vectors)["creation"].items()) {
        std::string key = name;
        key[0] = static_cast<char>(std::tolower(key[0]));
        const ForkLadder forks = ladder(network_schedule((*networks)["networks"][key]));
        for (const json& c : cases) {
            CAPTURE(name, c.dump());
            const ForkId id = forks.at({c["head"], c["time"]});
            CHECK(to_hex(id.hash) == c["hash"].get<std::string>());
            CHECK(id.next == c["next"].get<std::uint64_t>());
            ++checked;
        }
    }
    CHECK(checked > 60);
}

TEST_CASE("ForkLadder: go-ethereum's cases of who may be on our chain", "[chain]") {
    const auto vectors = shared_json("vectors/forkid.json");
    if (!vectors) return;
    const json& forks = (*vectors)["mainnet_fork_schedule"];
    ForkSchedule schedule;
    schedule.genesis_hash =
        test::hash_of("d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3");
    schedule.blocks = values_of(forks["blocks"]);
    const ForkLadder by_block = ladder(schedule);
    schedule.times = values_of(forks["times"]);
    const ForkLadder with_times = ladder(schedule);
    std::size_t checked = 0;
    for (const json& c : (*vectors)["validation"]) {
        CAPTURE(c.dump());
        const ForkLadder& chosen = c["config"] == "mainnet" ? with_times : by_block;
        const auto result =
            chosen.check(fork_id(c["remote_hash"], c["remote_next"]), {c["head"], c["time"]});
        CHECK(result.has_value() == (c["expect"] == "accept"));
        const bool remote = c["expect"] == "reject: remote stale";
        if (!result) CHECK(result.error().code == (remote ? Errc::kIncompatible : Errc::kOutdated));
        ++checked;
    }
    CHECK(checked == 45);
}

TEST_CASE("ForkLadder: every network of the fixture climbs its own ladder", "[chain]") {
    const auto networks = shared_json("fixtures/networks.json");
    if (!networks) return;
    std::size_t checked = 0;
    for (const auto& [name, network] : (*networks)["networks"].items()) {
        if (!network.contains("fork_ids") || network["fork_ids"].empty()) continue;
        // Where the ladder is announced otherwise than the schedule says, a note tells of it.
        if (network.contains("fork_id_note")) continue;
        const ForkLadder forks = ladder(network_schedule(network));
        for (const json& step : network["fork_ids"]) {
            CAPTURE(name, step.dump());
            ForkPosition head;
            if (step["kind"] == "block") head.number = step["from"];
            if (step["kind"] == "time") {
                head.number = std::numeric_limits<std::uint64_t>::max() / 2;
                head.time = step["from"];
            }
            const ForkId id = forks.at(head);
            CHECK(to_hex0x(id.hash) == step["hash"].get<std::string>());
            CHECK(id.next == step["next"].get<std::uint64_t>());
            ++checked;
        }
    }
    CHECK(checked > 40);
}

TEST_CASE("ForkLadder: order, doubles and forks of the genesis make no difference", "[chain]") {
    const Hash256 genesis =
        test::hash_of("d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3");
    const ForkLadder plain = ladder({genesis, 100, {5, 9}, {200}});
    const ForkLadder messy = ladder({genesis, 100, {9, 0, 5, 5, 0}, {200, 100, 0, 200, 99}});
    for (const ForkPosition head :
         {ForkPosition{0, 0}, ForkPosition{5, 0}, ForkPosition{9, 199}, ForkPosition{9, 200}}) {
        CHECK(plain.at(head) == messy.at(head));
        CHECK(plain.check(messy.at(head), head));
    }
    CHECK(plain.at({9, 200}).next == 0);
    // A time alone does not pass a fork while one by block is ahead.
    CHECK(plain.at({8, 1000}) == plain.at({5, 0}));
}

TEST_CASE("ForkLadder: no schedule without end", "[chain]") {
    ForkSchedule schedule;
    for (std::uint64_t i = 0; i <= kMaxForks; ++i)
        schedule.blocks.push_back(i + 1);
    const auto made = ForkLadder::make(schedule);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Errc::kConfig);
    schedule.blocks.pop_back();
    CHECK(ForkLadder::make(schedule));
}

TEST_CASE("ForkId: RLP as in go-ethereum's tests", "[chain]") {
    const auto vectors = shared_json("vectors/forkid.json");
    if (!vectors) return;
    for (const json& c : (*vectors)["encoding"]) {
        const ForkId id = fork_id(c["hash"], c["next"]);
        CHECK(to_hex(encode_fork_id(id)) == c["rlp"].get<std::string>());
        const auto decoded = decode_fork_id(hex(c["rlp"].get<std::string>()));
        REQUIRE(decoded);
        CHECK(*decoded == id);
        const auto entry = decode_fork_id_entry(encode_fork_id_entry(id));
        REQUIRE(entry);
        CHECK(*entry == id);
    }
}

TEST_CASE("ForkId: further items are ignored, other forms are malformed", "[chain]") {
    const ForkId id = fork_id("deadbeef", 7);
    CHECK(*decode_fork_id(hex("c784deadbeef07c0")) == id);
    CHECK(*decode_fork_id_entry(hex("c8c684deadbeef0701")) == id);
    for (const char* bad :
         {"", "80", "c0", "c584deadbeef", "c583adbeef07", "c784deadbeef0700ff", "c6c584deadbeef"}) {
        CAPTURE(bad);
        CHECK_FALSE(decode_fork_id(hex(bad)));
        CHECK_FALSE(decode_fork_id_entry(hex(bad)));
    }
    CHECK_FALSE(decode_fork_id_entry(hex("c684deadbeef07")));  // the entry is a list of a list
    CHECK_FALSE(decode_fork_id(hex("c784deadbeef8200")));      // next with a leading zero
}
