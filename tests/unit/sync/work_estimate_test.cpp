#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <sync/trie_sync.hpp>

#include "support/state_model.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using test::BuiltState;

namespace {

constexpr std::size_t kBatch = 100;

struct Sample {
    double truth = 0;  ///< of all items
    double shown = 0;
    double low = 0;
    double high = 0;
    double left = 0;       ///< expected / true
    double key_space = 0;  ///< finished
};

Hash256 key_of(std::uint64_t number) {
    Bytes seed(8);
    for (std::size_t i = 0; i < seed.size(); ++i)
        seed[i] = static_cast<Byte>(number >> (8 * i));
    return crypto::keccak256(seed);
}

/// Plain accounts beside one that has `slots` slots; its key begins with `first`.
BuiltState with_giant(std::size_t accounts, std::size_t slots, Byte first) {
    test::StateModel model = test::spread_model(accounts);
    Hash256 key = key_of(1);
    key.data[0] = first;
    auto& giant = model.accounts[key];
    for (std::size_t i = 0; i < slots; ++i)
        giant.storage[key_of(1'000'000 + i)] = U256{i + 1};
    return build(model);
}

/// Fetches from a peer that answers at once, until `until` of the items are there.
class Fetch {
  public:
    Fetch(const BuiltState& state, test::CheckingStore& store, const SeenState& seen = {},
          std::size_t defer_bytes = SIZE_MAX)
        : state_(state), store_(store), sync_(*TrieSync::start(state.root, store, nullptr, seen)) {
        sync_.defer_below(defer_bytes);
    }

    void run(double until = 2) {
        while (!sync_.done() && truth() < until) {
            for (const NodeTask& task : sync_.missing(kBatch))
                REQUIRE(sync_.process(task.hash, *state_.find(task.hash)));
            REQUIRE(store_.commit(sync_.take_complete()));
            REQUIRE(sync_.audit().empty());
            sample();
            most_pending_ = std::max(most_pending_, sync_.pending_bytes());
        }
    }
    [[nodiscard]] const std::vector<Sample>& samples() const { return samples_; }
    [[nodiscard]] const TrieSync& sync() const { return sync_; }
    /// Bytes.
    [[nodiscard]] std::size_t most_pending() const { return most_pending_; }
    /// How much is there when the accounts are through.
    [[nodiscard]] double accounts_through() const {
        const auto through = std::find_if(samples_.begin(), samples_.end(),
                                          [](const Sample& s) { return s.key_space > 0.99; });
        REQUIRE(through != samples_.end());
        return through->truth;
    }
    /// Largest distance of shown and truth from `from` on, points.
    [[nodiscard]] double error(double from) const {
        double most = 0;
        for (const Sample& s : samples_) {
            if (s.truth >= from) most = std::max(most, 100 * std::abs(s.shown - s.truth));
        }
        return most;
    }

  private:
    [[nodiscard]] double truth() const {
        return static_cast<double>(store_.size()) / static_cast<double>(state_.size());
    }
    void sample() {
        const auto work = sync_.work();
        shown_.update(work.known ? share_done(work.done, work.left)
                                 : as_fraction(sync_.finished()));
        const double left = static_cast<double>(state_.size() - store_.size());
        samples_.push_back({truth(), shown_.value(), share_done(work.done, work.most),
                            share_done(work.done, work.least), left > 0 ? work.left / left : 1,
                            as_fraction(sync_.finished())});
    }

    const BuiltState& state_;
    test::CheckingStore& store_;
    TrieSync sync_;
    ShownFraction shown_;
    std::size_t most_pending_ = 0;
    std::vector<Sample> samples_;
};

}  // namespace

