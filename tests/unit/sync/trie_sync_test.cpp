#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <rlp/encode.hpp>
#include <sync/trie_sync.hpp>
#include <trie/account.hpp>
#include <trie/builder.hpp>
#include <trie/constants.hpp>

#include "support/state_model.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using test::BuiltState;
using test::CheckingStore;
using test::StateGenerator;
using test::StateModel;

namespace {

TrieSync start(const Hash256& root, const storage::NodeReader& store,
               StoredRegions* regions = nullptr) {
    auto sync = TrieSync::start(root, store, regions);
    REQUIRE(sync);
    return *std::move(sync);
}

void deliver(TrieSync& sync, CheckingStore& store, const BuiltState& state, const NodeTask& task) {
    const auto& items = task.kind == ItemKind::kCode ? state.codes : state.nodes;
    REQUIRE(items.contains(task.hash));
    REQUIRE(sync.process(task.hash, items.at(task.hash)));
    REQUIRE(store.commit(sync.take_complete()));
}

/// Delivers everything that is missing, `steps` items at most.
std::size_t run(TrieSync& sync, CheckingStore& store, const BuiltState& state,
                std::size_t steps = SIZE_MAX) {
    std::size_t delivered = 0;
    while (!sync.done() && delivered < steps) {
        const auto tasks = sync.missing(std::min<std::size_t>(steps - delivered, 7));
        REQUIRE_FALSE(tasks.empty());
        for (const auto& task : tasks) {
            // One blob may have satisfied a node and a code of the same hash.
            if (!sync.wants(task)) continue;
            deliver(sync, store, state, task);
            ++delivered;
        }
        REQUIRE(sync.audit() == "");
    }
    return delivered;
}

StateModel one_account(StateModel::ModelAccount account) {
    StateModel model;
    Hash256 key;
    key.data[0] = 0x42;
    model.accounts[key] = std::move(account);
    return model;
}

Hash256 key_of(Byte first, Byte last) {
    Hash256 key;
    key.data[0] = first;
    key.data[31] = last;
    return key;
}

}  // namespace

TEST_CASE("TrieSync: any state is rebuilt whole, children before parents", "[sync]") {
    const auto seed = GENERATE(range(1U, 21U));
    CAPTURE(seed);
    StateGenerator generator{seed};
    const BuiltState state = build(generator.make(1 + generator.below(60)));
    CheckingStore store;
    TrieSync sync = start(state.root, store);
    CHECK(as_fraction(sync.finished()) == 0);
    const std::size_t delivered = run(sync, store, state);
    CHECK(delivered == state.size());
    CHECK(store.size() == state.size());
    CHECK(store.repeated() == 0);
    CHECK(missing_from(store, state) == "");
    CHECK(sync.finished() == kWholeKeySpace);
    const auto percents = sync.map().percents();
    CHECK(std::count(percents.begin(), percents.end(), 100) == 256);
    CHECK(sync.held_bytes() == 0);
}

TEST_CASE("TrieSync: order of delivery does not matter", "[sync]") {
    const auto seed = GENERATE(range(100U, 112U));
    CAPTURE(seed);
    StateGenerator generator{seed};
    const BuiltState state = build(generator.make(60));
    CheckingStore store;
    TrieSync sync = start(state.root, store);
    std::vector<NodeTask> open;
    while (!sync.done()) {
        for (const auto& task : sync.missing(1 + generator.below(50)))
            open.push_back(task);
        REQUIRE_FALSE(open.empty());
        const std::size_t pick = generator.below(open.size());
        const NodeTask task = open[pick];
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(pick));
        if (sync.wants(task)) deliver(sync, store, state, task);
        REQUIRE(sync.audit() == "");
    }
    CHECK(missing_from(store, state) == "");
    CHECK(sync.finished() == kWholeKeySpace);
}

