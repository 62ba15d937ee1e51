#include <algorithm>

#include "config_cases.hpp"

using namespace fastsync;
using namespace fastsync::daemon;
using namespace fastsync::test;

namespace {

EffectiveConfig effective(const Arguments& arguments, const Arguments& environment = {}) {
    auto read = read_run_config(arguments, environment);
    if (!read) FAIL(read.error().message());
    return *std::move(read);
}

std::string printed(const EffectiveConfig& config) {
    const auto text = to_toml(config.keys);
    if (!text) FAIL(text.error().message());
    return *text;
}

const EffectiveKey& key_of(const EffectiveConfig& config, std::string_view key) {
    const auto at = std::find_if(config.keys.begin(), config.keys.end(),
                                 [&](const EffectiveKey& k) { return k.setting->key == key; });
    REQUIRE(at != config.keys.end());
    return *at;
}

std::vector<std::vector<std::string>> values_of(const EffectiveConfig& config) {
    std::vector<std::vector<std::string>> out;
    for (const EffectiveKey& key : config.keys)
        out.push_back(key.values);
    return out;
}

}  // namespace

TEST_CASE("RunConfig: the command line wins over the environment, that over the file", "[daemon]") {
    const ConfigFile file{
        "data-dir = '/file'\nnetwork = 'xdc'\nmax-peers = 1\nconfirmations = 1\n"
        "memory-budget = 300\nstatic-peer = ['" +
        kEnode + "1']\n"};
    const std::string path = file.path.string();
    const EffectiveConfig all =
        effective({"--config", path, "--max-peers", "3"},
                  {"HOME=/root", "FASTSYNCD_MAX_PEERS=2", "FASTSYNCD_CONFIRMATIONS=2",
                   "FASTSYNCD_STATIC_PEER=" + kEnode + "2, " + kEnode + "3"});
    CHECK(all.config.max_peers == 3);
    CHECK(all.config.confirmations == 2);
    CHECK(all.config.memory_budget == 300);
    CHECK(all.config.max_requests_per_peer == 16);
    REQUIRE(all.config.static_peers.size() == 2);
    CHECK(all.config.static_peers[1].tcp_port == 3);
    CHECK(key_of(all, "max-peers").source == "command line");
    CHECK(key_of(all, "confirmations").source == "environment, FASTSYNCD_CONFIRMATIONS");
    CHECK(key_of(all, "memory-budget").source == path + ":5");
    CHECK(key_of(all, "max-requests-per-peer").source == "default");
}

TEST_CASE("RunConfig: the environment names the file, and a network like a command line",
          "[daemon]") {
    const ConfigFile file{"data-dir = '/file'\nnetwork = 'xdc'\n"};
    const std::string named = "FASTSYNCD_CONFIG=" + file.path.string();
    CHECK(good({}, {named}).data_dir == "/file");
    const Network custom =
        good({}, {named, "FASTSYNCD_NETWORK_ID=5", "FASTSYNCD_GENESIS_HASH=" + kHash}).network;
    CHECK(custom == Network{"custom", 5, hash_of(kHash)});
    CHECK(good({"--network", "apothem"}, {"FASTSYNCD_DATA_DIR=/d", "FASTSYNCD_NETWORK_ID=5",
                                          "FASTSYNCD_GENESIS_HASH=" + kHash})
              .network.name == "apothem");
}

TEST_CASE("RunConfig: a wrong variable is an error that names it", "[daemon]") {
    const auto complaint = [](const std::string& word) { return error_of(complete({}), {word}); };
    CHECK(complaint("FASTSYNCD_MAX_PEERS=many") ==
          "FASTSYNCD_MAX_PEERS: must be a whole number from 1 to 1000, not 'many'");
    CHECK(complaint("FASTSYNCD_MAXPEERS=3") == "unknown environment variable 'FASTSYNCD_MAXPEERS'");
    CHECK(complaint("FASTSYNCD_max_peers=3") ==
          "unknown environment variable 'FASTSYNCD_max_peers'");
    CHECK(complaint("FASTSYNCD_HTTP_HOST=a.example,,b.example") ==
          "FASTSYNCD_HTTP_HOST: a value is empty");
    CHECK(error_of(complete({}), {"FASTSYNCD_PIVOT=1", "FASTSYNCD_PIVOT=2"}) ==
          "FASTSYNCD_PIVOT: is given twice");
}

TEST_CASE("RunConfig: empty variables, others, and those of a service called fastsyncd are none",
          "[daemon]") {
    const RunConfig c =
        good(complete({}), {"FASTSYNCD_MAX_PEERS=", "FASTSYNC_GETH=/geth",
                            "FASTSYNCD_SERVICE_HOST=::1", "FASTSYNCD_PORT=tcp://[::1]:8645",
                            "FASTSYNCD_PORT_8645_TCP_PROTO=tcp", "no equals", "FASTSYNCD_LISTEN"});
    CHECK(c.max_peers == 25);
    CHECK_FALSE(c.listen);
}

