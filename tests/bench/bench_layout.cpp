// What the layout of the database costs: items under their hashes, which arrive in random order, or
// under their paths, which arrive nearly in order. A store that answers GetNodeData looks for
// hashes, so paths need an index of hashes beside them. RocksDB alone, the options of a RocksStore.
//
// usage: bench_layout [items, default 4000000] [items of a run, default 480000] [folder]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <common/time.hpp>
#include <storage/rocks_options.hpp>

namespace {

using namespace fastsync;

constexpr std::size_t kBlobBytes = 107;  // the mean of a made-up state
constexpr std::size_t kHashKey = 33;
constexpr std::size_t kPathKey = 40;  // kind, half of an account's path, a part of a slot's
constexpr std::size_t kIndexBytes = 40;

struct Layout {
    const char* name;
    std::size_t key_bytes;
    std::size_t value_bytes;
    bool in_order;  // keys of one run come before those of the next
};

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void must(const rocksdb::Status& status) {
    if (status.ok()) return;
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    std::exit(1);
}

/// The i-th key of the layout: random, or counting up.
std::string key_of(const Layout& layout, std::uint64_t i) {
    std::mt19937_64 random{i};
    std::string key(layout.key_bytes, '\0');
    for (char& c : key)
        c = static_cast<char>(random());
    if (layout.in_order) {
        for (std::size_t byte = 0; byte < 8; ++byte)
            key[byte] = static_cast<char>(i >> (56 - 8 * byte));
    }
    return key;
}

/// @return CPU seconds per million items, of writing the runs and of merging them
std::pair<double, double> measure(const Layout& layout, std::size_t items, std::size_t of_run,
                                  const std::filesystem::path& folder) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder / "staging");
    const storage::StoreOptions store;
    rocksdb::DBOptions options = storage::database_options(store);
    options.create_if_missing = true;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    must(rocksdb::DB::Open(options, (folder / "db").string(),
                           {{"default", storage::item_family_options(store)}}, &handles, &opened));
    const std::unique_ptr<rocksdb::DB> db{opened};
    const rocksdb::Options run = storage::run_options(db->GetOptions());
    const std::string value(layout.value_bytes, 'v');
    double writing = 0;
    for (std::size_t begin = 0; begin < items; begin += of_run) {
        std::vector<std::string> keys;
        for (std::size_t i = begin; i < std::min(items, begin + of_run); ++i)
            keys.push_back(key_of(layout, i));
        const double before = cpu_seconds();
        std::sort(keys.begin(), keys.end());
        rocksdb::SstFileWriter writer{rocksdb::EnvOptions{run}, run, nullptr, false};
        const std::string file = folder / "staging" / "run.sst";
        must(writer.Open(file));
        for (const std::string& key : keys)
            must(writer.Put(key, value));
        must(writer.Finish());
        must(db->IngestExternalFile({file}, storage::ingest_options()));
        writing += cpu_seconds() - before;
    }
    const double before = cpu_seconds();
    // What arrived in order lies in order: RocksDB put it where a merge would.
    if (!layout.in_order) must(db->CompactRange({}, nullptr, nullptr));
    const double merging = cpu_seconds() - before;
    std::string files;
    (void)db->GetProperty("rocksdb.num-files-at-level0", &files);
    const double million = static_cast<double>(items) / 1e6;
    std::printf("%-44s %5.2f CPU s/M writing  %5.2f merging  %s files of level 0 at the end\n",
                layout.name, writing / million, merging / million, files.c_str());
    std::fflush(stdout);
    must(db->DestroyColumnFamilyHandle(handles[0]));
    must(db->Close());
    std::filesystem::remove_all(folder);
    return {writing / million, merging / million};
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t items = argc > 1 ? std::stoul(argv[1]) : 4'000'000;
    const std::size_t of_run = argc > 2 ? std::stoul(argv[2]) : 480'000;
    const std::filesystem::path folder = argc > 3
                                             ? std::filesystem::path{argv[3]}
                                             : std::filesystem::temp_directory_path() /
                                                   ("bench_layout." + std::to_string(::getpid()));
    const auto by_hash =
        measure({"items under their hashes", kHashKey, kBlobBytes, false}, items, of_run, folder);
    const auto by_path =
        measure({"items under paths that arrive in order", kPathKey, kBlobBytes, true}, items,
                of_run, folder);
    const auto index =
        measure({"paths under hashes", kHashKey, kIndexBytes, false}, items, of_run, folder);
    const double one = by_hash.first + by_hash.second;
    const double other = by_path.first + by_path.second;
    std::printf("paths alone: %.2f times hashes; with the index: %.2f times\n", other / one,
                (other + index.first + index.second) / one);
    return 0;
}
