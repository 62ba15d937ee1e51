#include <catch2/catch.hpp>

#include <sync/stored_regions.hpp>
#include <sync/trie_sync.hpp>

#include "support/state_model.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using test::BuiltState;
using test::CheckingStore;

namespace {

TriePath account_path(std::initializer_list<Byte> nibbles) {
    TriePath at;
    for (const Byte nibble : nibbles)
        REQUIRE(at.path.push(nibble));
    return at;
}

/// Counts what is asked of a store.
class CountingReader final : public storage::NodeReader {
  public:
    explicit CountingReader(const CheckingStore& store) : store_(store) {}
    [[nodiscard]] Result<bool> has(ItemKind kind, const Hash256& hash) const override {
        ++asked;
        return store_.has(kind, hash);
    }
    [[nodiscard]] Result<Bytes> get(ItemKind kind, const Hash256& hash) const override {
        return store_.get(kind, hash);
    }
    mutable std::size_t asked = 0;

  private:
    const CheckingStore& store_;
};

struct Run {
    std::size_t delivered = 0;
    std::size_t asked = 0;
};

/// Syncs `state` into `store`, `most` items of it.
Run sync_into(CheckingStore& store, const BuiltState& state, StoredRegions* regions,
              std::size_t most = SIZE_MAX) {
    const CountingReader reader{store};
    auto sync = TrieSync::start(state.root, reader, regions);
    REQUIRE(sync);
    Run run;
    while (!sync->done() && run.delivered < most) {
        for (const auto& task : sync->missing(100)) {
            if (!sync->wants(task)) continue;
            const auto& items = task.kind == ItemKind::kCode ? state.codes : state.nodes;
            REQUIRE(sync->process(task.hash, items.at(task.hash)));
            ++run.delivered;
        }
        REQUIRE(store.commit(sync->take_complete()));
    }
    run.asked = reader.asked;
    return run;
}

}  // namespace

TEST_CASE("StoredRegions: only what an earlier root left may be there", "[sync]") {
    StoredRegions regions;
    const TriePath deep = account_path({1, 2, 3, 4, 5});
    CHECK_FALSE(regions.may_hold(deep));
    CHECK(regions.may_hold(account_path({1, 2, 3})));
    CHECK(regions.may_hold({TrieKind::kStorage, Hash256{}, deep.path}));
    regions.note(deep);
    CHECK_FALSE(regions.may_hold(deep));
    regions.next_root();
    CHECK(regions.may_hold(deep));
    CHECK(regions.may_hold(account_path({1, 2, 3, 4})));
    CHECK_FALSE(regions.may_hold(account_path({1, 2, 3, 5})));
    // A storage trie says nothing of the account trie, a short path all of what is below it.
    regions.note({TrieKind::kStorage, Hash256{}, account_path({7, 7, 7, 7}).path});
    regions.note(account_path({2, 0xf}));
    regions.next_root();
    CHECK_FALSE(regions.may_hold(account_path({7, 7, 7, 7})));
    CHECK(regions.may_hold(account_path({2, 0xf, 0, 0})));
    CHECK(regions.may_hold(account_path({2, 0xf, 0xf, 0xf})));
    CHECK_FALSE(regions.may_hold(account_path({3, 0, 0, 0})));
    CHECK_FALSE(regions.may_hold(account_path({2, 0xe, 0xf, 0xf})));
    regions.mark_all();
    CHECK(regions.may_hold(account_path({0xf, 0xf, 0xf, 0xf, 0xf})));
}

TEST_CASE("TrieSync: with regions the store is asked little, and nothing is fetched twice",
          "[sync][numbers]") {
    test::StateModel model = test::spread_model(30'000);
    const BuiltState first = build(model);
    test::StateGenerator{3}.mutate(model, 60);
    const BuiltState second = build(model);

    CheckingStore plain;
    CheckingStore sparing;
    StoredRegions regions;
    const std::size_t most = (first.nodes.size() + first.codes.size()) * 2 / 3;
    const Run asking = sync_into(plain, first, nullptr, most);
    const Run trusting = sync_into(sparing, first, &regions, most);
    CHECK(trusting.delivered == asking.delivered);
    CHECK(trusting.asked * 2 < asking.asked);

    regions.next_root();
    const Run asking_again = sync_into(plain, second, nullptr);
    const Run trusting_again = sync_into(sparing, second, &regions);
    CHECK(trusting_again.delivered == asking_again.delivered);
    CHECK(trusting_again.delivered < second.nodes.size() / 2);
    CHECK(test::missing_from(sparing, second) == "");
    CHECK(sparing.repeated() == plain.repeated());
}
