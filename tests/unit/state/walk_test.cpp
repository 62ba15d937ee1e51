#include <map>
#include <sstream>

#include <catch2/catch.hpp>
#include <state/ordered_walk.hpp>
#include <state/preimages.hpp>
#include <state/state_stats.hpp>

#include <crypto/keccak.hpp>
#include <rlp/encode.hpp>
#include <trie/constants.hpp>

#include "unit/verify/state_fixture.hpp"

using namespace fastsync;
using namespace fastsync::state;
using fastsync::test::random_key;
using fastsync::test::StateMaker;
using storage::Visit;

namespace {

/// Words by key, some of whose keys differ in the last nibbles alone: leaves inlined among hashed
/// nodes.
std::map<Hash256, U256> random_words(std::mt19937_64& random, std::size_t count) {
    std::map<Hash256, U256> out;
    while (out.size() < count) {
        Hash256 key = random_key(random);
        out[key] = U256{random() % 1000 + 1};
        if (random() % 4 != 0) continue;
        for (int i = 0; i < 3; ++i) {
            key.data.back() = static_cast<Byte>(random());
            out[key] = random() % 2 == 0 ? U256{1} : (U256{1} << 250) + random();
        }
    }
    return out;
}

Hash256 store_words(StateMaker& maker, const std::map<Hash256, U256>& words) {
    return maker.storage({words.begin(), words.end()});
}

std::vector<Hash256> keys_from(const StateMaker& maker, const Hash256& root, const Hash256& start) {
    std::vector<Hash256> keys;
    const auto end = walk_leaves(maker.store, root, start, [&](const Leaf& leaf) {
        CHECK(leaf.depth >= 1);
        keys.push_back(leaf.key);
        return Result<Visit>{Visit::kContinue};
    });
    REQUIRE(end);
    CHECK(*end == Visit::kContinue);
    return keys;
}

}  // namespace

TEST_CASE("walk_leaves: every entry in the order of its key, from any start", "[state]") {
    const auto seed = GENERATE(range(1U, 20U));
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    StateMaker maker;
    const auto words = random_words(random, seed == 1 ? 1 : random() % 500 + 1);
    const Hash256 root = store_words(maker, words);
    std::vector<Hash256> starts{Hash256{}, random_key(random)};
    for (const auto& [key, word] : words) {
        if (random() % 20 == 0) starts.push_back(key);
        if (random() % 20 == 0) {
            starts.push_back(key);
            starts.back().data.back() = static_cast<Byte>(starts.back().data.back() + 1U);
        }
    }
    for (const Hash256& start : starts) {
        std::vector<Hash256> expected;
        for (auto at = words.lower_bound(start); at != words.end(); ++at)
            expected.push_back(at->first);
        CHECK(keys_from(maker, root, start) == expected);
    }
}

TEST_CASE("walk_leaves: an empty trie has nothing, a visitor may stop", "[state]") {
    std::mt19937_64 random{3};
    StateMaker maker;
    CHECK(keys_from(maker, trie::kEmptyRoot, {}).empty());
    const Hash256 root = store_words(maker, random_words(random, 100));
    int seen = 0;
    const auto stopped = walk_leaves(maker.store, root, {}, [&](const Leaf&) {
        return Result<Visit>{++seen == 7 ? Visit::kStop : Visit::kContinue};
    });
    CHECK(*stopped == Visit::kStop);
    CHECK(seen == 7);
    const auto failed = walk_leaves(maker.store, root, {}, [&](const Leaf&) -> Result<Visit> {
        return Error{Errc::kClosed, "enough"};
    });
    CHECK(failed.error().code == Errc::kClosed);
}

TEST_CASE("walk_leaves: damage ends the walk and is named, unless it lies before the start",
          "[state]") {
    std::mt19937_64 random{5};
    StateMaker maker;
    const auto words = random_words(random, 300);
    const Hash256 root = store_words(maker, words);
    const auto outcome = [&](const Hash256& start) {
        const auto end = walk_leaves(maker.store, root, start,
                                     [](const Leaf&) { return Result<Visit>{Visit::kContinue}; });
        return end ? std::optional<Errc>{} : std::optional{end.error().code};
    };
    // The node that holds the very first key.
    Hash256 low;
    std::optional<Hash256> first;
    for (const Hash256& hash : maker.storage_nodes) {
        const auto blob = maker.store.get(storage::ItemKind::kNode, hash);
        REQUIRE(maker.store.erase(storage::ItemKind::kNode, hash));
        const bool needed_late = outcome(std::prev(words.end())->first).has_value();
        if (!needed_late && outcome(low) == Errc::kNotFound) first = hash;
        storage::NodeBatch batch;
        batch.add(storage::ItemKind::kNode, hash, *blob);
        REQUIRE(maker.store.commit(std::move(batch)));
        if (first) break;
    }
    REQUIRE(first);
    REQUIRE(maker.store.overwrite(storage::ItemKind::kNode, *first, {0xc0}));
    CHECK(outcome(low) == Errc::kCorrupt);
    CHECK_FALSE(outcome(std::prev(words.end())->first));
}

