#include "repair_world.hpp"

#include <algorithm>
#include <fstream>

#include <catch2/catch.hpp>

#include <sync/checkpoint.hpp>
#include <sync/downloader.hpp>
#include <sync/verify.hpp>

#include "support/simulation.hpp"

namespace fastsync::test {
namespace {

namespace fs = std::filesystem;
using storage::RocksStore;

async::Task<void> run(sync::Downloader& downloader, Result<void>& out) {
    out = co_await downloader.run();
}

std::unique_ptr<RocksStore> open(const fs::path& data, const storage::StoreOptions& options = {}) {
    auto opened = RocksStore::open_or_create(data, kRepairChain, options);
    INFO((opened ? std::string{} : opened.error().message()));
    REQUIRE(opened);
    return *std::move(opened);
}

}  // namespace

RepairWorld::RepairWorld(std::size_t accounts, bool settled) {
    StateModel model = spread_model(accounts);
    older_ = build(model);
    std::size_t changed = 0;
    for (auto& [key, account] : model.accounts) {
        if (++changed % 20 == 0) ++account.nonce;
    }
    state_ = build(model);
    older_chain_ = FakeChain::of(std::vector<Hash256>(100, older_.root));
    chain_ = FakeChain::of(std::vector<Hash256>(300, state_.root));
    storage::StoreOptions options;
    options.write_buffer_items = 1000;
    options.merge_trigger = 4;
    auto store = open(folder_.path(), options);
    (void)sync_state(*store, older_, older_chain_);
    // The older one's upper nodes go, as after a move of the pivot in the middle of a sync.
    const std::vector<Hash256> root{older_.root};
    REQUIRE(store->remove(storage::ItemKind::kNode, root));
    REQUIRE(store->flush());
    // Removals make RocksDB empty its log when it closes; what follows shall leave something there.
    store.reset();
    store = open(folder_.path(), options);
    if (!settled) store->interrupt_settling();
    (void)sync_state(*store, state_, chain_);
    const auto report =
        sync::scan_items(*store, [](const sync::UnsoundItem&) { return Result<void>{}; });
    REQUIRE(report);
    REQUIRE(report->sound());
    items_ = report->items();
}

std::unique_ptr<TempDir> RepairWorld::copy() const {
    auto out = std::make_unique<TempDir>();
    fs::copy(folder_.path(), out->path(), fs::copy_options::recursive);
    return out;
}

std::uint64_t RepairWorld::sync(const fs::path& data) const {
    const auto store = open(data);
    return sync_state(*store, state_, chain_);
}

std::uint64_t RepairWorld::sync_state(RocksStore& store, const BuiltState& state,
                                      const FakeChain& chain) const {
    std::uint64_t before = 0;
    if (const auto saved = sync::load_checkpoint(store); saved && *saved)
        before = (*saved)->counters.items_committed();
    Simulation simulation;
    sync::Downloader::Options options;
    options.when_complete = sync::Downloader::WhenComplete::kReturn;
    sync::Downloader downloader{store, simulation, simulation.executor(), options};
    downloader.peer_joined(std::make_shared<FakePeer>(
        1, simulation, simulation.executor(), chain, std::vector<const BuiltState*>{&state},
        PeerManners{PeerManners::Kind::kHonest, std::chrono::milliseconds{5}}));
    Result<void> outcome;
    simulation.run(run(downloader, outcome), std::chrono::minutes{30});
    const auto completed = sync::load_completed(store);
    REQUIRE(completed);
    REQUIRE(*completed);
    REQUIRE((*completed)->state_root == state.root);
    return (*completed)->counters.items_committed() - before;
}

std::string find_damage(const fs::path& data, const BuiltState& state) {
    storage::StoreOptions options;
    options.read_only = true;
    const auto store = RocksStore::open_existing(data, options);
    if (!store) return store.error().message();
    const auto completed = sync::load_completed(**store);
    if (!completed) return completed.error().message();
    if (!*completed) return "no state is recorded";
    const auto report = sync::verify_state((*completed)->state_root, **store);
    if (report.corrupt.count > 0) return report.corrupt.named[0].describe();
    if (!report.complete) return report.missing.named[0].describe();
    if ((*completed)->state_root != state.root) return "another state";
    std::string unsound;
    const auto scanned = sync::scan_items(**store, [&](const sync::UnsoundItem& item) {
        unsound = item.describe();
        return Result<void>{};
    });
    if (!scanned) return scanned.error().message();
    return unsound;
}

Result<Repaired> repair(const fs::path& data,
                        const std::optional<storage::ChainIdentity>& identity) {
    Repaired done;
    FASTSYNC_TRY(const auto store, RocksStore::open_for_repair(data, {}, identity, done.files));
    FASTSYNC_TRY(done.items, sync::repair_items(*store));
    FASTSYNC_TRY(done.records, sync::repair_records(*store, done.items.scanned.items() > 0));
    FASTSYNC_CHECK(store->end_repair());
    return done;
}

std::vector<fs::path> files_like(const fs::path& data, const std::string& part) {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator{data / "db"}) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(part) || name.ends_with(part)) out.push_back(entry.path());
    }
    std::sort(out.begin(), out.end());
    return out;
}

void flip(const fs::path& file, std::uint64_t position, unsigned char bits) {
    std::fstream bytes{file, std::ios::in | std::ios::out | std::ios::binary};
    bytes.seekg(static_cast<std::streamoff>(position));
    const int old = bytes.get();
    REQUIRE(old != std::char_traits<char>::eof());
    bytes.seekp(static_cast<std::streamoff>(position));
    bytes.put(static_cast<char>(static_cast<unsigned char>(old) ^ bits));
    bytes.close();
    REQUIRE(bytes.good());
}

}  // namespace fastsync::test
