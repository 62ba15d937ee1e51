// A whole sync onto a disk that fails in the middle: it stops, says what failed and where, and the
// next start, on a disk that is sound again, goes on with all that was durable and ends whole.
#include <catch2/catch.hpp>

#include <storage/rocks_store.hpp>
#include <sync/downloader.hpp>
#include <sync/verify.hpp>

#include "failing_env.hpp"
#include "support/fake_peer.hpp"
#include "support/shared_files.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using namespace fastsync::test;
using async::Task;

namespace {

const storage::ChainIdentity kChain{7, Hash256{{0x67}}};

struct World {
    World() : state(build(spread_model(3000))) {
        chain = FakeChain::of(std::vector<Hash256>(100, state.root));
        env = rocksdb::NewCompositeEnv(files);
    }

    std::unique_ptr<storage::RocksStore> open() {
        storage::StoreOptions options;
        options.env = env.get();
        // Small, so that a sync of seconds writes many tables and reads some of them.
        options.write_buffer_items = 400;
        options.block_cache_bytes = 0;
        options.key_filter_bytes = 0;
        options.merge_trigger = 4;
        auto opened = storage::RocksStore::open_or_create(folder.path() / "data", kChain, options);
        INFO((opened ? std::string{} : opened.error().message()));
        REQUIRE(opened);
        return *std::move(opened);
    }

    Result<void> sync(storage::RocksStore& store, Duration patience = std::chrono::minutes{30}) {
        Simulation simulation;
        Downloader::Options options;
        options.when_complete = Downloader::WhenComplete::kReturn;
        Downloader downloader{store, simulation, simulation.executor(), options};
        downloader.peer_joined(std::make_shared<FakePeer>(
            1, simulation, simulation.executor(), chain, std::vector<const BuiltState*>{&state},
            PeerManners{PeerManners::Kind::kHonest, std::chrono::milliseconds{50}, 2000}));
        Result<void> outcome;
        simulation.run(run(downloader, outcome), patience);
        committed = downloader.progress().counters.items_committed();
        return outcome;
    }

    static Task<void> run(Downloader& downloader, Result<void>& out) {
        out = co_await downloader.run();
    }

    TempDir folder;
    BuiltState state;
    FakeChain chain;
    std::shared_ptr<FailingFiles> files = std::make_shared<FailingFiles>();
    std::unique_ptr<rocksdb::Env> env;
    std::uint64_t committed = 0;
};

/// All of the state, and nothing false.
void check_whole(const storage::RocksStore& store, const BuiltState& state) {
    CHECK(missing_from(store, state) == "");
    std::size_t items = 0;
    const auto count = [&](const Hash256&, ByteView) {
        ++items;
        return storage::Visit::kContinue;
    };
    REQUIRE(store.for_each(storage::ItemKind::kNode, count));
    REQUIRE(store.for_each(storage::ItemKind::kCode, count));
    CHECK(items == state.size());
}

struct Case {
    Fault fault;
    const char* words;
};

}  // namespace

TEST_CASE("disk faults: a sync stops at each, names it, and the next start ends whole",
          "[storage][sync]") {
    const Case given = GENERATE(Case{Fault::kWriteError, "Input/output error"},
                                Case{Fault::kNoSpace, "the disk is full"},
                                Case{Fault::kSyncError, "Input/output error"});
    const std::uint64_t after = GENERATE(0U, 1U, 2U, 5U, 9U, 17U, 40U, 77U, 140U, 300U);
    CAPTURE(static_cast<int>(given.fault), given.words, after);
    World world;
    {
        const auto store = world.open();
        world.files->fail(given.fault, after);
        const auto outcome = world.sync(*store);
        if (world.files->failures() > 0 && !outcome) {
            INFO(outcome.error().message());
            CHECK(outcome.error().code == Errc::kStorage);
            CHECK(outcome.error().detail.find(given.words) != std::string::npos);
            CHECK(outcome.error().detail.find(world.folder.path().string()) != std::string::npos);
        } else {
            // The fault lies beyond the end, or only merging met it.
            CHECK(outcome);
        }
        world.files->heal();
    }
    const auto store = world.open();
    REQUIRE(world.sync(*store));
    check_whole(*store, world.state);
}

TEST_CASE("disk faults: what cannot be read ends the sync, and is no reason to fetch it again",
          "[storage][sync]") {
    World world;
    {
        const auto store = world.open();
        REQUIRE(world.sync(*store));
    }
    // Another state, most of which is there: its look-ups read tables.
    StateModel model = spread_model(3000);
    model.accounts.begin()->second.balance += 1;
    world.state = build(model);
    world.chain = FakeChain::of(std::vector<Hash256>(100, world.state.root), 1);
    const std::uint64_t after = GENERATE(0U, 3U, 10U);
    CAPTURE(after);
    {
        const auto store = world.open();
        world.files->fail(Fault::kReadError, after);
        const auto outcome = world.sync(*store);
        world.files->heal();
        REQUIRE(world.files->failures() > 0);
        REQUIRE_FALSE(outcome);
        INFO(outcome.error().message());
        CHECK(outcome.error().code == Errc::kStorage);
        CHECK(outcome.error().detail.find("cannot read") != std::string::npos);
    }
    const auto store = world.open();
    REQUIRE(world.sync(*store));
    CHECK(missing_from(*store, world.state) == "");
}

TEST_CASE("disk faults: a disk that takes its time to make things durable only slows the sync",
          "[storage][sync]") {
    World world;
    const auto store = world.open();
    world.files->fail(Fault::kSlowSync, 0);
    REQUIRE(world.sync(*store));
    CHECK(world.files->failures() > 5);
    check_whole(*store, world.state);
}
