#include <sys/stat.h>

#include "config_cases.hpp"

using namespace fastsync;
using namespace fastsync::daemon;
using namespace fastsync::test;

TEST_CASE("RunConfig: a file gives what the command line does not", "[daemon]") {
    const ConfigFile file{
        "# a comment\n"
        "data-dir = \"/from/file\"  # and why\r\n"
        "\n"
        "network=\"apothem\"\n"
        "max-peers = 7\n"
        "static-peer = [\n  \"" +
        kEnode + "1\",\n  \"" + kEnode + "2\",\n]\nexit-when-complete = true"};
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
    const ConfigFile named{"data-dir = \"/d\"\nnetwork = \"xdc\"\n"};
    CHECK(good({"--config", named.path.string(), "--network-id", "9", "--genesis-hash", kHash})
              .network == Network{"custom", 9, hash_of(kHash)});
    const ConfigFile facts{"data-dir = \"/d\"\nnetwork-id = 9\ngenesis-hash = \"" + kHash + "\"\n"};
    CHECK(good({"--config", facts.path.string(), "--network", "xdc"}).network.name == "xdc");
    CHECK(good({"--config", facts.path.string(), "--network-id", "10"}).network ==
          Network{"custom", 10, hash_of(kHash)});
}

TEST_CASE("RunConfig: a wrong file is an error naming file, line and key", "[daemon]") {
    const auto complaint = [](const std::string& text) {
        const ConfigFile file{text};
        const std::string error = error_of({"--config", file.path.string()});
        const std::string name = file.path.string();
        REQUIRE(error.starts_with(name));
        return error.substr(name.size());
    };
    CHECK(complaint("\n\nmax-peers = 1001\ndata-dir='/d'\nnetwork='xdc'") ==
          ":3: max-peers: must be a whole number from 1 to 1000, not '1001'");
    CHECK(complaint("max-peers = -1\ndata-dir='/d'\nnetwork='xdc'") ==
          ":1: max-peers: must be a whole number from 1 to 1000, not '-1'");
    CHECK(complaint("data-dir = '/d'\nmaxpeers = 3\n") == ":2: unknown key 'maxpeers'");
    CHECK(complaint("config = 'other.toml'\n") == ":1: unknown key 'config'");
    CHECK(complaint("max-peers = 3\n[run]\n") ==
          ":2: unknown key 'run'; there are no tables, every key stands for itself");
    CHECK(complaint("max-peers.x = 3\n") ==
          ":1: max-peers: must be a whole number, without quotes, not a table");
    CHECK(complaint("data-dir = ''\n") == ":1: data-dir: has no value");
    CHECK(complaint("static-peer = []\n") ==
          ":1: static-peer: is an empty list; leave it out instead");
    CHECK(complaint("data-dir='/d'\nnetwork='xdc'\nhttp = '10.0.0.1:80'\n") ==
          ":3: http: must be a loopback address unless http-allow-public is true, not "
          "'10.0.0.1:80'");
    CHECK(complaint("data-dir='/d'\nnetwork='xdc'\nhttp-host = [\n'a.example',\n'b b']\n") ==
          ":5: http-host: must be a host name without a port, not 'b b'");
}

TEST_CASE("RunConfig: a file whose values have the wrong type says what type is right",
          "[daemon]") {
    const auto complaint = [](const std::string& text) {
        const ConfigFile file{text};
        return error_of({"--config", file.path.string()}).substr(file.path.string().size());
    };
    CHECK(complaint("max-peers = '3'") ==
          ":1: max-peers: must be a whole number, without quotes, not a text");
    CHECK(complaint("max-peers = 3.5") ==
          ":1: max-peers: must be a whole number, without quotes, not a number with a point");
    CHECK(complaint("no-discovery = 'true'") ==
          ":1: no-discovery: must be true or false, without quotes, not a text");
    CHECK(complaint("no-discovery = 1") ==
          ":1: no-discovery: must be true or false, without quotes, not a whole number");
    CHECK(complaint("http = false") == ":1: http: must be a text in quotes, not true or false");
    CHECK(complaint("log-level = 1979-05-27") ==
          ":1: log-level: must be a text in quotes, not a time");
    CHECK(complaint("listen = ['off']") == ":1: listen: must be a text in quotes, not a list");
    CHECK(complaint("static-peer = 'enode://'") ==
          ":1: static-peer: must be a list of texts: [\"...\"], not a text");
    CHECK(complaint("\nstatic-peer = [\n3]") ==
          ":3: static-peer: must be a list of texts: [\"...\"], not a whole number");
    CHECK(complaint("pivot = true") ==
          ":1: pivot: must be a whole number or a text in quotes, not true or false");
}

