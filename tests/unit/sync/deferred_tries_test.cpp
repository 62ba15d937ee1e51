#include <catch2/catch.hpp>

#include <sync/deferred_tries.hpp>

using namespace fastsync::sync;

TEST_CASE("DeferredTries: of each depth a sample is taken, above it all", "[sync]") {
    DeferredTries tries;
    tries.opened(0);
    for (int i = 0; i < 100; ++i)
        CHECK(tries.may_take(0, DeferredTries::kFree - 1));
    for (const std::size_t depth : {std::size_t{2}, std::size_t{5}, std::size_t{64}}) {
        for (int i = 0; i < DeferredTries::kSample; ++i)
            CHECK(tries.may_take(0, depth));
        CHECK_FALSE(tries.may_take(0, depth));
    }
    // A depth beyond the last counts as the last.
    CHECK_FALSE(tries.may_take(0, 63));
    tries.closed(0);
    tries.opened(0);
    CHECK(tries.may_take(0, 2));
}

TEST_CASE("DeferredTries: a sample is widened once, and gives back what waited", "[sync]") {
    DeferredTries tries;
    tries.opened(0);
    for (int i = 0; i < DeferredTries::kSample; ++i)
        CHECK(tries.may_take(0, 3));
    tries.put(0, 7);
    tries.put(0, 8);
    CHECK(tries.may_widen(0, 3));
    CHECK(tries.widen(0, 3) == std::vector<DeferredTries::Index>{7, 8});
    CHECK(tries.empty());
    CHECK_FALSE(tries.may_widen(0, 3));
    CHECK(tries.may_widen(0, 4));
    for (int i = DeferredTries::kSample; i < DeferredTries::kWideSample; ++i)
        CHECK(tries.may_take(0, 3));
    CHECK_FALSE(tries.may_take(0, 3));
}

TEST_CASE("DeferredTries: the last one put is taken first; tries come and go", "[sync]") {
    DeferredTries tries;
    for (DeferredTries::TrieId trie = 0; trie < 3; ++trie) {
        tries.opened(trie);
        tries.put(trie, 10 * trie);
        tries.put(trie, 10 * trie + 1);
    }
    CHECK(tries.waiting().size() == 3);
    CHECK(tries.take(1) == 11);
    CHECK(tries.waits(1));
    CHECK(tries.take(1) == 10);
    CHECK_FALSE(tries.waits(1));
    CHECK(tries.waiting().size() == 2);
    tries.closed(0);
    CHECK(tries.waiting() == std::vector<DeferredTries::TrieId>{2});
    tries.opened(0);
    CHECK_FALSE(tries.waits(0));
    CHECK(tries.take(2) == 21);
    CHECK(tries.take(2) == 20);
    CHECK(tries.empty());
}
