// What a RocksStore costs, without the rest of a sync: commits and flushes of random items,
// look-ups that miss and that hit.
//
// usage: bench_store [items, default 2000000] [items per flush, default 0: full buffers] [folder]

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

#include <common/time.hpp>
#include <storage/rocks_store.hpp>

namespace {

using namespace fastsync;
using storage::ItemKind;

constexpr std::size_t kBatchItems = 1000;
constexpr std::size_t kLookups = 200'000;

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double peak_mib() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_maxrss) / 1024;
}

/// Prints what the work since its making cost, for so many items.
class Meter {
  public:
    void report(const char* what, std::size_t items) const {
        const double wall = to_seconds(std::chrono::steady_clock::now() - start_);
        const double count = static_cast<double>(items);
        std::printf("%-34s %10.0f items/s  %6.2f us/item  %6.2f CPU s per million  peak %.0f MiB\n",
                    what, count / wall, wall / count * 1e6, (cpu_seconds() - cpu_) / count * 1e6,
                    peak_mib());
        std::fflush(stdout);
    }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    double cpu_ = cpu_seconds();
};

/// The i-th key: random, and the same each time.
Hash256 key_of(std::uint64_t i) {
    Hash256 key;
    std::uint64_t state = i * 0x9e3779b97f4a7c15ULL + 1;
    for (std::size_t word = 0; word < 4; ++word) {
        state = (state ^ (state >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        state = (state ^ (state >> 27U)) * 0x94d049bb133111ebULL;
        state ^= state >> 31U;
        std::memcpy(key.data.data() + word * 8, &state, 8);
    }
    return key;
}

/// Sizes as in a state: leaves of 70 to 110 bytes, branches up to 532.
std::size_t size_of(std::uint64_t i) {
    const std::uint64_t r = (i * 0x9e3779b97f4a7c15ULL) >> 40U;
    if (r % 4 != 0) return 70 + r / 4 % 41;
    return 83 + r / 4 % 15 * 32;
}

void check(const Result<void>& result) {
    if (result) return;
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    std::exit(1);
}

void fill(storage::RocksStore& store, std::size_t items, std::size_t per_flush) {
    const Bytes junk(1024, 0x5a);
    std::size_t flushed = 0;
    for (std::size_t i = 0; i < items;) {
        storage::NodeBatch batch;
        for (const std::size_t end = std::min(items, i + kBatchItems); i < end; ++i) {
            batch.add(ItemKind::kNode, key_of(i), ByteView{junk}.first(size_of(i)));
        }
        check(store.commit(std::move(batch)));
        if (per_flush != 0 && i - flushed >= per_flush) {
            check(store.begin_flush());
            flushed = i;
        }
    }
    check(store.flush());
}

void look_up(const storage::RocksStore& store, std::uint64_t from, std::uint64_t range,
             bool expected, const char* what) {
    std::mt19937_64 random{7};
    const Meter meter;
    for (std::size_t i = 0; i < kLookups; ++i) {
        const auto found = store.has(ItemKind::kNode, key_of(from + random() % range));
        if (!found || *found != expected) {
            std::fprintf(stderr, "%s: wrong answer\n", what);
            std::exit(1);
        }
    }
    meter.report(what, kLookups);
}

void read_batches(const storage::RocksStore& store, std::uint64_t range) {
    std::mt19937_64 random{9};
    const Meter meter;
    for (std::size_t i = 0; i < kLookups; i += 256) {
        std::vector<Hash256> keys;
        for (std::size_t k = 0; k < 256; ++k)
            keys.push_back(key_of(random() % range));
        for (const auto& item : store.get_many(ItemKind::kNode, keys)) {
            if (!item) std::exit(1);
        }
    }
    meter.report("get_many, 256 at once", kLookups);
}

void print(const storage::RocksStatistics& s) {
    std::printf(
        "tables %lu, merged %.1f MB, flushed %.1f MB, files %lu, runs %lu, stalls %lu (%.2f s),"
        " filter %.1f MB, cache %.1f MB\n",
        s.tables_flushed, static_cast<double>(s.bytes_merged) / 1e6,
        static_cast<double>(s.bytes_flushed) / 1e6, s.table_files, s.sorted_runs, s.commit_stalls,
        s.commit_stall_s, static_cast<double>(s.key_filter_bytes) / 1e6,
        static_cast<double>(s.block_cache_bytes) / 1e6);
}

/// The generator alone, to be taken off.
void generate_only(std::size_t items) {
    const Bytes junk(1024, 0x5a);
    const Meter meter;
    std::size_t sum = 0;
    for (std::size_t i = 0; i < items;) {
        storage::NodeBatch batch;
        for (const std::size_t end = std::min(items, i + kBatchItems); i < end; ++i) {
            batch.add(ItemKind::kNode, key_of(i), ByteView{junk}.first(size_of(i)));
        }
        sum += batch.blob_bytes();
    }
    meter.report("making the batches alone", items);
    std::printf("payload %.1f MB\n", static_cast<double>(sum) / 1e6);
}

int run(std::size_t items, std::size_t per_flush, const std::filesystem::path& folder) {
    const storage::ChainIdentity chain{1, {}};
    generate_only(items);
    {
        auto store = storage::RocksStore::open_or_create(folder, chain);
        if (!store) return std::fprintf(stderr, "%s\n", store.error().message().c_str()), 1;
        look_up(**store, items, items, false, "has, empty database");
        const Meter meter;
        fill(**store, items, per_flush);
        meter.report("commit and flush", items);
        look_up(**store, items, items, false, "has, missing, same process");
        look_up(**store, 0, items, true, "has, there, same process");
        while ((*store)->statistics().merges_running > 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        meter.report("all since opening, merges done", items);
        print((*store)->statistics());
    }
    auto store = storage::RocksStore::open_or_create(folder, chain);
    if (!store) return std::fprintf(stderr, "%s\n", store.error().message().c_str()), 1;
    look_up(**store, items, items, false, "has, missing, reopened");
    look_up(**store, 0, items, true, "has, there, reopened");
    read_batches(**store, items);
    const Meter meter;
    check((*store)->settle());
    meter.report("settle()", items);
    look_up(**store, items, items, false, "has, missing, compacted");
    look_up(**store, 0, items, true, "has, there, compacted");
    read_batches(**store, items);
    const Meter scan;
    std::size_t seen = 0;
    check((*store)->for_each(ItemKind::kNode, [&](const Hash256&, ByteView) {
        ++seen;
        return storage::Visit::kContinue;
    }));
    scan.report("for_each", items);
    print((*store)->statistics());
    return seen == items ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t items = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
    const std::size_t per_flush = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
    const std::filesystem::path folder =
        (argc > 3 ? std::filesystem::path{argv[3]} : std::filesystem::temp_directory_path()) /
        ("bench-store-" + std::to_string(::getpid()));
    const int code = run(items, per_flush, folder);
    std::filesystem::remove_all(folder);
    return code;
}
