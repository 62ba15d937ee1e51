#include <map>

#include <catch2/catch.hpp>

#include <devnet/origin.hpp>
#include <trie/account.hpp>
#include <trie/constants.hpp>
#include <trie/walk.hpp>

#include "served_state.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using devnet::generate_state;
using devnet::ItemStore;
using devnet::StateSize;

namespace {

trie::NodeSource source_of(const ItemStore& items) {
    return [&items](const Hash256& hash) -> std::optional<ByteView> {
        const devnet::StoredItem* const item = items.find(hash);
        return item == nullptr ? std::nullopt : std::optional{item->bytes()};
    };
}

std::vector<trie::Account> accounts_of(const ItemStore& items, const Hash256& root) {
    std::vector<trie::Account> accounts;
    trie::TrieVisitor visitor;
    visitor.on_entry = [&](const trie::NibblePath&, ByteView value) -> Result<void> {
        FASTSYNC_TRY(const trie::Account account, trie::decode_account(value));
        accounts.push_back(account);
        return {};
    };
    REQUIRE(trie::walk(root, source_of(items), visitor));
    return accounts;
}

std::size_t slots_of(const ItemStore& items, const Hash256& root) {
    std::size_t slots = 0;
    trie::TrieVisitor visitor;
    visitor.on_entry = [&](const trie::NibblePath&, ByteView) -> Result<void> {
        ++slots;
        return {};
    };
    REQUIRE(trie::walk(root, source_of(items), visitor));
    return slots;
}

Hash256 root_of(const StateSize& size) {
    ItemStore items;
    const auto root = generate_state(size, items);
    REQUIRE(root);
    return *root;
}

}  // namespace

TEST_CASE("generate_state: the same size and seed give the same state", "[devnet]") {
    const StateSize size{500, 50, 7};
    const Hash256 root = root_of(size);
    CHECK(root_of(size) == root);
    CHECK(root_of({500, 50, 8}) != root);
    CHECK(root_of({501, 50, 7}) != root);
    CHECK(root_of({500, 51, 7}) != root);
    // A state that is known: nobody's machine or compiler makes another one of it.
    CHECK(to_hex(root) == "bda9c73ac245d9c3f273098d08d70bc28aa5fcd9ae853d2161f07a5e030a21e3");
}

TEST_CASE("generate_state: the state is complete and nothing lies beside it", "[devnet]") {
    const StateSize size = GENERATE(StateSize{1, 0, 1}, StateSize{1, 1, 2}, StateSize{40, 40, 3},
                                    StateSize{2000, 300, 4}, StateSize{2000, 300, 4, true});
    CAPTURE(size.accounts, size.contracts);
    ItemStore items;
    const auto root = generate_state(size, items);
    REQUIRE(root);
    const auto report = test::verify(items, *root);
    CHECK(report.complete);
    CHECK(report.accounts == size.accounts);
    CHECK(report.items == items.size());
    CHECK(report.bytes == items.bytes());
}

TEST_CASE("generate_state: storage and code are as uneven and shared as in the wild", "[devnet]") {
    ItemStore items;
    const auto root = generate_state({3000, 600, 5}, items);
    REQUIRE(root);
    std::map<Hash256, std::size_t> storages;
    std::map<Hash256, std::size_t> codes;
    std::size_t without_code = 0;
    std::size_t without_storage = 0;
    for (const trie::Account& account : accounts_of(items, *root)) {
        if (account.code_hash == trie::kEmptyCodeHash) {
            ++without_code;
            CHECK(account.storage_root == trie::kEmptyRoot);
            continue;
        }
        ++codes[account.code_hash];
        if (account.storage_root == trie::kEmptyRoot) {
            ++without_storage;
        } else {
            ++storages[account.storage_root];
        }
    }
    const auto shared = [](const auto& item) { return item.second > 1; };
    CHECK(without_code == 2400);
    CHECK(without_storage > 20);
    CHECK(std::count_if(codes.begin(), codes.end(), shared) > 20);
    CHECK(std::count_if(storages.begin(), storages.end(), shared) > 20);
    CHECK(storages.size() > 300);

    std::size_t largest = 0;
    std::size_t all = 0;
    for (const auto& [storage, users] : storages) {
        const std::size_t slots = slots_of(items, storage);
        largest = std::max(largest, slots);
        all += slots;
    }
    CAPTURE(largest, all);
    CHECK(largest * 20 > all);
    CHECK(all > storages.size() * 10);
}

TEST_CASE("generate_state: a size that cannot be is refused", "[devnet]") {
    ItemStore items;
    for (const StateSize& size :
         {StateSize{0, 0, 1}, StateSize{10, 11, 1}, StateSize{devnet::kMaxAccounts + 1, 0, 1}}) {
        const auto root = generate_state(size, items);
        REQUIRE_FALSE(root);
        CHECK(root.error().code == Errc::kConfig);
    }
}

TEST_CASE("chain_from_size: the last blocks change the state, the pivot's is the made-up one",
          "[devnet]") {
    const StateSize size{200, 30, 1};
    const auto chain = devnet::chain_from_size(size, 100);
    REQUIRE(chain);
    CHECK(chain->head().number == 100);
    CHECK(chain->head().state_root != chain->header_chain().find(99)->state_root);
    CHECK(chain->header_chain().find(36)->state_root == root_of(size));
    for (const chain::BlockNumber number : {0U, 36U, 93U, 97U, 100U}) {
        CAPTURE(number);
        CHECK(
            test::verify(chain->items(), chain->header_chain().find(number)->state_root).complete);
    }
    const auto same = devnet::chain_from_size(size, 100);
    REQUIRE(same);
    CHECK(same->head() == chain->head());
    const auto short_one = devnet::chain_from_size(size, 0);
    REQUIRE(short_one);
    CHECK(short_one->head().state_root == root_of(size));
}

TEST_CASE("chain_from_genesis: the main network's genesis block and its state", "[devnet]") {
    const auto file = test::shared_file("vectors/mainnet-genesis-alloc.json");
    if (!file) return;
    const auto chain = devnet::chain_from_genesis(*file, 5);
    REQUIRE(chain);
    CHECK(to_hex(chain->header_chain().genesis().hash) ==
          "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3");
    CHECK(to_hex(chain->head().state_root) ==
          "d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544");
    CHECK(chain->head().number == 5);
    CHECK(chain->identity().total_difficulty == U256{6} * 17179869184);
    const auto report = test::verify(chain->items(), chain->head().state_root);
    CHECK(report.complete);
    CHECK(report.accounts == 8893);
}
