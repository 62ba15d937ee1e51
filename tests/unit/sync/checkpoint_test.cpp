#include <catch2/catch.hpp>

#include <sync/checkpoint.hpp>

#include "support/fake_peer.hpp"

using namespace fastsync;
using namespace fastsync::sync;

TEST_CASE("checkpoint: what is saved is loaded", "[sync]") {
    test::CheckingStore store;
    CHECK_FALSE(load_checkpoint(store)->has_value());
    CHECK_FALSE(load_completed(store)->has_value());
    const auto chain = test::FakeChain::of({Hash256{}, Hash256{}, Hash256{}});
    SyncCheckpoint record;
    record.state_root.data[3] = 7;
    record.moves = 4;
    record.counters = {1, 2, 3, 4, 5, 6};
    record.seen = {70, 80, 20, 10};
    for (const auto& header : chain.headers)
        record.headers.push_back(header.raw);
    REQUIRE(save_checkpoint(store, record));
    CHECK(**load_checkpoint(store) == record);
    const CompletedPivot completed{record.state_root, record.headers, 1'700'000'000,
                                   record.counters};
    REQUIRE(save_completed(store, completed));
    CHECK(**load_completed(store) == completed);
    CHECK(decode_headers(record.headers)->size() == 3);
}

TEST_CASE("checkpoint: a record of an earlier version says nothing of what was seen", "[sync]") {
    test::CheckingStore store;
    SyncCheckpoint record;
    record.moves = 4;
    record.seen = {70, 80, 20, 10};
    Bytes stored = to_record(record).value;
    // The last member of the list: a list of four small numbers.
    REQUIRE(stored.back() == 10);
    stored.resize(stored.size() - 5);
    REQUIRE(stored[0] > 0xc0);
    REQUIRE(stored[0] <= 0xf7);
    stored[0] = static_cast<Byte>(stored[0] - 5);
    REQUIRE(store.save_meta("sync.checkpoint", stored));
    record.seen = {};
    CHECK(**load_checkpoint(store) == record);
}

TEST_CASE("checkpoint: what was seen is read with care", "[sync]") {
    test::CheckingStore store;
    SyncCheckpoint record;
    for (const SeenState& odd :
         {SeenState{UINT64_MAX, UINT64_MAX, 10, 20}, SeenState{5, 1, 6, 0}}) {
        record.seen = odd;
        REQUIRE(save_checkpoint(store, record));
        CHECK((*load_checkpoint(store))->seen == SeenState{});
    }
}

TEST_CASE("checkpoint: damaged records are corrupt, naming the record", "[sync]") {
    test::CheckingStore store;
    const Bytes bad = GENERATE(Bytes{}, Bytes{0xc0}, Bytes{0xff, 0xff}, Bytes(50, 0x01));
    REQUIRE(store.save_meta("sync.checkpoint", bad));
    const auto loaded = load_checkpoint(store);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == Errc::kCorrupt);
    CHECK(loaded.error().detail.find("sync.checkpoint") != std::string::npos);
}

TEST_CASE("checkpoint: stored headers that do not link are corrupt", "[sync]") {
    const auto chain = test::FakeChain::of({Hash256{}, Hash256{}, Hash256{}});
    CHECK(decode_headers({chain.headers[0].raw, chain.headers[2].raw}).error().code ==
          Errc::kCorrupt);
    CHECK(decode_headers({Bytes{0x01}}).error().code == Errc::kCorrupt);
}

TEST_CASE("checkpoint: 4096 headers are loaded, one more is corrupt", "[sync]") {
    test::CheckingStore store;
    SyncCheckpoint record;
    record.headers.assign(4096, Bytes{0x01});
    REQUIRE(save_checkpoint(store, record));
    CHECK(**load_checkpoint(store) == record);
    record.headers.emplace_back(Bytes{0x01});
    REQUIRE(save_checkpoint(store, record));
    CHECK(load_checkpoint(store).error().code == Errc::kCorrupt);
}
