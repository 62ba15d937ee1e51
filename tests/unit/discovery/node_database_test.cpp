#include <fstream>

#include <catch2/catch.hpp>

#include <discovery/node_database.hpp>

#include "support/discovery/engine_network.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using test::endpoint;
using test::own_subnet;

namespace {

constexpr UnixTime kNow = 1'700'000'000;

Node node_of(std::uint64_t serial) {
    return test::seeded_node(serial, {own_subnet(serial), 30303});
}

NodeDatabase load(const std::filesystem::path& file) {
    auto loaded = NodeDatabase::load(file);
    REQUIRE(loaded);
    return *std::move(loaded);
}

void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream{file} << text;
}

}  // namespace

TEST_CASE("NodeDatabase: what is saved is loaded", "[discovery]") {
    const test::TempDir folder;
    const auto file = folder.path() / "nodes";
    NodeDatabase database = load(file);
    CHECK(database.size() == 0);
    Node v6 = test::seeded_node(9, endpoint("2a00::1", 30301));
    v6.tcp = 0;
    database.seen(node_of(1), kNow);
    database.seen(node_of(2), kNow + 1);
    database.seen(v6, kNow + 2);
    database.served(node_of(2).id, 1000);
    database.failed(v6.id);
    REQUIRE(database.save());
    const NodeDatabase again = load(file);
    CHECK(again.size() == 3);
    CHECK(again.unreadable() == 0);
    for (const Node& node : {node_of(1), node_of(2), v6}) {
        REQUIRE(again.find(node.id));
        CHECK(*again.find(node.id) == *database.find(node.id));
    }
    CHECK(again.find(v6.id)->failures == 1);
    CHECK_FALSE(std::filesystem::exists(file.string() + ".new"));
    const auto rights = std::filesystem::status(file).permissions();
    CHECK((rights & std::filesystem::perms::others_all) == std::filesystem::perms::none);
}

TEST_CASE("NodeDatabase: who served comes first, who fails last, who is old not at all",
          "[discovery]") {
    const test::TempDir folder;
    NodeDatabase database = load(folder.path() / "nodes");
    for (std::uint64_t i = 1; i <= 5; ++i)
        database.seen(node_of(i), kNow + i);
    database.served(node_of(2).id, 10);
    database.served(node_of(3).id, 20);
    database.failed(node_of(5).id);
    database.seen(node_of(6), kNow - kForgetAfter);
    std::vector<NodeId> order;
    for (const Node& node : database.best(10, kNow))
        order.push_back(node.id);
    CHECK(order == std::vector<NodeId>{node_of(3).id, node_of(2).id, node_of(4).id, node_of(1).id,
                                       node_of(5).id});
    CHECK(database.best(2, kNow).size() == 2);
    database.seen(node_of(5), kNow + 5);  // an answer forgives
    CHECK(database.find(node_of(5).id)->failures == 0);
    CHECK(database.find(node_of(3).id)->served == 20);
    database.seen(node_of(3), kNow + 9);  // and forgets nothing that was served
    CHECK(database.find(node_of(3).id)->served == 20);
    for (std::uint32_t i = 0; i < kMaxNodeFailures; ++i)
        database.failed(node_of(3).id);
    CHECK_FALSE(database.find(node_of(3).id));
}

TEST_CASE("NodeDatabase: bounded, and one network gets its share", "[discovery]") {
    const test::TempDir folder;
    NodeDatabase database = load(folder.path() / "nodes");
    for (std::uint64_t i = 0; i < 40; ++i)
        database.seen(test::seeded_node(5000 + i, endpoint("66.6.6.6")), kNow + 1000);
    CHECK(database.size() == kKnownSubnetLimit.v4_24);
    database.served(test::seeded_node(5000, endpoint("66.6.6.6")).id, 1);
    database.seen(test::seeded_node(6000, endpoint("66.6.6.6")), kNow);
    CHECK(database.size() == kKnownSubnetLimit.v4_24 + 1);
    for (std::uint64_t i = 0; i < kMaxKnownNodes + 50; ++i)
        database.seen(node_of(10'000 + i), kNow + i);
    CHECK(database.size() == kMaxKnownNodes);
    CHECK(database.find(test::seeded_node(5000, endpoint("66.6.6.6")).id));
    CHECK_FALSE(database.find(node_of(10'000).id));
    REQUIRE(database.save());
    CHECK(load(folder.path() / "nodes").size() == kMaxKnownNodes);
}

TEST_CASE("NodeDatabase: a damaged file costs its damaged lines", "[discovery]") {
    const test::TempDir folder;
    const auto file = folder.path() / "nodes";
    NodeDatabase database = load(file);
    for (std::uint64_t i = 1; i <= 3; ++i)
        database.seen(node_of(i), kNow);
    REQUIRE(database.save());
    const std::string good = test::read_text(file);
    write(file, good + "junk\n" + "enode://00@1.2.3.4:1 1 1 1\n" + good.substr(18, 150));
    CHECK(load(file).size() == 3);
    CHECK(load(file).unreadable() == 3);
    for (std::size_t size = 0; size < good.size(); size += 7) {
        write(file, good.substr(0, size));
        CHECK(load(file).size() <= 3);
    }
    write(file, "something else\n" + good);
    CHECK(load(file).size() == 0);
    CHECK(load(file).unreadable() == 4);
    write(file, good + std::string(kMaxDatabaseFile - good.size(), 'x'));
    CHECK(load(file).size() == 3);
    write(file, good + std::string(kMaxDatabaseFile - good.size() + 1, 'x'));
    const auto refused = NodeDatabase::load(file);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::kStorage);
}

TEST_CASE("NodeDatabase: a disk that refuses is an error, and the old file stays", "[discovery]") {
    const test::TempDir folder;
    NodeDatabase database = load(folder.path() / "missing" / "nodes");
    database.seen(node_of(1), kNow);
    const auto saved = database.save();
    REQUIRE_FALSE(saved);
    CHECK(saved.error().code == Errc::kStorage);
    CHECK_THAT(saved.error().detail, Catch::Contains("missing"));
    const auto is_folder = NodeDatabase::load(folder.path());
    REQUIRE_FALSE(is_folder);
    CHECK(is_folder.error().code == Errc::kStorage);
}
