#include <fstream>

#include <catch2/catch.hpp>
#include <rocksdb/db.h>

#include <storage/schema.hpp>

#include "daemon_run.hpp"
#include "honest_peer.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::test;
namespace fs = std::filesystem;

namespace {

/// Why a daemon does not open.
Error failure_of(daemon::RunConfig config) {
    const auto opened = daemon::Daemon::open(std::move(config));
    REQUIRE_FALSE(opened);
    UNSCOPED_INFO(opened.error().message());
    return opened.error();
}

bool names(const Error& error, const std::string& what) {
    return error.detail.find(what) != std::string::npos;
}

/// A whole state in a folder.
void fill(const World& world, const fs::path& folder) {
    const HonestPeer honest{world, 0x31};
    DaemonRun daemon{run_config(world, folder, {honest.enode()})};
    REQUIRE(daemon.await_complete());
    (void)daemon.stop();
}

/// Writes a record of the database as another version of us might.
void put_raw(const fs::path& folder, std::string_view key, ByteView value) {
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string_view name : {storage::schema::kItemFamily, storage::schema::kMetaFamily})
        families.emplace_back(std::string{name}, rocksdb::ColumnFamilyOptions{});
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    REQUIRE(rocksdb::DB::Open({}, (folder / "db").string(), families, &handles, &opened).ok());
    const std::unique_ptr<rocksdb::DB> db{opened};
    const rocksdb::Slice bytes{reinterpret_cast<const char*>(value.data()), value.size()};
    CHECK(db->Put({}, handles[1], {key.data(), key.size()}, bytes).ok());
    for (rocksdb::ColumnFamilyHandle* handle : handles)
        CHECK(db->DestroyColumnFamilyHandle(handle).ok());
}

}  // namespace

TEST_CASE("sockets: a database of another chain is refused, naming both", "[sockets]") {
    const World world;
    const TempDir folder;
    fill(world, folder.path());
    auto config = run_config(world, folder.path());
    SECTION("network") {
        config.network.network_id = 1;
        const Error error = failure_of(config);
        CHECK(error.code == Errc::kIncompatible);
        CHECK(names(error, "network 1,"));
        CHECK(names(error, "network 4242,"));
    }
    SECTION("genesis") {
        config.network.genesis_hash = Hash256{{0x99}};
        const Error error = failure_of(config);
        CHECK(error.code == Errc::kIncompatible);
        CHECK(names(error, to_hex0x(world.genesis_hash())));
        CHECK(names(error, "0x9900"));
    }
    // Nothing was changed by that.
    CHECK(examine(folder.path(), world.state().root).is_whole(world.state()));
    CHECK(daemon::Daemon::open(run_config(world, folder.path())));
}

TEST_CASE("sockets: a database of another schema version is refused, naming both", "[sockets]") {
    const World world;
    const TempDir folder;
    REQUIRE(daemon::Daemon::open(run_config(world, folder.path())));
    Bytes record = storage::encode_identity({World::kNetworkId, world.genesis_hash()});
    record[3] = static_cast<Byte>(storage::schema::kVersion + 1);
    put_raw(folder.path(), storage::schema::kIdentityKey, record);
    const Error error = failure_of(run_config(world, folder.path()));
    CHECK(error.code == Errc::kIncompatible);
    CHECK(names(error, std::to_string(storage::schema::kVersion)));
    CHECK(names(error, std::to_string(storage::schema::kVersion + 1)));
}

TEST_CASE("sockets: a damaged database is refused as corrupt, naming where", "[sockets]") {
    const World world;
    const TempDir folder;
    REQUIRE(daemon::Daemon::open(run_config(world, folder.path())));
    SECTION("its manifest is cut") {
        for (const auto& entry : fs::directory_iterator{folder.path() / "db"})
            if (entry.path().filename().string().starts_with("MANIFEST"))
                fs::resize_file(entry.path(), 10);
    }
    SECTION("it names no manifest") {
        std::ofstream{folder.path() / "db" / "CURRENT", std::ios::trunc} << "nonsense";
    }
    SECTION("its identity is no identity") {
        put_raw(folder.path(), storage::schema::kIdentityKey, Bytes{0, 0, 0, 1, 2});
    }
    const Error error = failure_of(run_config(world, folder.path()));
    CHECK(error.code == Errc::kCorrupt);
    CHECK(names(error, folder.path().string()));
}

TEST_CASE("sockets: a database in use is refused, and free again after its daemon", "[sockets]") {
    const World world;
    const TempDir folder;
    auto first = daemon::Daemon::open(run_config(world, folder.path()));
    REQUIRE(first);
    const Error error = failure_of(run_config(world, folder.path()));
    CHECK(error.code == Errc::kBusy);
    CHECK(names(error, folder.path().string()));
    first->reset();
    CHECK(daemon::Daemon::open(run_config(world, folder.path())));
}

TEST_CASE("sockets: a folder that is none of ours is left alone", "[sockets]") {
    const World world;
    const TempDir folder;
    SECTION("of other files") {
        std::ofstream{folder.path() / "letter.txt"} << "dear";
        const Error error = failure_of(run_config(world, folder.path()));
        CHECK(error.code == Errc::kConfig);
        CHECK(names(error, "letter.txt"));
        CHECK(fs::exists(folder.path() / "letter.txt"));
    }
    SECTION("a file") {
        auto config = run_config(world, folder.path() / "letter.txt");
        config.node_key = folder.path() / "key";
        std::ofstream{config.data_dir} << "dear";
        const Error error = failure_of(config);
        CHECK(error.code == Errc::kConfig);
        CHECK(names(error, "letter.txt is not a folder"));
    }
}

TEST_CASE("sockets: an address in use is the operator's to change", "[sockets]") {
    const World world;
    const TempDir folder_a;
    const TempDir folder_b;
    const auto first = daemon::Daemon::open(run_config(world, folder_a.path()));
    REQUIRE(first);
    auto config = run_config(world, folder_b.path());
    std::uint16_t port = 0;
    SECTION("for peers") {
        port = parse_enode((*first)->enode())->tcp_port;
        config.listen->port = port;
    }
    SECTION("for the status") {
        port = (*first)->http_port();
        config.http->address.port = port;
    }
    const Error error = failure_of(config);
    CHECK(error.code == Errc::kConfig);
    CHECK(names(error, "127.0.0.1:" + std::to_string(port)));
    // The database was given back.
    CHECK(daemon::Daemon::open(run_config(world, folder_b.path())));
}

TEST_CASE("sockets: a daemon that is stopped before it runs returns at once", "[sockets]") {
    const World world;
    const TempDir folder;
    const auto daemon = daemon::Daemon::open(run_config(world, folder.path()));
    REQUIRE(daemon);
    (*daemon)->stop();
    (*daemon)->stop();
    CHECK((*daemon)->run());
}