TEST_CASE("TrieSync: a restart fetches only what was not complete", "[sync]") {
    const auto seed = GENERATE(range(200U, 212U));
    CAPTURE(seed);
    StateGenerator generator{seed};
    const BuiltState state = build(generator.make(50));
    CheckingStore store;
    std::size_t delivered = 0;
    {
        TrieSync sync = start(state.root, store);
        delivered = run(sync, store, state, state.size() / 2);
    }
    const std::size_t stored = store.size();
    TrieSync again = start(state.root, store);
    CHECK(run(again, store, state) == state.size() - stored);
    CHECK(stored <= delivered);
    CHECK(missing_from(store, state) == "");
}

TEST_CASE("TrieSync: moving between changing states ends at exactly the target", "[sync]") {
    const auto seed = GENERATE(range(300U, 315U));
    CAPTURE(seed);
    StateGenerator generator{seed};
    StateModel model = generator.make(40);
    const BuiltState first = build(model);
    generator.mutate(model, 25);
    const BuiltState second = build(model);
    generator.mutate(model, 25);
    const BuiltState third = build(model);
    CheckingStore store;
    for (const BuiltState* state : {&first, &second, &third, &first}) {
        TrieSync sync = start(state->root, store);
        run(sync, store, *state, generator.below(state->size()));
        if (generator.below(3) == 0) store.crash();
        if (generator.below(3) == 0) REQUIRE(store.flush());
    }
    TrieSync sync = start(third.root, store);
    run(sync, store, third);
    CHECK(missing_from(store, third) == "");
    CHECK(sync.finished() == kWholeKeySpace);
}

TEST_CASE("TrieSync: nothing to do for the empty root and for a root that is complete", "[sync]") {
    CheckingStore store;
    CHECK(start(trie::kEmptyRoot, store).done());
    CHECK(start(trie::kEmptyRoot, store).finished() == kWholeKeySpace);

    StateGenerator generator{7};
    const BuiltState state = build(generator.make(20));
    TrieSync sync = start(state.root, store);
    run(sync, store, state);
    const TrieSync again = start(state.root, store);
    CHECK(again.done());
    CHECK(again.finished() == kWholeKeySpace);
}

TEST_CASE("TrieSync: shared storage tries and codes are fetched once", "[sync]") {
    StateModel model;
    StateModel::ModelAccount account;
    account.code = Bytes(100, 0x5b);
    for (Byte i = 0; i < 50; ++i)
        account.storage[key_of(i, i)] = 1 + i;
    for (Byte i = 0; i < 200; ++i)
        model.accounts[key_of(i, 1)] = account;
    const BuiltState state = build(model);
    CheckingStore store;
    TrieSync sync = start(state.root, store);
    CHECK(run(sync, store, state) == state.size());
    CHECK(state.codes.size() == 1);
}

TEST_CASE("TrieSync: the same child twice under one parent counts as two dependencies", "[sync]") {
    // Two subtries of one storage branch that are equal in all but the first nibble have the same
    // node hash.
    StateModel::ModelAccount account;
    for (const Byte first : {Byte{0x10}, Byte{0x20}}) {
        for (const Byte last : {Byte{0x01}, Byte{0x02}}) {
            account.storage[key_of(first, last)] = U256{1} << 240;
        }
    }
    const BuiltState state = build(one_account(account));
    CheckingStore store;
    TrieSync sync = start(state.root, store);
    CHECK(run(sync, store, state) == state.size());
    CHECK(sync.finished() == kWholeKeySpace);
    // account leaf, storage branch, one extension shared by both slots, one branch under it, two
    // leaves or less
    CHECK(state.nodes.size() <= 6);
}

