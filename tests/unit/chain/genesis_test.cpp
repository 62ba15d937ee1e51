#include <fstream>
#include <map>

#include <catch2/catch.hpp>

#include <chain/genesis.hpp>
#include <crypto/keccak.hpp>
#include <trie/account.hpp>
#include <trie/constants.hpp>

#include "support/memory_nodes.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::chain;
using fastsync::test::hash_of;
using fastsync::test::hex;
using fastsync::test::MemoryNodes;
using fastsync::test::shared_file;

namespace {

constexpr std::string_view kHead = R"({"difficulty": "0x20000", "gasLimit": "4700000", )";

/// A genesis of one account, its content given.
std::string with_account(std::string_view content) {
    return std::string(kHead) + R"("alloc": {"71562b71999873db5b286df957af199ec94617f7": {)" +
           std::string(content) + "}}}";
}

/// `parts`: what the error has to name.
void check_refused(const std::string& text, std::initializer_list<std::string_view> parts) {
    CAPTURE(text);
    const auto genesis = parse_genesis(text, "some.json");
    REQUIRE_FALSE(genesis);
    CHECK(genesis.error().code == Errc::kConfig);
    const std::string& detail = genesis.error().detail;
    CAPTURE(detail);
    CHECK(detail.starts_with("some.json: "));
    for (const std::string_view part : parts)
        CHECK(detail.find(part) != std::string::npos);
}

const GenesisAccount& only_account(const Result<Genesis>& genesis) {
    REQUIRE(genesis);
    REQUIRE(genesis->alloc.size() == 1);
    return genesis->alloc.begin()->second;
}

}  // namespace

TEST_CASE("Genesis: the main network's allocation gives its state root and its hash", "[chain]") {
    const auto file = shared_file("vectors/mainnet-genesis-alloc.json");
    if (!file) return;
    const auto genesis = load_genesis(*file);
    REQUIRE(genesis);
    CHECK(genesis->alloc.size() == 8893);
    MemoryNodes nodes;
    const Hash256 root = build_genesis_state(*genesis, nodes.sink(), {});
    CHECK(root == hash_of("d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544"));
    const auto header = make_genesis_header(*genesis, root);
    REQUIRE(header);
    CHECK(header->hash ==
          hash_of("d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"));
    CHECK(header->number == 0);
    CHECK(header->difficulty == 17179869184);
    CHECK(header->state_root == root);

    std::size_t accounts = 0;
    trie::TrieVisitor visitor;
    visitor.on_entry = [&](const trie::NibblePath& path, ByteView value) {
        REQUIRE(path.size() == trie::kMaxNibbles);
        REQUIRE(trie::decode_account(value));
        ++accounts;
        return Result<void>{};
    };
    REQUIRE(trie::walk(root, nodes.source(), visitor));
    CHECK(accounts == 8893);
}

TEST_CASE("Genesis: that of geth-small gives the hash its chain starts with", "[chain]") {
    const auto file = shared_file("fixtures/geth-small/genesis.json");
    if (!file) return;
    const auto genesis = load_genesis(*file);
    REQUIRE(genesis);
    CHECK(genesis->chain_id == 99001);
    const Hash256 root = build_genesis_state(*genesis, {}, {});
    CHECK(root == hash_of("d11267f10c5552d7e9216f870f4850470de2d1e37da51153739760bda2e436bb"));
    CHECK(make_genesis_header(*genesis, root)->hash ==
          hash_of("9c45e411fdbd29e460e6feaa1df7a67b2d3ebd2d71a85e21129796eb5ba0a1dd"));
}

TEST_CASE("Genesis: another root or hash than the file expects is an error", "[chain]") {
    auto genesis = parse_genesis(with_account(R"("balance": "1")"), "some.json");
    REQUIRE(genesis);
    const Hash256 root = build_genesis_state(*genesis, {}, {});
    const auto header = make_genesis_header(*genesis, root);
    REQUIRE(header);
    genesis->expected_state_root = root;
    genesis->expected_hash = header->hash;
    CHECK(make_genesis_header(*genesis, root));
    genesis->expected_hash = root;
    CHECK(make_genesis_header(*genesis, root).error().code == Errc::kConfig);
    genesis->expected_state_root = header->hash;
    CHECK(make_genesis_header(*genesis, root).error().code == Errc::kConfig);
}

