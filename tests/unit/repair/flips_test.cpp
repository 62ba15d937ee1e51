// A byte changes somewhere in a complete database: it is found and mended, or it harms nobody; what
// is fetched again is what was lost, and the nodes above it.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <random>

#include <catch2/catch.hpp>

#include <sync/verify.hpp>

#include "repair_world.hpp"
#include "support/sanitized.hpp"

namespace fastsync::test {
namespace {

namespace fs = std::filesystem;

const RepairWorld& small_world() {
    static const RepairWorld world{1500, false};
    return world;
}
const RepairWorld& large_world() {
    static const RepairWorld world{12'000, true};
    return world;
}

struct Mended {
    bool found = false;
    std::uint64_t refetched = 0;
    Repaired repaired;
};

/// Whatever was done to the database: it is sound in the end.
Mended mend(const RepairWorld& world, const fs::path& data) {
    Mended out;
    const std::string damage = find_damage(data, world.state());
    CAPTURE(damage);
    if (damage.empty()) {
        const auto store = storage::RocksStore::open_or_create(data, kRepairChain);
        REQUIRE(store);
        CHECK(missing_from(**store, world.state()) == "");
        return out;
    }
    out.found = true;
    auto repaired = repair(data);
    if (!repaired && repaired.error().detail.find("identity") != std::string::npos) {
        CHECK(repaired.error().code == Errc::kCorrupt);
        // Nobody may go on with it meanwhile.
        const auto refused = storage::RocksStore::open_or_create(data, kRepairChain);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().detail.find("fastsyncd verify --repair") != std::string::npos);
        repaired = repair(data, kRepairChain);
    }
    INFO((repaired ? std::string{} : repaired.error().message()));
    REQUIRE(repaired);
    out.repaired = *repaired;
    {
        const auto store = storage::RocksStore::open_or_create(data, kRepairChain);
        REQUIRE(store);
        const auto closed =
            sync::scan_items(**store, [](const sync::UnsoundItem& item) -> Result<void> {
                return Error{Errc::kCorrupt, item.describe()};
            });
        INFO((closed ? std::string{} : closed.error().message()));
        REQUIRE(closed);
    }
    out.refetched = world.sync(data);
    CHECK(find_damage(data, world.state()) == "");
    return out;
}

void print(const std::string& what, std::vector<std::uint64_t> counts, std::uint64_t items) {
    const std::size_t flips = counts.size();
    std::sort(counts.begin(), counts.end());
    if (counts.empty()) counts.push_back(0);
    std::cout << what << ": " << flips << " flips mended; of " << items
              << " items fetched again: median " << counts[counts.size() / 2] << ", most "
              << counts.back() << "\n";
}

/// A file, the more likely the larger it is.
fs::path by_bytes(const std::vector<fs::path>& files, std::mt19937_64& random) {
    std::uint64_t all = 0;
    for (const fs::path& file : files)
        all += fs::file_size(file);
    std::uint64_t at = random() % all;
    for (const fs::path& file : files) {
        if (at < fs::file_size(file)) return file;
        at -= fs::file_size(file);
    }
    return files.back();
}

/// Offset of a random byte of a kind of place in a table.
std::uint64_t place_in(const fs::path& table, const std::string& where, std::mt19937_64& random) {
    const std::uint64_t size = fs::file_size(table);
    if (where == "footer") return size - 1 - random() % 53;
    if (where == "tail") return size - 1 - random() % std::min<std::uint64_t>(size, 3000);
    return random() % size;
}

}  // namespace

TEST_CASE("repair: a sound database stays as it is", "[repair]") {
    const auto& world = small_world();
    const auto folder = world.copy();
    CHECK(find_damage(folder->path(), world.state()) == "");
    const auto tables = files_like(folder->path(), ".sst");
    const auto repaired = repair(folder->path());
    REQUIRE(repaired);
    CHECK(repaired->files.damaged.empty());
    CHECK(repaired->files.rebuilt.empty());
    CHECK(repaired->files.tables == tables.size());
    CHECK(repaired->items.passes == 1);
    CHECK(repaired->items.scanned.items() == world.items());
    CHECK_FALSE(repaired->records.incomplete);
    CHECK(find_damage(folder->path(), world.state()) == "");
    CHECK(world.sync(folder->path()) == 0);
}

TEST_CASE("repair: a flipped byte in a block of items costs that block and the nodes above it",
          "[repair]") {
    const auto& world = large_world();
    std::vector<std::uint64_t> refetched;
    for (std::uint64_t seed = 1; seed <= repeats(8, 2); ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random{seed};
        const auto folder = world.copy();
        auto tables = files_like(folder->path(), ".sst");
        const fs::path table = *std::max_element(
            tables.begin(), tables.end(),
            [](const auto& a, const auto& b) { return fs::file_size(a) < fs::file_size(b); });
        // Blocks of items come first and are nearly all of it.
        flip(table, random() % (fs::file_size(table) * 9 / 10), 0x10);
        const Mended mended = mend(world, folder->path());
        REQUIRE(mended.found);
        REQUIRE(mended.repaired.files.damaged.size() == 1);
        CHECK(mended.repaired.files.damaged[0].name == table.filename().string());
        CHECK(mended.repaired.files.damaged[0].gaps == 1);
        CHECK(mended.repaired.items.removed_false == 0);
        CHECK(mended.repaired.items.removed_unclosed > 0);
        CHECK(mended.refetched > 0);
        CHECK(mended.refetched < world.state().size() / 10);
        refetched.push_back(mended.refetched);
    }
    print("blocks of items", refetched, world.state().size());
}

TEST_CASE("repair: a flipped byte in any place of any file", "[repair]") {
    const auto& world = small_world();
    const std::string kind =
        GENERATE("any", "tail", "footer", "MANIFEST", "CURRENT", "OPTIONS", "IDENTITY", ".log");
    const bool table = kind == "any" || kind == "tail" || kind == "footer";
    std::vector<std::uint64_t> refetched;
    std::size_t harmless = 0;
    for (std::uint64_t seed = 1; seed <= (table ? repeats(12, 4) : repeats(6, 2)); ++seed) {
        std::mt19937_64 random{seed};
        const auto folder = world.copy();
        const auto files = files_like(folder->path(), table ? ".sst" : kind);
        REQUIRE_FALSE(files.empty());
        fs::path file = files[random() % files.size()];
        // Any byte of all tables, each as likely as another.
        if (kind == "any") file = by_bytes(files, random);
        const std::uint64_t size = fs::file_size(file);
        if (size == 0) continue;
        const std::uint64_t position = table ? place_in(file, kind, random) : random() % size;
        const auto bits = static_cast<unsigned char>(1U << (random() % 8));
        CAPTURE(kind, seed, file.filename().string(), size, position, bits);
        flip(file, position, bits);
        const Mended mended = mend(world, folder->path());
        if (mended.found) {
            refetched.push_back(mended.refetched);
        } else {
            ++harmless;
        }
    }
    print(kind + " (" + std::to_string(harmless) + " harmless)", refetched, world.state().size());
}

TEST_CASE("repair: more than one flip, a missing table, a cut one, an empty one", "[repair]") {
    const auto& world = small_world();
    const std::string what = GENERATE("two flips", "two tables", "missing", "cut", "empty",
                                      "all tables missing", "no MANIFEST", "no CURRENT");
    CAPTURE(what);
    const auto folder = world.copy();
    const fs::path& data = folder->path();
    auto tables = files_like(data, ".sst");
    std::sort(tables.begin(), tables.end(),
              [](const auto& a, const auto& b) { return fs::file_size(a) > fs::file_size(b); });
    REQUIRE(tables.size() >= 3);
    const std::uint64_t size = fs::file_size(tables[0]);
    if (what == "two flips") {
        flip(tables[0], size / 5);
        flip(tables[0], size / 2);
    } else if (what == "two tables") {
        flip(tables[0], size / 5);
        flip(tables[1], fs::file_size(tables[1]) / 2);
    } else if (what == "missing") {
        fs::remove(tables[0]);
    } else if (what == "cut") {
        fs::resize_file(tables[0], size / 2);
    } else if (what == "empty") {
        fs::resize_file(tables[0], 0);
    } else if (what == "no MANIFEST") {
        fs::remove(files_like(data, "MANIFEST").at(0));
    } else if (what == "no CURRENT") {
        fs::remove(data / "db" / "CURRENT");
    } else {
        for (const auto& table : tables)
            fs::remove(table);
    }
    const Mended mended = mend(world, data);
    CHECK(mended.found);
    std::cout << what << ": fetched again " << mended.refetched << " of " << world.state().size()
              << "\n";
    if (what == "two flips") CHECK(mended.repaired.files.damaged.at(0).gaps == 2);
    if (what.starts_with("no ")) CHECK(mended.refetched == 0);
}

}  // namespace fastsync::test