TEST_CASE("TrieSync: a code that equals a trie node does not make the subtrie look complete",
          "[sync]") {
    StateGenerator generator{11};
    StateModel model = generator.make(40);
    const BuiltState before = build(model);
    // A contract whose code is the root node of another account's big storage trie.
    StateModel::ModelAccount victim;
    for (Byte i = 0; i < 100; ++i)
        victim.storage[key_of(i, i)] = 1 + i;
    trie::SortedTrieBuilder builder{[](const Hash256&, ByteView) {}};
    Bytes root_node;
    trie::SortedTrieBuilder storage{
        [&](const Hash256&, ByteView rlp) { root_node = to_bytes(rlp); }};
    for (const auto& [slot, word] : victim.storage) {
        REQUIRE(storage.add(slot, rlp::encode_string(u256_to_be(word))));
    }
    const Hash256 storage_root = storage.finish();
    REQUIRE(crypto::keccak256(root_node) == storage_root);

    StateModel attack = model;
    attack.accounts[key_of(1, 9)].code = root_node;
    const BuiltState first = build(attack);
    CheckingStore store;
    TrieSync sync = start(first.root, store);
    run(sync, store, first);
    REQUIRE(*store.has(ItemKind::kCode, storage_root));
    REQUIRE_FALSE(*store.has(ItemKind::kNode, storage_root));

    // Now both are wanted at once, too: one blob satisfies the code and the node.
    attack.accounts[key_of(2, 9)] = victim;
    const BuiltState both = build(attack);
    TrieSync next = start(both.root, store);
    run(next, store, both);
    CHECK(missing_from(store, both) == "");

    CheckingStore fresh;
    TrieSync whole = start(both.root, fresh);
    run(whole, fresh, both);
    CHECK(missing_from(fresh, both) == "");
}

TEST_CASE("TrieSync: an account trie cannot pass as a storage trie", "[sync]") {
    StateGenerator generator{13};
    const BuiltState real = build(generator.make(30));
    // A forged state whose one account has the real state root as its storage root.
    trie::Account forged;
    forged.storage_root = real.root;
    forged.code_hash = trie::kEmptyCodeHash;
    BuiltState state = real;
    const Hash256 root = trie::build_trie(
        {{to_bytes(key_of(5, 5)), trie::encode_account(forged)}},
        [&](const Hash256& hash, ByteView rlp) { state.nodes[hash] = to_bytes(rlp); });
    CheckingStore store;
    TrieSync sync = start(root, store);
    Result<void> outcome;
    while (outcome && !sync.done()) {
        for (const auto& task : sync.missing(4)) {
            outcome = sync.process(task.hash, *state.find(task.hash));
            if (!outcome) break;
        }
    }
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == Errc::kBadState);
    CHECK_FALSE(*store.has(ItemKind::kNode, real.root));
    CHECK(sync.take_complete().empty());
}

TEST_CASE("TrieSync: unrequested, repeated and false blobs are told apart", "[sync]") {
    StateGenerator generator{17};
    const BuiltState state = build(generator.make(50));
    CheckingStore store;
    TrieSync sync = start(state.root, store);
    const Bytes junk{1, 2, 3};
    CHECK(sync.process(crypto::keccak256(junk), junk).error().code == Errc::kUnrequested);
    const auto tasks = sync.missing(1);
    REQUIRE(tasks.size() == 1);
    REQUIRE(sync.process(state.root, state.nodes.at(state.root)));
    CHECK(sync.process(state.root, state.nodes.at(state.root)).error().code == Errc::kAlreadyHave);
    CHECK(sync.audit() == "");
}

TEST_CASE("TrieSync: a blob of the right hash that is no state node proves the root false",
          "[sync]") {
    const auto bad =
        GENERATE(Bytes{0x81, 0x80}, Bytes{0xc0}, Bytes{0xc2, 0x80, 0x80}, Bytes(40, 0x00),
                 // a leaf with a path of one nibble: its key is not 32 bytes
                 rlp::encode_list({Bytes{0x31}, rlp::encode_string(Bytes(40, 7))}),
                 // an extension without a path
                 rlp::encode_list({Bytes{0x00}, rlp::encode_string(Bytes(32, 7))}));
    CheckingStore store;
    const Hash256 root = crypto::keccak256(bad);
    TrieSync sync = start(root, store);
    REQUIRE(sync.missing(1).size() == 1);
    const auto outcome = sync.process(root, bad);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == Errc::kBadState);
    CHECK(sync.take_complete().empty());
    CHECK(sync.audit() == "");
}