TEST_CASE("WorkEstimate: of an even state the fraction is told within 3 points, the rest in 20 %",
          "[sync][numbers]") {
    const BuiltState state = build(test::spread_model(20'000));
    test::CheckingStore store;
    Fetch fetch{state, store};
    fetch.run();
    CHECK(fetch.error(0.05) < 3);
    std::size_t covered = 0;
    std::size_t near = 0;
    std::size_t counted = 0;
    for (const Sample& s : fetch.samples()) {
        if (s.truth < 0.1 || s.truth > 0.9) continue;
        ++counted;
        near += std::abs(s.left - 1) < 0.2 ? 1U : 0U;
        covered += s.low - 0.005 <= s.truth && s.truth <= s.high + 0.005 ? 1U : 0U;
    }
    REQUIRE(counted > 20);
    CHECK(covered * 10 >= counted * 8);
    CHECK(near * 100 >= counted * 95);
    CHECK(fetch.samples().back().shown == 1.0);
}

TEST_CASE("WorkEstimate: a contract that holds most items waits, and its size is known by then",
          "[sync][numbers]") {
    const Byte first = GENERATE(Byte{0x00}, Byte{0x81}, Byte{0xfe});
    const BuiltState state = with_giant(6'000, 20'000, first);
    test::CheckingStore store;
    Fetch fetch{state, store};
    fetch.run();
    const double through = fetch.accounts_through();
    CAPTURE(static_cast<int>(first), through);
    CHECK(through < 0.4);
    CHECK(fetch.error(through + 0.02) < 5);
    CHECK(fetch.samples().back().shown == 1.0);
}

TEST_CASE("WorkEstimate: without room nothing waits", "[sync]") {
    const BuiltState state = with_giant(6'000, 20'000, 0x81);
    test::CheckingStore store;
    Fetch fetch{state, store, {}, 0};
    fetch.run();
    CHECK(fetch.accounts_through() > 0.9);
    CHECK(test::missing_from(store, state).empty());
}

TEST_CASE("WorkEstimate: without room many large tries are gone through one after another",
          "[sync]") {
    test::StateModel model;
    for (std::uint64_t account = 0; account < 100; ++account) {
        auto& storage = model.accounts[key_of(account)].storage;
        for (std::uint64_t slot = 0; slot < 300; ++slot)
            storage[key_of(1000 * (account + 1) + slot)] = U256{slot + 1};
    }
    const BuiltState state = build(model);
    test::CheckingStore store;
    Fetch narrow{state, store, {}, 0};
    narrow.run();
    test::CheckingStore other;
    Fetch wide{state, other};
    wide.run();
    CAPTURE(narrow.most_pending(), wide.most_pending(), state.size());
    CHECK(narrow.most_pending() * 4 < wide.most_pending());
}

TEST_CASE("WorkEstimate: what was seen before a restart is known after it", "[sync]") {
    const BuiltState state = with_giant(6'000, 10'000, 0x40);
    test::CheckingStore store;
    SeenState seen;
    {
        Fetch fetch{state, store};
        fetch.run(0.6);
        seen = fetch.sync().seen();
    }
    CHECK(seen.items > 0);
    Fetch again{state, store, seen};
    again.run();
    CHECK(again.error(0.63) < 5);
    CHECK(test::missing_from(store, state).empty());
}

TEST_CASE("WorkEstimate: two accounts with one storage trie make one", "[sync]") {
    WorkEstimate work{SeenState{}};
    const TriePath root{TrieKind::kStorage, key_of(1), {}};
    const auto trie = work.open(root, kWholeKeySpace / 2);
    work.want(trie, 0);
    work.move(WorkEstimate::kNoTrie, trie, kWholeKeySpace / 2);
    work.meet(trie);
    CHECK(work.left_of(trie) == kWholeKeySpace);
    CHECK(work.left_in(trie) == 1);
    work.decoded(trie, 0, 0);
    work.item(root, trie);
    work.finish(root, trie, kWholeKeySpace);
    CHECK(work.left_of(trie) == 0);
    work.close(trie);
    CHECK(work.open_tries() == 0);
}

TEST_CASE("WorkEstimate: what hangs on a node is what hung on its like", "[sync]") {
    WorkEstimate work{SeenState{}};
    const auto trie = work.open({TrieKind::kStorage, key_of(1), {}}, kWholeKeySpace / 16);
    work.want(trie, 0);
    work.decoded(trie, 0, 16);
    for (int i = 0; i < 16; ++i)
        work.want(trie, 1);
    CHECK(work.left_in(trie) == 16 + 1);  // the root waits for them
    for (int i = 0; i < 4; ++i)
        work.decoded(trie, 1, 8);
    for (int i = 0; i < 32; ++i)
        work.want(trie, 2);
    // 12 nodes with 8 leaves each, 32 leaves, and 5 that wait.
    CHECK(work.left_in(trie) == 12 * 9 + 32 + 5);
}

TEST_CASE("WorkEstimate: before anything was seen nothing is known", "[sync]") {
    const WorkEstimate work{SeenState{}};
    CHECK_FALSE(work.work(kWholeKeySpace).known);
    CHECK(work.seen() == SeenState{});
    // After a restart, before the first share is finished again.
    const WorkEstimate resumed{SeenState{100'000'000, std::uint64_t{1} << 39U, 1'000'000, 900'000}};
    for (const KeyShare unfinished : {kWholeKeySpace, kWholeKeySpace - 100}) {
        const auto early = resumed.work(unfinished);
        CHECK(early.known);
        CHECK(early.left > 1e8);
        CHECK(early.left < 1e9);
        CHECK(std::isfinite(early.most));
    }
    // Whatever a record says, the figures are figures.
    const WorkEstimate odd{SeenState{UINT64_MAX, UINT64_MAX, UINT64_MAX, 0}};
    const auto told = odd.work(kWholeKeySpace);
    CHECK(std::isfinite(told.left));
    CHECK(told.left >= 0);
    CHECK(std::isfinite(told.most));
}

TEST_CASE("ShownFraction: falls only by a correction, which is counted", "[sync]") {
    ShownFraction shown;
    shown.update(0.5);
    shown.update(0.49);
    CHECK(shown.value() == 0.5);
    CHECK(shown.corrections() == 0);
    shown.update(0.4);
    CHECK(shown.value() == 0.4);
    CHECK(shown.corrections() == 1);
    shown.restart();
    CHECK(shown.value() == 0);
    CHECK(shown.corrections() == 1);
}
