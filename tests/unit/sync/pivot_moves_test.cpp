#include <cstdlib>
#include <string>

#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <rlp/encode.hpp>
#include <sync/trie_sync.hpp>
#include <trie/builder.hpp>

#include "support/sanitized.hpp"
#include "support/state_model.hpp"

// Pivots that move while a state syncs: whatever the states and wherever the sync was cut, it ends
// at exactly the target. The store checks at every commit that all below an item is there.

using namespace fastsync;
using namespace fastsync::sync;
using test::BuiltState;
using test::CheckingStore;
using test::StateGenerator;
using test::StateModel;

namespace {

/// Seeds that once failed; none has so far.
constexpr std::array<std::uint64_t, 0> kKeptSeeds{};
constexpr std::uint64_t kUsualSeeds = test::repeats(60, 20);

/// FASTSYNC_PIVOT_SEEDS=N tries the seeds below N.
std::uint64_t seeds_to_try() {
    const char* wanted = std::getenv("FASTSYNC_PIVOT_SEEDS");
    return wanted == nullptr ? kUsualSeeds : std::strtoull(wanted, nullptr, 10);
}

/// Syncs into one store over its life: restarts, crashes, roots.
class Syncer {
  public:
    explicit Syncer(StateGenerator& random)
        : random_(random), with_regions_(random.below(2) == 0) {}

    /// Fetches `steps` items of a state at most, in a random order. What was fetched.
    std::size_t sync(const BuiltState& state, std::size_t steps) {
        regions_.next_root();
        auto started = TrieSync::start(state.root, store, with_regions_ ? &regions_ : nullptr);
        REQUIRE(started);
        TrieSync sync = *std::move(started);
        std::vector<NodeTask> open;
        std::size_t delivered = 0;
        while (!sync.done() && delivered < steps) {
            for (const NodeTask& task : sync.missing(1 + random_.below(60)))
                open.push_back(task);
            REQUIRE_FALSE(open.empty());
            const std::size_t pick = random_.below(open.size());
            const NodeTask task = std::exchange(open[pick], open.back());
            open.pop_back();
            if (!sync.wants(task)) continue;
            const auto& items = task.kind == storage::ItemKind::kCode ? state.codes : state.nodes;
            REQUIRE(items.contains(task.hash));
            REQUIRE(sync.process(task.hash, items.at(task.hash)));
            // Not at once: what is complete waits in the membatch meanwhile.
            if (random_.below(4) == 0) REQUIRE(store.commit(sync.take_complete()));
            ++delivered;
        }
        REQUIRE(sync.audit() == "");
        REQUIRE(store.commit(sync.take_complete()));
        if (sync.done()) CHECK(sync.finished() == kWholeKeySpace);
        return delivered;
    }

    void maybe_crash() {
        if (random_.below(3) == 0) REQUIRE(store.flush());
        if (random_.below(3) != 0) return;
        store.crash();
        // A new process knows nothing of what the roots before left.
        regions_ = {};
        regions_.mark_all();
    }

    CheckingStore store;

