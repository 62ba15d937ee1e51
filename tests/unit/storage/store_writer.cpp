// Commits batch after batch into a store until it is killed. After every step it writes a line to
// standard output: "c N" batch N was accepted, "f N" all batches below N are durable.
//
// usage: store_writer FOLDER FIRST_BATCH SEED

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include <unistd.h>

#include <storage/rocks_store.hpp>

#include "store_items.hpp"

namespace {

using namespace fastsync;

void tell(char what, std::uint64_t batch) {
    const std::string line = std::string{what} + ' ' + std::to_string(batch) + '\n';
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::exit(3);
}

void check(const Result<void>& result) {
    if (result) return;
    std::fprintf(stderr, "store_writer: %s\n", result.error().message().c_str());
    std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 1;
    storage::StoreOptions options;
    options.write_buffer_items = 3000;  // some table files start by themselves
    options.merge_trigger = 4;          // and merging is under way most of the time
    auto store = storage::RocksStore::open_or_create(argv[1], test::kTestChain, options);
    if (!store) check(store.error());
    std::mt19937_64 random{std::strtoull(argv[3], nullptr, 10)};
    for (std::uint64_t batch = std::strtoull(argv[2], nullptr, 10);; ++batch) {
        check((*store)->commit(test::batch_of(batch)));
        tell('c', batch);
        if (random() % 16 == 0) check((*store)->begin_flush());
        if (random() % 64 != 0) continue;
        check((*store)->flush());
        tell('f', batch + 1);
        check((*store)->save_meta(test::kDurableRecord, test::encode_count(batch + 1)));
    }
}
