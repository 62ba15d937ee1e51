#include <fstream>
#include <vector>

#include <catch2/catch.hpp>

#include <daemon/config.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::daemon;
using Arguments = std::vector<std::string>;

namespace {

const std::string kEnode =
    "enode://79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fb"
    "fc0e1108a8fd17b448a68554199c47d08ffb10d4b8@192.0.2.1:";
const std::string kHash = "0xabababababababababababababababababababababababababababababababab";

/// A command line that is complete, followed by `more`.
Arguments complete(Arguments more) {
    Arguments out{"--data-dir", "/d", "--network", "xdc"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
}

RunConfig good(const Arguments& arguments) {
    auto config = parse_run_config(arguments);
    if (!config) FAIL(config.error().message());
    return *std::move(config);
}

std::string error_of(const Arguments& arguments) {
    const auto config = parse_run_config(arguments);
    REQUIRE_FALSE(config);
    CHECK(config.error().code == Errc::kConfig);
    return config.error().detail;
}

/// A configuration file with the given text, removed at the end of the scope.
struct ConfigFile {
    explicit ConfigFile(const std::string& text) : path(folder.path() / "f.conf") {
        std::ofstream(path) << text;
    }
    test::TempDir folder;
    std::filesystem::path path;
};

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("RunConfig: the defaults", "[daemon]") {
    const RunConfig c = good({"--data-dir", "/d", "--network", "xdc"});
    CHECK(c.data_dir == "/d");
    CHECK(c.network == *find_network("xdc"));
    CHECK(c.static_peers.empty());
    CHECK_FALSE(c.listen);
    CHECK(c.http == HttpConfig{{"127.0.0.1", 8645}, HttpConfig::Exposure::kLoopbackOnly});
    CHECK(c.pivot.index() == 0);
    CHECK(c.confirmations == 1);
    CHECK(c.when_complete == RunConfig::WhenComplete::kStay);
    CHECK(c.max_peers == 25);
    CHECK(c.memory_budget == 512);
    CHECK(c.http->names.empty());
    CHECK(c.node_key == "/d/node.key");
    CHECK(c.log_level == log::Level::kInfo);
}

TEST_CASE("RunConfig: every key from the command line", "[daemon]") {
    const RunConfig c = good({"--data-dir=/d",
                              "--network-id=7",
                              "--genesis-hash",
                              kHash,
                              "--static-peer",
                              kEnode + "1",
                              "--static-peer",
                              kEnode + "2",
                              "--listen",
                              "[::1]:0",
                              "--http",
                              "0.0.0.0:80",
                              "--http-allow-public",
                              "--http-host",
                              "node.example",
                              "--http-host=other.example",
                              "--memory-budget",
                              "128",
                              "--pivot",
                              "12",
                              "--confirmations",
                              "0",
                              "--exit-when-complete",
                              "--max-peers",
                              "1000",
                              "--node-key",
                              "k",
                              "--log-level",
                              "debug"});
    CHECK(c.network == Network{"custom", 7, test::hash_of(kHash)});
    REQUIRE(c.static_peers.size() == 2);
    CHECK(c.static_peers[1].tcp_port == 2);
    CHECK(c.listen == net::HostPort{"::1", 0});
    CHECK(c.http == HttpConfig{{"0.0.0.0", 80},
                               HttpConfig::Exposure::kPublic,
                               {"node.example", "other.example"}});
    CHECK(c.memory_budget == 128);
    CHECK(std::get<sync::PinnedNumber>(c.pivot).number == 12);
    CHECK(c.confirmations == 0);
    CHECK(c.when_complete == RunConfig::WhenComplete::kExit);
    CHECK(c.max_peers == 1000);
    CHECK(c.node_key == "k");
    CHECK(c.log_level == log::Level::kDebug);
}

TEST_CASE("RunConfig: the forms of a pivot", "[daemon]") {
    CHECK(good(complete({"--pivot", "auto"})).pivot.index() == 0);
    CHECK(std::get<sync::PinnedNumber>(good(complete({"--pivot", "0"})).pivot).number == 0);
    CHECK(std::get<sync::PinnedHash>(good(complete({"--pivot", kHash})).pivot).hash ==
          test::hash_of(kHash));
    CHECK(std::get<sync::PinnedRoot>(good(complete({"--pivot", "root:" + kHash})).pivot).root ==
          test::hash_of(kHash));
    for (const std::string& wrong :
         {std::string{"0x10"}, std::string{"-1"}, std::string{"latest"}, std::string{"1 "},
          kHash + "ab", std::string{"18446744073709551616"}, std::string{"root:"},
          std::string{"root:12"}}) {
        CAPTURE(wrong);
        CHECK(has(error_of(complete({"--pivot", wrong})), "--pivot: must be "));
    }
}

TEST_CASE("RunConfig: lists of nodes in the DNS", "[daemon]") {
    const std::string key = "AKPYQIUQIL7PSIACI32J7FGZW56E5FKHEFCCOFHILBIMW3M6LWXS2";
    CHECK_FALSE(good(complete({})).dns_lists);
    const RunConfig two = good(complete({"--dns-list", "enrtree://" + key + "@a.example.org",
                                         "--dns-list", "enrtree://" + key + "@b.example.org"}));
    REQUIRE(two.dns_lists);
    REQUIRE(two.dns_lists->size() == 2);
    CHECK(two.dns_lists->at(1).domain == "b.example.org");
    const RunConfig none = good(complete({"--dns-list", "off"}));
    REQUIRE(none.dns_lists);
    CHECK(none.dns_lists->empty());
    CHECK(has(error_of(complete({"--dns-list", "nodes.example.org"})),
              "--dns-list: must be off or enrtree://KEY@DOMAIN"));
}

TEST_CASE("RunConfig: bootnodes, static and trusted peers may be named by their hosts",
          "[daemon]") {
    const std::string url = kEnode.substr(0, kEnode.find('@')) + "@node.example.org:30303";
    const RunConfig c =
        good(complete({"--bootnode", url, "--static-peer", url, "--trusted-peer", url}));
    REQUIRE(c.bootnodes.size() == 1);
    CHECK(c.bootnodes[0].host == "node.example.org");
    REQUIRE(c.static_peers.size() == 1);
    CHECK(c.static_peers[0].host == "node.example.org");
    CHECK(c.trusted_peers.size() == 1);
    CHECK(has(error_of(complete({"--bootnode", url + "?discport=0"})), "with a UDP port"));
}

TEST_CASE("RunConfig: off switches a service off", "[daemon]") {
    CHECK_FALSE(good(complete({"--http", "off"})).http);
    CHECK_FALSE(good(complete({"--http", "off", "--http-allow-public"})).http);
    CHECK_FALSE(good(complete({"--listen", "off"})).listen);
    CHECK(good(complete({"--exit-when-complete=false"})).when_complete ==
          RunConfig::WhenComplete::kStay);
}

TEST_CASE("RunConfig: names of the status server are host names, and 16 at most", "[daemon]") {
    for (const char* wrong : {"a:80", "a b", "http://a", "*", "[::1]"}) {
        CAPTURE(wrong);
        CHECK(has(error_of(complete({"--http-host", wrong})), "--http-host: must be a host name"));
    }
    std::vector<std::string> names;
    for (std::size_t i = 0; i < kMostHostNames; ++i)
        names.push_back("--http-host=n" + std::to_string(i));
    CHECK(good(complete(names)).http->names.size() == kMostHostNames);
    names.push_back("--http-host=more");
    CHECK(has(error_of(complete(names)), "one name too many"));
}

TEST_CASE("RunConfig: the memory budget has both its bounds", "[daemon]") {
    CHECK(good(complete({"--memory-budget=128"})).memory_budget == kLeastMemoryBudget);
    CHECK(good(complete({"--memory-budget=1048576"})).memory_budget == kMostMemoryBudget);
    CHECK(has(error_of(complete({"--memory-budget=127"})), "from 128 to 1048576"));
    CHECK(has(error_of(complete({"--memory-budget=1048577"})), "from 128 to 1048576"));
}

TEST_CASE("RunConfig: a wrong value is a sentence that names the option and the value",
          "[daemon]") {
    CHECK(error_of(complete({"--max-peers", "0"})) ==
          "--max-peers: must be a whole number from 1 to 1000, not '0'");
    CHECK(has(error_of(complete({"--max-peers", "1001"})), "--max-peers"));
    CHECK(has(error_of(complete({"--max-requests-per-peer", "17"})), "from 1 to 16"));
    CHECK(has(error_of(complete({"--max-peers", "3x"})), "--max-peers"));
    CHECK(has(error_of(complete({"--max-peers", "-3"})), "--max-peers"));
    CHECK(has(error_of(complete({"--confirmations", "101"})), "from 0 to 100"));
    CHECK(has(error_of(complete({"--listen", "30303"})), "--listen: must be ADDR:PORT"));
    CHECK(has(error_of(complete({"--listen", "host:30303"})), "with an IP address"));
    CHECK(has(error_of(complete({"--http", "127.0.0.1:65536"})), "--http: must be ADDR:PORT"));
    CHECK(has(error_of(complete({"--static-peer", "enode://12@1.2.3.4:5"})),
              "--static-peer: must be an enode URL ("));
    CHECK(has(error_of(complete({"--log-level", "loud"})), "must be trace, debug"));
    CHECK(has(error_of(complete({"--exit-when-complete=maybe"})),
              "--exit-when-complete: must be true or false, not 'maybe'"));
}

TEST_CASE("RunConfig: what is missing is said", "[daemon]") {
    CHECK(error_of({"--network", "xdc"}) == "data-dir is missing: give --data-dir DIR");
    const std::string none =
        "the network is not known: give network, or genesis, or both network-id and "
        "genesis-hash";
    CHECK(error_of({"--data-dir", "/d"}) == none);
    CHECK(error_of({"--data-dir", "/d", "--network-id", "1"}) == none);
    CHECK(error_of({"--data-dir", "/d", "--genesis-hash", kHash}) == none);
    CHECK(has(error_of({"--data-dir", "/d", "--network", "nonet"}), "must be one of mainnet"));
}

TEST_CASE("RunConfig: a network name and facts that contradict it are refused", "[daemon]") {
    CHECK(good(complete({"--network-id", "50"})).network.name == "xdc");
    CHECK(error_of(complete({"--network-id", "51"})) ==
          "--network-id: contradicts network xdc: must be 50, not '51'");
    CHECK(has(error_of(complete({"--genesis-hash", kHash})),
              "--genesis-hash: contradicts network xdc"));
}

TEST_CASE("RunConfig: HTTP beyond loopback needs http-allow-public", "[daemon]") {
    CHECK(error_of(complete({"--http", "0.0.0.0:8645"})) ==
          "--http: must be a loopback address unless http-allow-public is true, not "
          "'0.0.0.0:8645'");
    CHECK(has(error_of(complete({"--http", "[::]:8645"})), "http-allow-public"));
    CHECK(good(complete({"--http", "[::1]:8645"})).http);
    CHECK(good(complete({"--http", "127.3.4.5:8645"})).http);
}

TEST_CASE("RunConfig: unknown and repeated options are refused", "[daemon]") {
    CHECK(has(error_of(complete({"--datadir", "/x"})), "--datadir"));
    CHECK(has(error_of(complete({"--max", "3"})), "--max"));  // no abbreviations
    CHECK(error_of(complete({"--max-peers", "3", "--max-peers", "4"})) ==
          "--max-peers: is given twice");
    CHECK(error_of(complete({"stray"})) == "unexpected argument 'stray'");
    CHECK(has(error_of(complete({"--max-peers"})), "--max-peers"));
    CHECK(has(error_of(complete({"--data-dir="})), "data-dir"));
}

TEST_CASE("RunConfig: a file gives what the command line does not", "[daemon]") {
    const ConfigFile file{
        "# a comment\n"
        "data-dir = /from/file  # and why\r\n"
        "\n"
        "network=apothem\n"
        "max-peers = 7\n"
        "static-peer = " +
        kEnode + "1\nstatic-peer = " + kEnode + "2\nexit-when-complete = true"};
    const std::string path = file.path.string();

    const RunConfig plain = good({"--config", path});
    CHECK(plain.data_dir == "/from/file");
    CHECK(plain.network.name == "apothem");
    CHECK(plain.max_peers == 7);
    CHECK(plain.static_peers.size() == 2);
    CHECK(plain.when_complete == RunConfig::WhenComplete::kExit);

    const RunConfig over = good({"--config", path, "--max-peers", "8", "--static-peer",
                                 kEnode + "3", "--exit-when-complete=false"});
    CHECK(over.max_peers == 8);
    REQUIRE(over.static_peers.size() == 1);
    CHECK(over.static_peers[0].tcp_port == 3);
    CHECK(over.when_complete == RunConfig::WhenComplete::kStay);
    CHECK(over.data_dir == "/from/file");
}

TEST_CASE(
    "RunConfig: naming the network on the command line replaces the file's, whatever its form",
    "[daemon]") {
    const ConfigFile named{"data-dir = /d\nnetwork = xdc\n"};
    CHECK(good({"--config", named.path.string(), "--network-id", "9", "--genesis-hash", kHash})
              .network == Network{"custom", 9, test::hash_of(kHash)});
    const ConfigFile facts{"data-dir = /d\nnetwork-id = 9\ngenesis-hash = " + kHash + "\n"};
    CHECK(good({"--config", facts.path.string(), "--network", "xdc"}).network.name == "xdc");
    CHECK(good({"--config", facts.path.string(), "--network-id", "10"}).network ==
          Network{"custom", 10, test::hash_of(kHash)});
}

TEST_CASE("RunConfig: a wrong file is an error naming file, line and key", "[daemon]") {
    const auto complaint = [](const std::string& text) {
        const ConfigFile file{text};
        const std::string error = error_of({"--config", file.path.string()});
        const std::string name = file.path.string();
        REQUIRE(error.starts_with(name));
        return error.substr(name.size());
    };
    CHECK(complaint("\n\nmax-peers = many\ndata-dir=/d\nnetwork=xdc") ==
          ":3: max-peers: must be a whole number from 1 to 1000, not 'many'");
    CHECK(complaint("data-dir = /d\nmaxpeers = 3\n") == ":2: unknown key 'maxpeers'");
    CHECK(complaint("config = other.conf\n") == ":1: unknown key 'config'");
    CHECK(complaint("[run]\n") == ":1: '[run]' is not of the form key = value");
    CHECK(complaint("data-dir\n") == ":1: 'data-dir' is not of the form key = value");
    CHECK(complaint("data-dir =   # none\n") == ":1: data-dir: has no value");
    CHECK(complaint("listen = off\n\nlisten = off\n") == ":3: listen: is given twice");
    CHECK(complaint("data-dir=/d\nnetwork=xdc\nhttp = 10.0.0.1:80\n") ==
          ":3: http: must be a loopback address unless http-allow-public is true, not "
          "'10.0.0.1:80'");
}

TEST_CASE("RunConfig: a file that cannot be read is an error naming it", "[daemon]") {
    const test::TempDir folder;
    const std::string missing = (folder.path() / "none.conf").string();
    CHECK(error_of({"--config", missing}) ==
          "cannot read the configuration file " + missing + ": No such file or directory");
    CHECK(has(error_of({"--config", folder.path().string()}), "it is a directory"));
}

TEST_CASE("RunConfig: a genesis file names the network", "[daemon]") {
    const test::TempDir folder;
    const auto write = [&](const std::string& name, const std::string& config) {
        const std::string path = (folder.path() / name).string();
        std::ofstream{path} << R"({"config": {)" << config
                            << R"(}, "gasLimit": "0x1000", "difficulty": "0x20000", "alloc": {}})";
        return path;
    };
    const std::string file = write("g.json", R"("chainId": 77, "eip150Block": 5)");
    const Arguments named{"--data-dir", "/d", "--genesis", file};
    const auto with = [&](Arguments more) {
        more.insert(more.begin(), named.begin(), named.end());
        return more;
    };
    const Network network = good(named).network;
    CHECK(network.name == "custom");
    CHECK(network.network_id == 77);
    CHECK(network.genesis);
    CHECK(network.forks->blocks == std::vector<chain::BlockNumber>{5});
    CHECK(good(with({"--network-id", "78"})).network.network_id == 78);
    const std::string hash = to_hex0x(network.genesis_hash);
    CHECK(good(with({"--genesis-hash", hash})).network == network);
    CHECK(error_of(with({"--genesis-hash", kHash})) ==
          "--genesis-hash: contradicts the genesis file: must be " + hash + ", not '" + kHash +
              "'");
    CHECK(has(error_of(with({"--network", "xdc"})), "--genesis: contradicts network xdc: block 0"));
    const std::string broken = write("b.json", R"("chainId": 77, "eip150Block": "x")");
    CHECK(has(error_of({"--data-dir", "/d", "--genesis", broken}),
              "--genesis: " + broken + ": config.eip150Block"));
    CHECK(has(error_of({"--data-dir", "/d", "--genesis", "/nowhere"}), "cannot open /nowhere"));

    const ConfigFile of_file{"data-dir = /d\ngenesis = " + file + "\n"};
    const std::string path = of_file.path.string();
    CHECK(good({"--config", path}).network == network);
    CHECK(good({"--config", path, "--network-id", "9"}).network.network_id == 9);
    CHECK(good({"--config", path, "--network", "xdc"}).network.name == "xdc");
    CHECK(good({"--config", path, "--network-id", "9", "--genesis-hash", kHash}).network ==
          Network{"custom", 9, test::hash_of(kHash)});
    const ConfigFile by_name{"data-dir = /d\nnetwork = xdc\n"};
    CHECK(good({"--config", by_name.path.string(), "--genesis", file}).network == network);
}

TEST_CASE("RunConfig: the example file says nothing until a line is uncommented", "[daemon]") {
    const RunConfig with = good(complete({"--config", FASTSYNC_CONFIG_EXAMPLE}));
    const RunConfig without = good(complete({}));
    CHECK(with.max_peers == without.max_peers);
    CHECK(with.http == without.http);
    CHECK(with.static_peers.empty());
}

TEST_CASE("RunConfig: the example file holds every key once, with its default", "[daemon]") {
    const std::string text = test::read_text(FASTSYNC_CONFIG_EXAMPLE);
    for (const Setting& setting : run_settings()) {
        CAPTURE(setting.key);
        const std::string start = "\n#" + std::string{setting.key} + " = ";
        const std::size_t at = text.find(start);
        REQUIRE(at != std::string::npos);
        CHECK(text.find(start, at + 1) == std::string::npos);
        const std::size_t from = at + start.size();
        const std::string value = text.substr(from, text.find('\n', from) - from);
        if (!setting.default_value.empty()) CHECK(value == setting.default_value);
    }
}

TEST_CASE("RunConfig: the example file with every line uncommented is a valid file", "[daemon]") {
    std::string text = test::read_text(FASTSYNC_CONFIG_EXAMPLE);
    for (const Setting& setting : run_settings()) {
        const std::string key{setting.key};
        if (key == "genesis") continue;  // the file is not there
        text.replace(text.find("\n#" + key + " = "), 2, "\n");
    }
    const ConfigFile file{text};
    const RunConfig c = good({"--config", file.path.string()});
    CHECK(c.network.name == "mainnet");
    CHECK(c.static_peers.size() == 1);
    CHECK(c.node_key == c.data_dir / "node.key");
}

TEST_CASE("RunConfig: the help shows every key and every network", "[daemon]") {
    const std::string help = run_help();
    for (const Setting& setting : run_settings())
        CHECK(has(help, "--" + std::string{setting.key}));
    for (const Network& network : known_networks())
        CHECK(has(help, network.name));
    CHECK(has(help, "--config FILE"));
    CHECK(has(help, "[127.0.0.1:8645]"));
}