TEST_CASE("Genesis: accounts with nonce, code and storage", "[chain]") {
    const auto genesis =
        parse_genesis(with_account(R"("balance": "0x0a", "nonce": "0x3", "code": "0x6001",
                        "storage": {"0x01": "0x02", "0x00": "0x0000",
                        "0xff00000000000000000000000000000000000000000000000000000000000000": "ab"})"),
                      "some.json");
    const GenesisAccount& account = only_account(genesis);
    CHECK(account.balance == 10);
    CHECK(account.nonce == 3);
    CHECK(account.code == hex("6001"));
    CHECK(account.storage.size() == 3);

    MemoryNodes nodes;
    std::map<Hash256, Bytes> codes;
    const Hash256 root =
        build_genesis_state(*genesis, nodes.sink(), [&](const Hash256& hash, ByteView code) {
            CHECK(codes.emplace(hash, to_bytes(code)).second);
        });
    CHECK(codes.size() == 1);
    CHECK(codes.at(crypto::keccak256(hex("6001"))) == hex("6001"));

    trie::Account leaf;
    trie::TrieVisitor visitor;
    visitor.on_entry = [&](const trie::NibblePath&, ByteView value) {
        leaf = *trie::decode_account(value);
        return Result<void>{};
    };
    REQUIRE(trie::walk(root, nodes.source(), visitor));
    CHECK(leaf.nonce == 3);
    CHECK(leaf.code_hash == crypto::keccak256(hex("6001")));

    std::map<Hash256, U256> slots;
    visitor.on_entry = [&](const trie::NibblePath& path, ByteView value) {
        slots[path.key()] = *trie::decode_storage_value(value);
        return Result<void>{};
    };
    REQUIRE(trie::walk(leaf.storage_root, nodes.source(), visitor));
    Hash256 one;
    one.data[31] = 1;
    const Hash256 high{{0xff}};
    CHECK(slots == std::map<Hash256, U256>{{crypto::keccak256(one), 2},
                                           {crypto::keccak256(high), 0xab}});  // zero is no slot
}

TEST_CASE("Genesis: a code that several accounts share is told once", "[chain]") {
    Genesis genesis;
    for (Byte i = 0; i < 3; ++i)
        genesis.alloc[Address{{i}}].code = Bytes{1, 2};
    int codes = 0;
    (void)build_genesis_state(genesis, {}, [&](const Hash256&, ByteView) { ++codes; });
    CHECK(codes == 1);
}

TEST_CASE("Genesis: without accounts the state is the empty trie", "[chain]") {
    const auto genesis = parse_genesis(std::string(kHead) + R"("alloc": {}})", "some.json");
    REQUIRE(genesis);
    CHECK(build_genesis_state(*genesis, {}, {}) == trie::kEmptyRoot);
}

TEST_CASE("Genesis: numbers are hex, decimal or JSON integers of their size", "[chain]") {
    const auto balance = [](std::string_view text) {
        return parse_genesis(with_account(R"("balance": )" + std::string(text)), "some.json");
    };
    CHECK(only_account(balance("17")).balance == 17);
    CHECK(only_account(balance("\"17\"")).balance == 17);
    CHECK(only_account(balance("\"0x11\"")).balance == 17);
    CHECK(only_account(balance("\"0x0\"")).balance == 0);
    const U256 largest = std::numeric_limits<U256>::max();
    const std::string decimal = largest.str();
    CHECK(only_account(balance("\"" + decimal + "\"")).balance == largest);
    CHECK(only_account(balance("\"0x00" + std::string(64, 'f') + "\"")).balance == largest);

    std::string over = decimal;
    over.back() = static_cast<char>(over.back() + 1);
    for (const std::string& text :
         {"\"" + over + "\"", "\"" + decimal + "0\"", "\"0x1" + std::string(64, '0') + "\"",
          std::string("\"\""), std::string("\"0x\""), std::string("\"-1\""), std::string("-1"),
          std::string("1.5"), std::string("\"12a\""), std::string("\"0x1g\""),
          std::string("\"0x0x12\""), std::string("{}"), std::string("true")}) {
        check_refused(with_account(R"("balance": )" + text),
                      {"alloc.71562b71999873db5b286df957af199ec94617f7.balance: "});
    }
    const auto nonce = [](std::string_view text) {
        return with_account(R"("balance": "1", "nonce": ")" + std::string(text) + "\"");
    };
    CHECK(only_account(parse_genesis(nonce("0xffffffffffffffff"), "")).nonce ==
          std::numeric_limits<std::uint64_t>::max());
    check_refused(nonce("0x10000000000000000"), {".nonce: ", "64 bits"});
}