TEST_CASE("TrieSync: an item that waits in the membatch is not asked for again", "[sync]") {
    // Two accounts share a code; the second one is met after the code completed and before it was
    // stored.
    StateModel model;
    model.accounts[key_of(0x10, 1)].code = Bytes(40, 9);
    model.accounts[key_of(0x20, 2)].code = Bytes(40, 9);
    const BuiltState state = build(model);
    CheckingStore store;
    TrieSync sync = start(state.root, store);
    std::size_t delivered = 0;
    while (!sync.done()) {
        for (const auto& task : sync.missing(1)) {
            REQUIRE(sync.process(task.hash, *state.find(task.hash)));
            ++delivered;
        }
    }
    CHECK(delivered == state.size());
    CHECK(sync.take_complete().size() == state.size());
}

TEST_CASE("TrieSync: codes first, then the deepest nodes, lowest path first", "[sync]") {
    StateModel model;
    for (int i = 0; i < 16; ++i) {
        for (int j = 0; j < 16; ++j) {
            model.accounts[key_of(static_cast<Byte>(i * 16 + j), 1)].nonce =
                static_cast<std::uint64_t>(1 + i * 16 + j);
        }
    }
    model.accounts[key_of(0x00, 1)].code = Bytes(10, 1);
    const BuiltState state = build(model);
    CheckingStore store;
    TrieSync sync = start(state.root, store);
    deliver(sync, store, state, sync.missing(1).front());
    const auto level1 = sync.missing(2);
    REQUIRE(level1.size() == 2);
    CHECK((*sync.path_of(level1[0].hash)).path.size() == 1);
    CHECK((*sync.path_of(level1[0].hash)).path[0] == 0);
    CHECK((*sync.path_of(level1[1].hash)).path[0] == 1);
    deliver(sync, store, state, level1[0]);
    const auto level2 = sync.missing(1);  // deeper than the fourteen that still wait at level 1
    CHECK((*sync.path_of(level2[0].hash)).path.size() == 2);
    deliver(sync, store, state, level2[0]);
    const auto code = sync.missing(1);
    CHECK(code[0].kind == ItemKind::kCode);
}

TEST_CASE("TrieSync: requests in flight per depth are bounded", "[sync]") {
    StateModel model;
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        Hash256 key = crypto::keccak256(as_bytes(std::to_string(i)));
        model.accounts[key].nonce = 1;
    }
    const BuiltState state = build(model);
    CheckingStore store;
    TrieSync sync = start(state.root, store);
    std::size_t most = 0;
    // Breadth first on purpose: take everything there is before delivering any of it.
    for (int level = 0; level < 4; ++level) {
        for (const auto& task : sync.missing(SIZE_MAX)) {
            REQUIRE(sync.process(task.hash, state.nodes.at(task.hash)));
        }
    }
    most = sync.missing(SIZE_MAX).size();
    CHECK(most >= 1'000);
    CHECK(most <= 2 * TrieSync::kMaxRequestedPerDepth);
    CHECK(sync.requested() == most);
    CHECK(sync.queued() > 0);
}

TEST_CASE("TrieSync: hashes of zeros, which no item has, are missing like any other", "[sync]") {
    trie::Account account{1, 1, trie::kEmptyRoot, Hash256{}};
    if (GENERATE(true, false)) account = {1, 1, Hash256{}, trie::kEmptyCodeHash};
    const Bytes leaf = rlp::encode_list(
        {rlp::encode_string(trie::encode_hex_prefix(trie::NibblePath::of(key_of(1, 1)), true)),
         rlp::encode_string(trie::encode_account(account))});
    CheckingStore store;
    TrieSync sync = start(crypto::keccak256(leaf), store);
    (void)sync.missing(1);
    REQUIRE(sync.process(crypto::keccak256(leaf), leaf));
    CHECK_FALSE(sync.done());
    CHECK(sync.pending() == 2);
    CHECK(sync.take_complete().empty());
}

TEST_CASE("TrieSync: a store that fails is reported, not swallowed", "[sync]") {
    StateGenerator generator{19};
    const BuiltState state = build(generator.make(50));
    CheckingStore store;
    TrieSync sync = start(state.root, store);
    (void)sync.missing(1);
    store.fail_with(Error{Errc::kStorage, "disk gone"});
    CHECK(sync.process(state.root, state.nodes.at(state.root)).error().code == Errc::kStorage);
}