  private:
    StateGenerator& random_;
    bool with_regions_;
    StoredRegions regions_;
};

/// A chain of states, some of which come back in full or in part.
std::vector<BuiltState> chain_of_states(StateGenerator& random) {
    std::vector<StateModel> models{random.make(1 + random.below(60))};
    const std::size_t count = 2 + random.below(5);
    while (models.size() < count) {
        StateModel next = models[random.below(models.size())];
        const StateModel& other = models[random.below(models.size())];
        random.mutate(next, random.below(40));
        // Accounts of another time come back, with what they held then, or go.
        for (const auto& [key, account] : other.accounts) {
            const std::size_t what = random.below(8);
            if (what == 0) next.accounts[key] = account;
            if (what == 1) next.accounts.erase(key);
        }
        // Nearly nothing is left: branches collapse to leaves.
        while (random.below(10) == 0 && next.accounts.size() > 2)
            next.accounts.erase(next.accounts.begin());
        models.push_back(std::move(next));
    }
    std::vector<BuiltState> states;
    for (const StateModel& model : models)
        states.push_back(build(model));
    return states;
}

void move_and_complete(std::uint64_t seed) {
    StateGenerator random{seed};
    const std::vector<BuiltState> states = chain_of_states(random);
    Syncer syncer{random};
    const std::size_t moves = 1 + random.below(6);
    for (std::size_t move = 0; move < moves; ++move) {
        const BuiltState& state = states[random.below(states.size())];
        syncer.sync(state, random.below(state.size() + 2));
        syncer.maybe_crash();
    }
    const BuiltState& target = states[random.below(states.size())];
    syncer.sync(target, SIZE_MAX);
    REQUIRE(missing_from(syncer.store, target) == "");
    // Nothing is left to fetch of what is there.
    REQUIRE(syncer.sync(target, SIZE_MAX) == 0);
}

Hash256 sevens() {
    Hash256 key;
    key.data.fill(0x77);
    return key;
}

/// Keys that part at every one of the 64 nibbles: a branch at each depth.
std::vector<Hash256> deepest_keys() {
    std::vector<Hash256> keys{sevens()};
    for (std::size_t nibble = 0; nibble < 64; ++nibble) {
        keys.push_back(sevens());
        keys.back().data[nibble / 2] ^= nibble % 2 == 0 ? 0x10 : 0x01;
    }
    return keys;
}

/// The root node of a storage trie, as bytes.
Bytes root_node_of(const StateModel::ModelAccount& account) {
    StateModel alone;
    alone.accounts[sevens()] = account;
    const BuiltState built = build(alone);
    Bytes root;
    trie::SortedTrieBuilder storage{
        [&](const Hash256&, ByteView rlp) { root = to_bytes(rlp); }};  // the root comes last
    for (const auto& [slot, word] : account.storage)
        REQUIRE(storage.add(slot, rlp::encode_string(u256_to_be(word))));
    REQUIRE(built.nodes.contains(storage.finish()));
    return root;
}

/// The deepest paths there are, storage tries whose nodes are inlined, one giant storage trie,
/// thousands of equal ones, and a code that has the bytes of a trie node.
StateModel hurting_model() {
    StateModel model;
    StateModel::ModelAccount deep;
    for (const Hash256& slot : deepest_keys())
        deep.storage[slot] = 1;
    StateModel::ModelAccount tiny;
    tiny.storage[sevens()] = 1;
    StateModel::ModelAccount twin = deep;
    twin.code = root_node_of(deep);
    for (const Hash256& key : deepest_keys()) {
        model.accounts[key] = model.accounts.size() % 2 == 0 ? deep : twin;
        model.accounts[key].nonce = model.accounts.size();
    }
    StateModel::ModelAccount giant;
    for (std::uint32_t slot = 0; slot < test::repeats(10'000, 2'000); ++slot)
        giant.storage[crypto::keccak256(rlp::encode_uint(slot))] = 1 + slot;
    for (std::uint32_t number = 0; number < test::repeats(2'000, 400); ++number)
        model.accounts[crypto::keccak256(rlp::encode_uint(number))] = number % 2 == 0 ? twin : tiny;
    model.accounts[crypto::keccak256(rlp::encode_uint(1U << 20U))] = std::move(giant);
    return model;
}

}  // namespace

TEST_CASE("TrieSync: however the pivot moves, the end is exactly the target",
          "[sync][pivot_moves]") {
    std::uint64_t done = 0;
    for (std::uint64_t seed = 0; seed < seeds_to_try(); ++seed) {
        CAPTURE(seed);
        move_and_complete(seed);
        ++done;
    }
    CHECK(done > 0);
    for (const std::uint64_t seed : kKeptSeeds) {
        CAPTURE(seed);
        move_and_complete(seed);
    }
}

TEST_CASE("TrieSync: a state built to hurt, with the pivot moving over it", "[sync][pivot_moves]") {
    StateGenerator random{1};
    StateModel model = hurting_model();
    const BuiltState first = build(model);
    // The giant loses a third of its slots, the deepest path goes, twins part.
    for (auto& [key, account] : model.accounts) {
        if (account.storage.size() > 1'000) {
            std::erase_if(account.storage, [](const auto& slot) { return slot.second % 3 == 0; });
        }
    }
    model.accounts.erase(deepest_keys().back());
    random.mutate(model, 300);
    const BuiltState second = build(model);
    Syncer syncer{random};
    syncer.sync(first, random.below(first.size()));
    syncer.maybe_crash();
    syncer.sync(second, random.below(second.size()));
    syncer.maybe_crash();
    syncer.sync(first, SIZE_MAX);
    CHECK(missing_from(syncer.store, first) == "");
    syncer.sync(second, SIZE_MAX);
    CHECK(missing_from(syncer.store, second) == "");
}
