#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include <devnet/block_maker.hpp>
#include <devnet/origin.hpp>
#include <devnet/state_references.hpp>
#include <trie/account.hpp>
#include <trie/constants.hpp>
#include <trie/node.hpp>
#include <trie/walk.hpp>

#include "served_state.hpp"
#include "support/sanitized.hpp"
#include "support/state_model.hpp"

using namespace fastsync;
using devnet::ItemStore;
using devnet::StateReferences;

namespace {

void add_all(ItemStore& items, const test::BuiltState& state) {
    for (const auto& [hash, bytes] : state.nodes)
        items.add(hash, bytes);
    for (const auto& [hash, bytes] : state.codes)
        items.add(hash, bytes);
}

/// The store holds the items of these states, byte for byte, and no others.
void check_holds(const ItemStore& items, const std::vector<const test::BuiltState*>& states) {
    std::map<Hash256, const Bytes*> expected;
    for (const test::BuiltState* const state : states) {
        for (const auto* const part : {&state->nodes, &state->codes})
            for (const auto& [hash, bytes] : *part)
                expected.emplace(hash, &bytes);
    }
    CHECK(items.size() == expected.size());
    // Counted, not required one by one: that takes longer than the search.
    std::size_t sound = 0;
    for (const auto& [hash, bytes] : expected) {
        const devnet::StoredItem* const item = items.find(hash);
        sound += item != nullptr && equal(item->bytes(), *bytes);
    }
    CHECK(sound == expected.size());
}

/// Every item of a state, found by walking it; fails when one is missing.
void collect(const ItemStore& items, const Hash256& root, std::set<Hash256>& found) {
    const trie::NodeSource source = [&](const Hash256& hash) -> std::optional<ByteView> {
        const devnet::StoredItem* const item = items.find(hash);
        return item == nullptr ? std::nullopt : std::optional{item->bytes()};
    };
    trie::TrieVisitor storage;
    storage.on_node = [&](const trie::NibblePath&, const Hash256& hash, ByteView) {
        found.insert(hash);
        return Result<void>{};
    };
    trie::TrieVisitor accounts = storage;
    accounts.on_entry = [&](const trie::NibblePath&, ByteView value) -> Result<void> {
        FASTSYNC_TRY(const trie::Account account, trie::decode_account(value));
        if (account.code_hash != trie::kEmptyCodeHash) {
            if (!source(account.code_hash)) return Error{Errc::kNotFound, "a code"};
            found.insert(account.code_hash);
        }
        if (found.contains(account.storage_root)) return {};  // walked before
        return trie::walk(account.storage_root, source, storage);
    };
    const auto walked = trie::walk(root, source, accounts);
    CAPTURE(to_hex(root));
    if (!walked) FAIL(walked.error().message());
}

/// All states a full node would serve are whole, and nothing else is there.
void check_served(const devnet::DevChain& chain) {
    const chain::BlockNumber head = chain.head().number;
    CAPTURE(head);
    const chain::BlockNumber kept = std::min<chain::BlockNumber>(head + 1, devnet::kStatesKept);
    std::set<Hash256> found;
    for (chain::BlockNumber number = head + 1 - kept; number <= head; ++number)
        collect(chain.items(), chain.header_chain().find(number)->state_root, found);
    CHECK(chain.items().size() == found.size());
    CHECK(test::verify(chain.items(), chain.head().state_root).complete);
    if (kept <= head) {
        const auto& old = *chain.header_chain().find(head - kept);
        CHECK(chain.items().find(old.state_root) == nullptr);
    }
}

}  // namespace

TEST_CASE("StateReferences: held states stay whole, the rest goes, in whatever order",
          "[devnet][property]") {
    const auto seed = GENERATE(range(1U, test::repeats(9, 4)));
    CAPTURE(seed);
    test::StateGenerator generator(seed);
    test::StateModel model = generator.make(25);
    ItemStore items;
    StateReferences references(items);
    std::vector<test::BuiltState> states;
    states.reserve(60);
    std::vector<const test::BuiltState*> held;
    for (std::size_t step = 0; step < 120; ++step) {
        const bool may_hold = states.size() < 60;
        if (may_hold && (held.empty() || generator.below(3) != 0)) {
            // Now and then an older state comes back: its nodes are made anew.
            const bool again = !states.empty() && generator.below(4) == 0;
            if (!again) {
                generator.mutate(model, 1 + generator.below(6));
                states.push_back(test::build(model));
            }
            const auto& state = again ? states[generator.below(states.size())] : states.back();
            add_all(items, state);
            REQUIRE(references.hold(state.root));
            held.push_back(&state);
        } else if (!held.empty()) {
            const auto which =
                held.begin() + static_cast<std::ptrdiff_t>(generator.below(held.size()));
            references.release((*which)->root);
            held.erase(which);
        }
        check_holds(items, held);
    }
    for (const test::BuiltState* const state : held)
        references.release(state->root);
    CHECK(items.size() == 0);
}