TEST_CASE("Genesis: wrong input is refused, file and key named", "[chain]") {
    check_refused("", {"not JSON"});
    check_refused("{", {"not JSON"});
    check_refused("[]", {"not a JSON object"});
    check_refused("{}", {"\"alloc\"", "\"accounts\""});
    CHECK(parse_genesis("[]", "some.json").error().detail == "some.json: not a JSON object");
    check_refused(R"({"alloc": {}})", {"\"difficulty\""});
    check_refused(R"({"alloc": {}, "difficulty": "1"})", {"\"gasLimit\""});
    check_refused(std::string(kHead) + R"("alloc": []})", {"alloc: ", "not a JSON object"});
    check_refused(std::string(kHead) + R"("alloc": {"00": {"balance": "1"}}})",
                  {"alloc.00: ", "20 bytes"});
    check_refused(std::string(kHead) + R"("alloc": {"0x": {}}})", {"alloc.0x"});
    check_refused(std::string(kHead) + R"("alloc": {"zz": {"balance": "1"}}})",
                  {"alloc.zz: ", "not hex"});
    check_refused(
        std::string(kHead) + R"("alloc": {"71562b71999873db5b286df957af199ec94617f7": 5}})",
        {"alloc.7156", "not a JSON object"});
    check_refused(with_account(""), {"\"balance\""});
    check_refused(with_account(R"("balance": "1", "code": "0x123")"), {".code: ", "odd length"});
    check_refused(with_account(R"("balance": "1", "code": 5)"), {".code: ", "not hex"});
    check_refused(with_account(R"("balance": "1", "storage": [])"), {".storage: "});
    check_refused(with_account(R"("balance": "1", "storage": {"0x01": 5})"), {".storage.0x01: "});
    check_refused(with_account(R"("balance": "1", "storage": {"0x01": "0x2"})"),
                  {".storage.0x01: ", "odd length"});
    check_refused(with_account(R"("balance": "1", "storage": {"0x01": "0x02", "01": "0x02"})"),
                  {".storage.", "twice"});
    check_refused(
        with_account(R"("balance": "1", "storage": {")" + std::string(66, '1') + R"(": "01"})"),
        {".storage.1111", "32 bytes"});
    check_refused(std::string(kHead) + R"("alloc": {"71562b71999873db5b286df957af199ec94617f7":
                  {"balance": "1"}, "0x71562B71999873db5b286df957af199ec94617f7":
                  {"balance": "2"}}})",
                  {"alloc.", "twice"});
    check_refused(std::string(kHead) + R"("mixHash": "0x12", "alloc": {}})", {"mixHash: "});
    check_refused(std::string(kHead) + R"("coinbase": "0x", "alloc": {}})", {"coinbase: "});
    check_refused(std::string(kHead) + R"("config": 5, "alloc": {}})", {"config: "});
    check_refused(std::string(kHead) + R"("config": {"shanghaiTime": 0}, "alloc": {}})",
                  {"config: ", "shanghaiTime"});
    check_refused(R"({"accounts": {"71562b71999873db5b286df957af199ec94617f7": {}}})",
                  {"accounts.7156"});
    check_refused(R"({"accounts": {}, "state_root": "0x00"})", {"state_root: ", "32 bytes"});
}

