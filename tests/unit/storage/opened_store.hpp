#pragma once

#include <filesystem>
#include <memory>

#include <catch2/catch.hpp>

#include <storage/rocks_store.hpp>

#include "store_items.hpp"

namespace fastsync::test {

inline std::unique_ptr<storage::RocksStore> open(const std::filesystem::path& path,
                                                 const storage::StoreOptions& options = {}) {
    auto store = storage::RocksStore::open_or_create(path, kTestChain, options);
    if (!store) FAIL(store.error().message());
    return *std::move(store);
}

inline bool whole(const storage::NodeReader& store, std::uint64_t batch) {
    return present_of(store, batch) == static_cast<std::int64_t>(size_of_batch(batch));
}
inline bool absent(const storage::NodeReader& store, std::uint64_t batch) {
    return present_of(store, batch) == 0;
}

}  // namespace fastsync::test
