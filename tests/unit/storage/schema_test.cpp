#include <catch2/catch.hpp>

#include <storage/schema.hpp>

#include "store_items.hpp"

namespace fastsync {

using namespace storage;

TEST_CASE("Schema: a code and a node of one hash have different keys", "[storage]") {
    const Hash256 hash{{1, 2, 3}};
    const schema::ItemKey code{ItemKind::kCode, hash};
    const schema::ItemKey node{ItemKind::kNode, hash};
    CHECK(code.view().size() == 33);
    CHECK(code.view()[0] == 'c');
    CHECK(node.view()[0] == 'n');
    CHECK(code.view().substr(1) == node.view().substr(1));
    CHECK(*schema::hash_of_key(node.view()) == hash);
}

TEST_CASE("Schema: a key of another length is no item key", "[storage]") {
    CHECK(schema::hash_of_key(std::string(32, 'n')).error().code == Errc::kCorrupt);
    CHECK(schema::hash_of_key(std::string(34, 'n')).error().code == Errc::kCorrupt);
}

TEST_CASE("Schema: the identity record holds network and genesis", "[storage]") {
    const Bytes record = encode_identity(test::kTestChain);
    CHECK(record.size() == 44);
    CHECK(*decode_identity(record) == test::kTestChain);
}

TEST_CASE("Schema: a record of another schema version is incompatible, whatever follows",
          "[storage]") {
    Bytes record = encode_identity(test::kTestChain);
    record[3] = 2;
    const auto newer = decode_identity(record);
    CHECK(newer.error().code == Errc::kIncompatible);
    CHECK(newer.error().detail.find("version 2") != std::string::npos);
    record.resize(9);
    CHECK(decode_identity(record).error().code == Errc::kIncompatible);
}

TEST_CASE("Schema: a cut or lengthened identity record is corrupt", "[storage]") {
    Bytes record = encode_identity(test::kTestChain);
    record.push_back(0);
    CHECK(decode_identity(record).error().code == Errc::kCorrupt);
    record.resize(43);
    CHECK(decode_identity(record).error().code == Errc::kCorrupt);
    record.resize(3);
    CHECK(decode_identity(record).error().code == Errc::kCorrupt);
}

}  // namespace fastsync