TEST_CASE("collect_stats: what is in a state, shared storage counted for each owner", "[state]") {
    std::mt19937_64 random{9};
    StateMaker maker;
    const Hash256 code = maker.code({1, 2, 3});
    const Hash256 small = store_words(maker, random_words(random, 1));
    std::vector<std::pair<std::uint64_t, Hash256>> tries;
    std::uint64_t slots = 0;
    std::size_t accounts = 0;
    for (std::size_t i = 0; i < 15; ++i) {
        const auto words = random_words(random, 10 + 7 * i);
        tries.emplace_back(words.size(), store_words(maker, words));
        slots += words.size();
        maker.account(random_key(random), tries.back().second, code);
        ++accounts;
    }
    const auto one = keys_from(maker, small, {}).size();
    for (int i = 0; i < 40; ++i, ++accounts) {
        maker.account(random_key(random), small, trie::kEmptyCodeHash);
        slots += one;
    }
    for (int i = 0; i < 100; ++i, ++accounts)
        maker.account(random_key(random), trie::kEmptyRoot,
                      i % 2 == 0 ? code : trie::kEmptyCodeHash);
    const Hash256 root = maker.finish();
    std::uint64_t told = 0;
    const auto stats = collect_stats(maker.store, root, [&](const Hash256&, const StateStats& s) {
        CHECK(s.accounts == ++told);
        return true;
    });
    REQUIRE(stats);
    CHECK(stats->accounts == accounts);
    CHECK(told == accounts);
    CHECK(stats->contracts == 65);
    CHECK(stats->with_storage == 55);
    CHECK(stats->empty == 0);
    CHECK(stats->slots == slots);
    CHECK(stats->balance == 1000 * accounts);
    const auto sum = [](const DepthCounts& counts) {
        std::uint64_t total = 0;
        for (const auto count : counts)
            total += count;
        return total;
    };
    CHECK(sum(stats->account_depths) == accounts);
    CHECK(sum(stats->slot_depths) == slots);
    std::sort(tries.rbegin(), tries.rend());
    REQUIRE(stats->largest.size() == StateStats::kLargest);
    for (std::size_t i = 0; i < StateStats::kLargest; ++i) {
        CHECK(stats->largest[i].slots == tries[i].first);
        CHECK(stats->largest[i].storage_root == tries[i].second);
    }
    const auto stopped =
        collect_stats(maker.store, root, [](const Hash256&, const StateStats&) { return false; });
    CHECK(stopped.error().code == Errc::kClosed);
}

TEST_CASE("Preimages: addresses and slots are found by their hashes", "[state]") {
    std::istringstream in{"# known\n0x" + std::string(40, '1') + "\n\n  " + std::string(64, '2') +
                          "  # a slot\r\n0x" + std::string(40, '1')};
    const auto known = Preimages::read(in, "file");
    REQUIRE(known);
    CHECK(known->size() == 2);
    const Bytes address(20, 0x11);
    const Bytes slot(32, 0x22);
    CHECK(equal(*known->address(crypto::keccak256(address)), address));
    CHECK(equal(*known->slot(crypto::keccak256(slot)), slot));
    CHECK_FALSE(known->address(crypto::keccak256(slot)));
    CHECK_FALSE(known->slot(Hash256{}));
}

TEST_CASE("Preimages: what is wrong is said with file and line", "[state]") {
    const auto says = [](const std::string& text) {
        std::istringstream in{text};
        const auto got = Preimages::read(in, "known.txt", 3);
        REQUIRE_FALSE(got);
        CHECK(got.error().code == Errc::kConfig);
        return got.error().detail;
    };
    const std::string address(40, '1');
    CHECK(says(address + "\n12\n").find("known.txt:2: neither an address") == 0);
    CHECK(says("xyz").find("known.txt:1:") == 0);
    CHECK(says("\n" + std::string(Preimages::kMaxLine + 1, ' ')).find("known.txt:2: a line of") ==
          0);
    std::string some;
    for (int i = 0; i < 3; ++i)
        some += std::string(39, '0') + std::to_string(i) + "\n";
    std::istringstream three{some};
    CHECK(Preimages::read(three, "known.txt", 3)->size() == 3);
    CHECK(says(some + address + "\n").find("known.txt:4: more than 3") == 0);
    std::istringstream longest{std::string(Preimages::kMaxLine, ' ')};
    CHECK(Preimages::read(longest, "known.txt"));
    CHECK(Preimages::load("/nowhere/at/all").error().code == Errc::kConfig);
}