TEST_CASE("StateReferences: a code that is also a trie node keeps what both need", "[devnet]") {
    // The code of the first account is the very bytes of the second one's storage root.
    test::StateModel model;
    for (Byte slot = 1; slot < 5; ++slot)
        model.accounts[Hash256{{0x10}}].storage[Hash256{{slot}}] = U256{1} << 200U;
    const test::BuiltState storage_only = test::build(model);
    model.accounts[Hash256{{0x20}}].code = [&] {
        const auto account = trie::decode_account(to_bytes(
            std::get<trie::LeafView>(*trie::decode_node(storage_only.nodes.at(storage_only.root)))
                .value));
        REQUIRE(account);
        return storage_only.nodes.at(account->storage_root);
    }();
    const test::BuiltState both = test::build(model);
    model.accounts.erase(Hash256{{0x10}});
    const test::BuiltState code_only = test::build(model);

    ItemStore items;
    StateReferences references(items);
    add_all(items, code_only);
    REQUIRE(references.hold(code_only.root));
    add_all(items, both);
    REQUIRE(references.hold(both.root));
    references.release(code_only.root);
    check_holds(items, {&both});
    references.release(both.root);
    CHECK(items.size() == 0);
}

TEST_CASE("StateReferences: a state that lacks something is not held", "[devnet]") {
    test::StateGenerator generator(3);
    const test::BuiltState state = test::build(generator.make(30));
    ItemStore items;
    add_all(items, state);
    const auto which = GENERATE(0U, 1U, 2U);
    auto victim = state.nodes.begin();
    std::advance(victim, static_cast<std::ptrdiff_t>(which * (state.nodes.size() - 1) / 2));
    items.erase(*items.find(victim->first));
    StateReferences references(items);
    const auto held = references.hold(state.root);
    REQUIRE_FALSE(held);
    CHECK(held.error().code == Errc::kNotFound);
    CHECK(held.error().detail.find(to_hex(victim->first)) != std::string::npos);
}

TEST_CASE("BlockMaker: the last 128 states are served whole, and no item beside them",
          "[devnet][property]") {
    const auto seed = GENERATE(range(1U, 3U));
    CAPTURE(seed);
    auto chain = devnet::chain_from_size({30, 12, seed}, seed % 2 == 0 ? 0 : 3);
    REQUIRE(chain);
    devnet::BlockMaker maker(*chain, seed);
    REQUIRE(maker.start());
    check_served(*chain);
    for (std::size_t block = 1; block <= 300; ++block) {
        const Hash256 before = chain->head().state_root;
        const chain::BlockNumber number = chain->head().number;
        REQUIRE(maker.make());
        REQUIRE(chain->head().number == number + 1);
        REQUIRE(chain->head().state_root != before);
        if (block % 100 == 0 || block < 3) check_served(*chain);
    }
}

TEST_CASE("BlockMaker: what a chain starts with is cut down to what a growing one serves",
          "[devnet]") {
    auto chain = devnet::chain_from_size({60, 20, 1}, 300);
    REQUIRE(chain);
    const Hash256 junk = Hash256{{1, 2, 3}};
    chain->items().add(junk, as_bytes("junk"));
    devnet::BlockMaker maker(*chain);
    REQUIRE(maker.start());
    CHECK(chain->items().find(junk) == nullptr);
    // The made-up state is that of blocks 173 ... 292 too: it goes with block 292.
    const Hash256 made_up = chain->header_chain().find(0)->state_root;
    while (chain->head().number < 419)
        REQUIRE(maker.make());
    CHECK(test::verify(chain->items(), made_up).complete);
    REQUIRE(maker.make());
    CHECK(chain->items().find(made_up) == nullptr);
    check_served(*chain);
}

TEST_CASE("BlockMaker: a chain whose last state is not complete does not grow", "[devnet]") {
    auto chain = devnet::chain_from_size({60, 20, 1}, 10);
    REQUIRE(chain);
    std::set<Hash256> found;
    collect(chain->items(), chain->head().state_root, found);
    chain->items().erase(*chain->items().find(*found.rbegin()));
    devnet::BlockMaker maker(*chain);
    const auto started = maker.start();
    REQUIRE_FALSE(started);
    CHECK(started.error().code == Errc::kNotFound);
}

TEST_CASE("BlockMaker: the same seed makes the same blocks", "[devnet]") {
    std::vector<Hash256> heads;
    for (const std::uint64_t seed : {1U, 1U, 2U}) {
        auto chain = devnet::chain_from_size({100, 20, 1}, 4);
        REQUIRE(chain);
        devnet::BlockMaker maker(*chain, seed);
        REQUIRE(maker.start());
        for (std::size_t i = 0; i < 10; ++i)
            REQUIRE(maker.make());
        heads.push_back(chain->head().hash);
    }
    CHECK(heads[0] == heads[1]);
    CHECK(heads[0] != heads[2]);
}
