#include <random>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <storage/rocks_store.hpp>
#include <support/shared_files.hpp>
#include <sync/verify.hpp>

#include "state_fixture.hpp"

namespace fastsync {

using storage::ItemKind;
using storage::MemoryStore;

namespace {

struct Fixture {
    nlohmann::json meta;
    Bytes nodes;
    Bytes codes;

    [[nodiscard]] Hash256 root_of(const std::string& block) const {
        return test::hash_of(meta["state_roots"][block].get<std::string>());
    }
    void load(storage::StateStore& store) const {
        CHECK(test::load_records(store, ItemKind::kNode, nodes) == 42'153);
        CHECK(test::load_records(store, ItemKind::kCode, codes) == 441);
    }
};

/// A chain whose state was made by go-ethereum; totals counted by another program.
std::optional<Fixture> fixture() {
    const auto meta = test::shared_file("fixtures/geth-small/meta.json");
    if (!meta) return std::nullopt;
    return Fixture{nlohmann::json::parse(test::read_text(*meta)),
                   test::read_file(*test::shared_file("fixtures/geth-small/nodes.bin")),
                   test::read_file(*test::shared_file("fixtures/geth-small/codes.bin"))};
}

void check_totals(const sync::VerifyReport& report, const nlohmann::json& expected) {
    CHECK(report.complete);
    CHECK_FALSE(report.interrupted);
    CHECK(report.missing.count == 0);
    CHECK(report.corrupt.count == 0);
    CHECK(report.account_trie_nodes == expected["accountTrieNodes"]);
    CHECK(report.accounts == expected["accountLeaves"]);
    CHECK(report.storage_tries == expected["uniqueStorageTries"]);
    CHECK(report.storage_trie_nodes == expected["uniqueStorageTrieNodes"]);
    CHECK(report.storage_slots == expected["uniqueStorageSlots"]);
    CHECK(report.codes == expected["uniqueCodes"]);
    CHECK(report.items == expected["totalUniqueItems"]);
    CHECK(report.bytes == expected["totalUniqueBytes"]);
    CHECK(to_hex(report.xor_of_hashes) == expected["xorOfUniqueHashes"]);
}

}  // namespace

TEST_CASE("verify_state: a state of go-ethereum has the totals counted elsewhere", "[verify]") {
    const auto given = fixture();
    if (!given) return;
    MemoryStore store;
    given->load(store);
    const auto report = sync::verify_state(given->root_of("200"), store);
    CHECK(report.state_root == given->root_of("200"));
    check_totals(report, given->meta["state_at_200"]);
}

TEST_CASE("verify_state: the same from a database, before and after merging", "[verify]") {
    const auto given = fixture();
    if (!given) return;
    const test::TempDir folder;
    auto store = storage::RocksStore::open_or_create(folder.path(), {99001, {}});
    REQUIRE(store);
    given->load(**store);
    check_totals(sync::verify_state(given->root_of("200"), **store), given->meta["state_at_200"]);
    REQUIRE((*store)->settle());
    check_totals(sync::verify_state(given->root_of("200"), **store), given->meta["state_at_200"]);
}

TEST_CASE("verify_state: the states of all blocks are whole", "[verify]") {
    const auto given = fixture();
    if (!given) return;
    MemoryStore store;
    given->load(store);
    struct Counted {
        const char* block;
        std::uint64_t accounts, account_nodes, tries, storage_nodes, slots;
    };
    // Counted by a separate walk in another language.
    for (const Counted& c :
         {Counted{"0", 1, 1, 0, 0, 0}, Counted{"8", 5922, 8184, 611, 31737, 23300},
          Counted{"100", 6014, 8307, 612, 32107, 23576},
          Counted{"264", 6178, 8539, 612, 32800, 24068}}) {
        CAPTURE(c.block);
        const auto report = sync::verify_state(given->root_of(c.block), store);
        CHECK(report.complete);
        CHECK(report.accounts == c.accounts);
        CHECK(report.account_trie_nodes == c.account_nodes);
        CHECK(report.storage_tries == c.tries);
        CHECK(report.storage_trie_nodes == c.storage_nodes);
        CHECK(report.storage_slots == c.slots);
        CHECK(report.items == c.account_nodes + c.storage_nodes + report.codes);
    }
}

TEST_CASE("verify_state: every removed or flipped item below the root is noticed", "[verify]") {
    const auto given = fixture();
    if (!given) return;
    MemoryStore store;
    given->load(store);
    const Hash256 root = given->root_of("8");
    std::mt19937_64 random{20240131};
    std::vector<Hash256> nodes;
    REQUIRE(store.for_each(ItemKind::kNode, [&](const Hash256& hash, ByteView) {
        nodes.push_back(hash);
        return storage::Visit::kContinue;
    }));
    const auto whole = sync::verify_state(root, store);
    std::size_t noticed = 0;
    for (int round = 0; round < 5; ++round) {
        const Hash256 victim = nodes[random() % nodes.size()];
        const Bytes blob = *store.get(ItemKind::kNode, victim);
        Bytes flipped = blob;
        flipped[random() % flipped.size()] ^= static_cast<Byte>(1U << random() % 8);
        REQUIRE(store.overwrite(ItemKind::kNode, victim, flipped));
        const auto corrupt = sync::verify_state(root, store);
        REQUIRE(store.erase(ItemKind::kNode, victim));
        const auto missing = sync::verify_state(root, store);
        storage::NodeBatch back;
        back.add(ItemKind::kNode, victim, blob);
        REQUIRE(store.commit(std::move(back)));
        // Nodes that only later blocks have are not below this root.
        CHECK(corrupt.complete == missing.complete);
        CHECK(corrupt.items == missing.items);
        if (corrupt.complete) {
            CHECK(corrupt.items == whole.items);
            continue;
        }
        ++noticed;
        REQUIRE(corrupt.corrupt.named.size() == 1);
        CHECK(corrupt.corrupt.count == 1);
        CHECK(corrupt.missing.count == 0);
        CHECK(corrupt.corrupt.named[0].hash == victim);
        REQUIRE(missing.missing.named.size() == 1);
        CHECK(missing.missing.count == 1);
        CHECK(missing.corrupt.count == 0);
        CHECK(missing.missing.named[0].hash == victim);
        CHECK(missing.items < whole.items);
    }
    CHECK(noticed > 0);
}

}  // namespace fastsync