TEST_CASE("RunConfig: the folder that systemd made is the default", "[daemon]") {
    const Arguments made{"STATE_DIRECTORY=/var/lib/fastsyncd:/var/lib/other"};
    const EffectiveConfig by_default = effective({"--network", "xdc"}, made);
    CHECK(by_default.config.data_dir == "/var/lib/fastsyncd");
    CHECK(key_of(by_default, "data-dir").source == "default, from STATE_DIRECTORY");
    CHECK(good(complete({}), made).data_dir == "/d");
    CHECK(has(error_of({"--network", "xdc"}, {"STATE_DIRECTORY="}), "data-dir is missing"));
}

TEST_CASE("RunConfig: what holds, printed, is a file that gives the same", "[daemon]") {
    const Arguments many = GENERATE_COPY(
        Arguments{}, Arguments{"--max-peers=007", "--pivot=18446744073709551615"},
        Arguments{"--static-peer", kEnode + "1", "--static-peer", kEnode + "2", "--dns-list=off",
                  "--exit-when-complete", "--http=off", "--pivot", kHash},
        Arguments{"--node-key", "a \"b\"\\ 'c'\n#d\t\x01 \xc3\xa4"});
    const EffectiveConfig before = effective(complete(many));
    const std::string text = printed(before);
    CAPTURE(text);
    const ConfigFile file{text};
    const EffectiveConfig after = effective({"--config", file.path.string()});
    CHECK(printed(after).size() > 0);
    CHECK(after.config.node_key == before.config.node_key);
    CHECK(after.config.static_peers == before.config.static_peers);
    CHECK(after.config.max_peers == before.config.max_peers);
    auto expected = values_of(before);
    for (auto& values : expected)
        if (values == std::vector<std::string>{"007"}) values = {"7"};
    CHECK(values_of(after) == expected);
    CHECK(changed_keys(after.keys, effective({"--config", file.path.string()}).keys).empty());
}

TEST_CASE("RunConfig: what holds is printed with the reason for each value", "[daemon]") {
    const ConfigFile file{"data-dir = '/d'\nnetwork = 'xdc'\n"};
    const std::string text =
        printed(effective({"--config", file.path.string(), "--static-peer", kEnode + "1"},
                          {"FASTSYNCD_MAX_PEERS=9"}));
    CHECK(has(text, "network = \"xdc\"  # " + file.path.string() + ":2\n"));
    CHECK(has(text, "max-peers = 9  # environment, FASTSYNCD_MAX_PEERS\n"));
    CHECK(has(text, "static-peer = [\n    \"" + kEnode + "1\",\n]  # command line\n"));
    CHECK(has(text, "node-key = \"/d/node.key\"  # default\n"));
    CHECK(has(text, "# genesis is not set\n"));
}

TEST_CASE("RunConfig: many peers are printed so that the file may be read again", "[daemon]") {
    Arguments many;
    for (std::size_t i = 0; i < kMaxConfigDots; ++i)
        many.push_back("--static-peer=" + kEnode + std::to_string(i + 1));
    const EffectiveConfig before = effective(complete(many));
    const ConfigFile file{printed(before)};
    CHECK(good({"--config", file.path.string()}).static_peers == before.config.static_peers);
}

TEST_CASE("RunConfig: neither a value nor a file name can add lines to what is printed",
          "[daemon]") {
    const TempDir folder;
    const std::string path = (folder.path() / "f\nhttp = 'off' #\xff").string();
    std::ofstream{path} << "data-dir = \"/d\\nhttp = 'off'\"\nnetwork = 'xdc'\n";
    const std::string text = printed(effective({"--config", path}));
    CHECK_FALSE(has(text, "\nhttp = 'off'"));
    const ConfigFile again{text};
    CHECK(good({"--config", again.path.string()}).data_dir == "/d\nhttp = 'off'");
}

TEST_CASE("RunConfig: a value that TOML cannot hold is not printed as another", "[daemon]") {
    const EffectiveConfig odd = effective({"--data-dir", "/d\xff", "--network", "xdc"});
    const auto text = to_toml(odd.keys);
    REQUIRE_FALSE(text);
    CHECK(text.error().code == Errc::kConfig);
    CHECK(text.error().detail == "data-dir: its value is not UTF-8 and cannot be told in TOML");
}

TEST_CASE("RunConfig: what changed between two readings is told by key", "[daemon]") {
    const EffectiveConfig before = effective(complete({"--static-peer", kEnode + "1"}));
    const EffectiveConfig after = effective(complete({"--log-level=debug", "--max-peers=25"}));
    CHECK(changed_keys(before.keys, after.keys) ==
          std::vector<std::string_view>{"static-peer", "log-level"});
    CHECK(changed_keys(before.keys, before.keys).empty());
}
