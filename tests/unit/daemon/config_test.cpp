#include "config_cases.hpp"

using namespace fastsync;
using namespace fastsync::daemon;
using namespace fastsync::test;

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
    CHECK(c.log_levels == log::Levels{log::Level::kInfo});
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
                              "1024",
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
                              "debug,eth=trace",
                              "--log-format=json"});
    CHECK(c.network == Network{"custom", 7, hash_of(kHash)});
    REQUIRE(c.static_peers.size() == 2);
    CHECK(c.static_peers[1].tcp_port == 2);
    CHECK(c.listen == net::HostPort{"::1", 0});
    CHECK(c.http == HttpConfig{{"0.0.0.0", 80},
                               HttpConfig::Exposure::kPublic,
                               {"node.example", "other.example"}});
    CHECK(c.memory_budget == 1024);
    CHECK(std::get<sync::PinnedNumber>(c.pivot).number == 12);
    CHECK(c.confirmations == 0);
    CHECK(c.when_complete == RunConfig::WhenComplete::kExit);
    CHECK(c.max_peers == 1000);
    CHECK(c.node_key == "k");
    log::Levels levels = log::Level::kDebug;
    levels.of[log::Component{"eth"}.index()] = log::Level::kTrace;
    CHECK(c.log_levels == levels);
    CHECK(c.log_format == log::Format::kJson);
}

TEST_CASE("RunConfig: a configuration that is wrong is told in the form it asks for, if it can be",
          "[daemon]") {
    const auto wished = [](const Arguments& arguments, const Arguments& environment = {}) {
        return daemon::wished_log_format(arguments, environment);
    };
    CHECK(wished({"--log-format=json", "--max-peers=none"}) == log::Format::kJson);
    CHECK(wished({"--max-peers=none"}, {"FASTSYNCD_LOG_FORMAT=json"}) == log::Format::kJson);
    CHECK(wished({"--max-peers=none"}) == log::Format::kText);
    CHECK(wished({"--log-format=xml"}) == log::Format::kText);
    CHECK(wished({"--no-such-key", "--log-format=json"}) == log::Format::kText);
}

TEST_CASE("RunConfig: the forms of a pivot", "[daemon]") {
    CHECK(good(complete({"--pivot", "auto"})).pivot.index() == 0);
    CHECK(std::get<sync::PinnedNumber>(good(complete({"--pivot", "0"})).pivot).number == 0);
    CHECK(std::get<sync::PinnedHash>(good(complete({"--pivot", kHash})).pivot).hash ==
          hash_of(kHash));
    CHECK(std::get<sync::PinnedRoot>(good(complete({"--pivot", "root:" + kHash})).pivot).root ==
          hash_of(kHash));
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
    const std::string longest(253, 'h');
    CHECK(good(complete({"--http-host", longest})).http->names.front() == longest);
    CHECK(has(error_of(complete({"--http-host", longest + "h"})), "must be a host name"));
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
    // What does not fit together is wrong before anything is opened.
    CHECK(has(error_of(complete({"--memory-budget=128", "--max-peers=1000"})),
              "memory-budget: 128 MiB is too little for max-peers "));
}

TEST_CASE("RunConfig: a wrong value is a sentence that names the option and the value",
          "[daemon]") {
    CHECK(error_of(complete({"--max-peers", "0"})) ==
          "--max-peers: must be a whole number from 1 to 1000, not '0'");
    CHECK(has(error_of(complete({"--max-peers", "1001"})), "--max-peers"));
    CHECK(has(error_of(complete({"--max-requests-per-peer", "17"})), "from 1 to 16"));
    CHECK(has(error_of(complete({"--max-peers", "3x"})), "--max-peers"));
    CHECK(has(error_of(complete({"--max-peers", "-3"})), "--max-peers"));
    CHECK(good(complete({"--confirmations", "100"})).confirmations == kMostConfirmations);
    CHECK(has(error_of(complete({"--confirmations", "101"})), "from 0 to 100"));
    CHECK(has(error_of(complete({"--listen", "30303"})), "--listen: must be ADDR:PORT"));
    CHECK(has(error_of(complete({"--listen", "host:30303"})), "with an IP address"));
    CHECK(has(error_of(complete({"--http", "127.0.0.1:65536"})), "--http: must be ADDR:PORT"));
    CHECK(has(error_of(complete({"--static-peer", "enode://12@1.2.3.4:5"})),
              "--static-peer: must be an enode URL ("));
    CHECK(has(error_of(complete({"--log-level", "loud"})),
              "--log-level: must be a level, or levels of components behind commas ('loud' is no "
              "level"));
    CHECK(has(error_of(complete({"--log-level", "info,eht=debug"})), "'eht' is no component"));
    CHECK(has(error_of(complete({"--log-format", "xml"})), "must be text or json, not 'xml'"));
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

TEST_CASE("RunConfig: the help shows every key and every network", "[daemon]") {
    const std::string help = run_help();
    for (const Setting& setting : run_settings())
        CHECK(has(help, "--" + std::string{setting.key}));
    for (const Network& network : known_networks())
        CHECK(has(help, network.name));
    CHECK(has(help, "--config FILE"));
    CHECK(has(help, "[127.0.0.1:8645]"));
}
