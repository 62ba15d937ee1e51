#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>
#include <rocksdb/db.h>

#include <storage/schema.hpp>

namespace fastsync::test {

/// Writes a record of ours as another program might.
inline void put_raw(const std::filesystem::path& path, std::string_view key, ByteView value) {
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string_view name : {storage::schema::kItemFamily, storage::schema::kMetaFamily})
        families.emplace_back(std::string{name}, rocksdb::ColumnFamilyOptions{});
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    REQUIRE(rocksdb::DB::Open({}, (path / "db").string(), families, &handles, &opened).ok());
    const std::unique_ptr<rocksdb::DB> db{opened};
    const rocksdb::Slice bytes{reinterpret_cast<const char*>(value.data()), value.size()};
    CHECK(db->Put({}, handles[1], {key.data(), key.size()}, bytes).ok());
    for (rocksdb::ColumnFamilyHandle* handle : handles)
        CHECK(db->DestroyColumnFamilyHandle(handle).ok());
}

}  // namespace fastsync::test