TEST_CASE("RunConfig: a file of the old form is refused with the new one named", "[daemon]") {
    const auto complaint = [](const std::string& text) {
        const ConfigFile file{text};
        return error_of({"--config", file.path.string()}).substr(file.path.string().size());
    };
    const std::string old = "files of the old form, lines key = value, are no longer read";
    const std::string path = complaint("# a comment\ndata-dir = /var/lib/fastsyncd\n");
    CHECK(path.starts_with(":2: data-dir: is not TOML: "));
    CHECK(has(path, "; a text stands in quotes, and " + old));
    const std::string peers = complaint("max-peers = 3\nstatic-peer = " + kEnode + "1\n");
    CHECK(peers.starts_with(":2: static-peer: is not TOML: "));
    CHECK(has(peers, "; a list of texts is written [\"...\", \"...\"], and " + old));
    // What is merely broken is not called old.
    CHECK_FALSE(has(complaint("data-dir = \"/d\n"), old));
    CHECK_FALSE(has(complaint("max-peers = three\n"), old));
}

TEST_CASE("RunConfig: block and network numbers may be numbers or texts in a file", "[daemon]") {
    const auto config = [](const std::string& text) {
        const ConfigFile file{"data-dir = '/d'\n" + text};
        return good({"--config", file.path.string()});
    };
    const std::string hash = "genesis-hash = '" + kHash + "'\n";
    CHECK(
        std::get<sync::PinnedNumber>(config("network = 'xdc'\npivot = 18_000_000").pivot).number ==
        18'000'000);
    CHECK(std::get<sync::PinnedNumber>(config("network = 'xdc'\npivot = '7'").pivot).number == 7);
    CHECK(config(hash + "network-id = 0x10").network.network_id == 16);
    CHECK(config(hash + "network-id = '18446744073709551615'").network.network_id == UINT64_MAX);
}

TEST_CASE("RunConfig: a file that cannot be read is an error naming it", "[daemon]") {
    const test::TempDir folder;
    const std::string missing = (folder.path() / "none.conf").string();
    CHECK(error_of({"--config", missing}) ==
          "cannot read the configuration file " + missing + ": No such file or directory");
    CHECK(has(error_of({"--config", folder.path().string()}), "it is a directory"));
    // Nobody writes to it: to wait for that would be for ever.
    const std::string fifo = (folder.path() / "fifo").string();
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(error_of({"--config", fifo}) ==
          "cannot read the configuration file " + fifo + ": it is a FIFO, not a regular file");
    CHECK(error_of({"--data-dir=/d", "--genesis", fifo}) ==
          "--genesis: cannot read " + fifo + ": it is a FIFO, not a regular file");
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
    CHECK(has(error_of({"--data-dir", "/d", "--genesis", "/nowhere"}),
              "cannot read /nowhere: No such file"));

    const ConfigFile of_file{"data-dir = \"/d\"\ngenesis = \"" + file + "\"\n"};
    const std::string path = of_file.path.string();
    CHECK(good({"--config", path}).network == network);
    CHECK(good({"--config", path, "--network-id", "9"}).network.network_id == 9);
    CHECK(good({"--config", path, "--network", "xdc"}).network.name == "xdc");
    CHECK(good({"--config", path, "--network-id", "9", "--genesis-hash", kHash}).network ==
          Network{"custom", 9, hash_of(kHash)});
    const ConfigFile by_name{"data-dir = \"/d\"\nnetwork = \"xdc\"\n"};
    CHECK(good({"--config", by_name.path.string(), "--genesis", file}).network == network);
}

/// The one key that is not commented out.
constexpr std::string_view kSetInExample = "data-dir";

TEST_CASE("RunConfig: the example file says where the data is, no more", "[daemon]") {
    // What `config --check` says of it outside of a unit that has StateDirectory=.
    CHECK(has(error_of({"--config", FASTSYNC_CONFIG_EXAMPLE}), "the network is not known"));
    const RunConfig named = good({"--config", FASTSYNC_CONFIG_EXAMPLE, "--network", "xdc"});
    CHECK(named.data_dir == "/var/lib/fastsyncd");
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
        const std::string start =
            (setting.key == kSetInExample ? "\n" : "\n#") + std::string{setting.key} + " = ";
        const std::size_t at = text.find(start);
        REQUIRE(at != std::string::npos);
        CHECK(text.find(start, at + 1) == std::string::npos);
        if (setting.default_value.empty()) continue;
        const std::size_t from = at + start.size();
        std::string value = text.substr(from, text.find('\n', from) - from);
        std::erase(value, '"');
        CHECK(value == setting.default_value);
    }
}

TEST_CASE("RunConfig: the example file with every line uncommented is a valid file", "[daemon]") {
    std::string text = test::read_text(FASTSYNC_CONFIG_EXAMPLE);
    for (const Setting& setting : run_settings()) {
        const std::string key{setting.key};
        if (key == "genesis" || key == kSetInExample) continue;  // of the first, there is no file
        const std::size_t at = text.find("\n#" + key + " = ");
        REQUIRE(at != std::string::npos);
        text.erase(at + 1, 1);
    }
    const ConfigFile file{text};
    const RunConfig c = good({"--config", file.path.string()});
    CHECK(c.network.name == "mainnet");
    CHECK(c.static_peers.size() == 1);
    CHECK(c.node_key == c.data_dir / "node.key");
}