TEST_CASE("Genesis: the forks are the config's Block and Time keys", "[chain]") {
    const auto genesis = parse_genesis(
        std::string(kHead) + R"("timestamp": "0x64", "config": {"homesteadBlock": 0, )"
                             R"("eip150Block": "0x10", "eip150Hash": "0x00", "eip155Block": 20, )"
                             R"("londonBlock": null, "osakaTime": 200, "chainId": 5, )"
                             R"("terminalTotalDifficulty": 9, "clique": {"period": 15}}, )"
                             R"("alloc": {}})",
        "g");
    REQUIRE(genesis);
    const Hash256 hash{{0x42}};
    const ForkSchedule forks = fork_schedule(*genesis, hash);
    CHECK(forks == ForkSchedule{hash, 100, {16, 20, 0}, {200}});
    check_refused(std::string(kHead) + R"("config": {"eip150Block": true}, "alloc": {}})",
                  {"config.eip150Block: "});
    check_refused(std::string(kHead) + R"("config": {"osakaTime": "later"}, "alloc": {}})",
                  {"config.osakaTime: "});
    check_refused(std::string(kHead) +
                      R"("timestamp": "0x64", "config": {"shanghaiTime": 100}, "alloc": {}})",
                  {"config: ", "shanghaiTime"});
    CHECK(parse_genesis(std::string(kHead) +
                            R"("timestamp": "0x64", "config": {"shanghaiTime": 101}, "alloc": {}})",
                        "g"));
}

TEST_CASE("Genesis: code and extra data up to their limit, not beyond", "[chain]") {
    const auto code = [](std::size_t size) {
        return with_account(R"("balance": "1", "code": "0x)" + std::string(size * 2, '6') + "\"");
    };
    CHECK(only_account(parse_genesis(code(kMaxGenesisCode), "")).code.size() == kMaxGenesisCode);
    check_refused(code(kMaxGenesisCode + 1), {".code: ", "more than 1048576 bytes"});
    const auto extra = [](std::size_t size) {
        return std::string(kHead) + R"("alloc": {}, "extraData": ")" + std::string(size * 2, '6') +
               "\"}";
    };
    const auto longest = parse_genesis(extra(kMaxGenesisExtra), "");
    REQUIRE(longest);
    CHECK(make_genesis_header(*longest, trie::kEmptyRoot));
    check_refused(extra(kMaxGenesisExtra + 1), {"extraData: "});
}

TEST_CASE("Genesis: a base fee is appended when London is active at the start", "[chain]") {
    const auto of = [](std::string_view more) {
        const auto genesis =
            parse_genesis(std::string(kHead) + std::string(more) + R"("alloc": {}})", "");
        REQUIRE(genesis);
        return genesis->base_fee;
    };
    CHECK(of("") == std::nullopt);
    CHECK(of(R"("config": {"londonBlock": 5}, )") == std::nullopt);
    CHECK(of(R"("config": {"londonBlock": 0}, )") == U256{1000000000});
    CHECK(of(R"("baseFeePerGas": "0x7", "config": {"londonBlock": 0}, )") == U256{7});

    Genesis genesis;
    const auto without = make_genesis_header(genesis, trie::kEmptyRoot);
    genesis.base_fee = 7;
    const auto with = make_genesis_header(genesis, trie::kEmptyRoot);
    CHECK(with->raw.size() == without->raw.size() + 1);
    CHECK(with->raw.back() == 7);
}

TEST_CASE("Genesis: a file that is not there is a storage error that names it", "[chain]") {
    const test::TempDir folder;
    const auto genesis = load_genesis(folder.path() / "none.json");
    REQUIRE_FALSE(genesis);
    CHECK(genesis.error().code == Errc::kStorage);
    CHECK(genesis.error().detail.find("none.json") != std::string::npos);
    CHECK_FALSE(load_genesis(folder.path()));

    const auto file = folder.path() / "small.json";
    std::ofstream(file) << "{}";
    CHECK(load_genesis(file).error().detail.starts_with(file.string() + ": "));
}

TEST_CASE("Genesis: a file of 256 MiB is read, one byte more is refused", "[chain]") {
    const test::TempDir folder;
    const auto file = folder.path() / "large.json";
    std::ofstream(file) << "{}";
    std::filesystem::resize_file(file, kMaxGenesisFile + 1);  // sparse
    CHECK(load_genesis(file).error().detail ==
          file.string() + ": a genesis of more than 268435456 bytes");
    // At the limit it is looked into, which would take half a gigabyte of memory: a lower one.
    std::filesystem::resize_file(file, 1000);
    CHECK(load_genesis(file, 1000).error().detail.find("neither a genesis") != std::string::npos);
    std::filesystem::resize_file(file, 1001);
    CHECK(load_genesis(file, 1000).error().detail ==
          file.string() + ": a genesis of more than 1000 bytes");
}
