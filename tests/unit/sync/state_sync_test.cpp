#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <sync/state_sync.hpp>

#include "state_sync_rig.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using namespace std::chrono_literals;
using test::BuiltState;
using test::CheckingStore;
using test::kFirst;
using test::kSecond;
using test::Rig;

TEST_CASE("StateSync: one honest peer is enough", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    rig.finish();
    CHECK(rig.counters.items_committed() == rig.state.size());
    CHECK(rig.counters.codes_committed == rig.state.codes.size());
    CHECK(rig.counters.retries == 0);
    CHECK(rig.ledger.open_items() == 0);
}

TEST_CASE("StateSync: without peers it waits, unserved by nobody", "[sync]") {
    Rig rig;
    CHECK(rig.assign().empty());
    CHECK_FALSE(rig.state_sync->unserved());
    CHECK_FALSE(rig.state_sync->lost_task());
}

TEST_CASE("StateSync: the rest of a partial answer may be asked of the same peer", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    const auto request = rig.grow(4);
    auto blobs = rig.blobs(request);
    blobs.resize(1);
    const auto verdict = rig.answer(request, blobs);
    CHECK(verdict.useful == 1);
    CHECK(rig.state_sync->waiting_for_retry() == request.tasks.size() - 1);
    CHECK_FALSE(rig.state_sync->unserved());
    rig.finish();
    CHECK(rig.counters.retries == request.tasks.size() - 1);
}

TEST_CASE("StateSync: an empty answer sends the tasks to another peer at once", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    const auto request = rig.grow(2);
    rig.answer(request, {});
    for (const auto& again : rig.assign()) {
        for (const auto& task : again.tasks) {
            CHECK(std::find(request.tasks.begin(), request.tasks.end(), task) ==
                  request.tasks.end());
        }
        rig.answer(again, rig.blobs(again));
    }
    CHECK(rig.state_sync->unserved());
    rig.ledger.join(kSecond);
    CHECK_FALSE(rig.state_sync->unserved());
    rig.finish();
}

TEST_CASE("StateSync: items that every peer lacks are unserved until pardoned", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    rig.ledger.join(kSecond);
    std::size_t rounds = 0;
    while (!rig.state_sync->unserved()) {
        REQUIRE(++rounds < 10);
        for (const auto& request : rig.assign())
            rig.answer(request, {});
    }
    CHECK(rig.assign().empty());
    CHECK_FALSE(rig.state_sync->lost_task());
    rig.state_sync->pardon();
    rig.finish();
}

TEST_CASE("StateSync: after a timeout another peer goes first, then the same again", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    const auto request = rig.grow(3);
    const auto verdict = rig.time_out(request);
    CHECK_FALSE(verdict.blame);
    CHECK_FALSE(rig.state_sync->unserved());
    SECTION("alone, the same peer is asked again") {
        rig.finish();
    }
    SECTION("with another one there, that one is asked") {
        rig.ledger.join(kSecond);
        for (const auto& again : rig.assign()) {
            const bool repeats =
                std::any_of(again.tasks.begin(), again.tasks.end(), [&](const auto& task) {
                    return std::find(request.tasks.begin(), request.tasks.end(), task) !=
                           request.tasks.end();
                });
            if (repeats) CHECK(again.peer == kSecond);
            rig.answer(again, rig.blobs(again));
        }
        rig.finish();
    }
}

TEST_CASE("StateSync: a timeout of two items or fewer means stalling", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    const auto requests = rig.assign();
    REQUIRE(requests.size() == 1);
    REQUIRE(requests[0].tasks.size() == 1);  // the root alone
    CHECK(rig.time_out(requests[0]).blame == Misbehaviour::kStalling);
}

TEST_CASE("StateSync: the only peer that serves is not blamed for being slow", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    rig.ledger.join(kSecond);
    const auto root = rig.assign().at(0);
    REQUIRE(root.peer == kFirst);
    REQUIRE(rig.answer(root, rig.blobs(root)).useful == 1);
    OpenRequest small;
    small.peer = kFirst;
    small.tasks.resize(StateSync::kStallingItems);
    CHECK_FALSE(rig.state_sync->on_timeout(small).blame);
    // Another one that delivers makes the difference; one that is only connected does not.
    rig.ledger.at(kSecond).delivered = 1;
    CHECK(rig.state_sync->on_timeout(small).blame == Misbehaviour::kStalling);
    rig.ledger.at(kFirst).delivered = 0;
    CHECK(rig.state_sync->on_timeout(small).blame == Misbehaviour::kStalling);
}

TEST_CASE("StateSync: a late answer is used, and its second request harms nobody", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    rig.ledger.join(kSecond);
    const auto request = rig.grow(3);
    rig.time_out(request);
    const auto verdict =
        rig.state_sync->on_stray(request.peer, test::answer_of(rig.blobs(request), rig.now));
    REQUIRE(verdict);
    CHECK(verdict->useful == request.tasks.size());
    CHECK_FALSE(verdict->blame);
    rig.finish();
    CHECK(rig.ledger.open_items() == 0);
}

TEST_CASE("StateSync: a late answer that others have given meanwhile is no junk", "[sync]") {
    Rig rig{3, 60};
    rig.ledger.join(kFirst);
    rig.ledger.join(kSecond);
    // All of the state comes from one peer; then the other sends it too, again and again.
    while (!rig.state_sync->complete()) {
        for (const auto& request : rig.assign())
            rig.answer(request, rig.blobs(request));
    }
    std::vector<Bytes> all;
    for (const auto* items : {&rig.state.nodes, &rig.state.codes})
        for (const auto& [hash, blob] : *items)
            all.push_back(blob);
    for (int i = 0; i < 10; ++i) {
        const auto verdict = rig.state_sync->on_stray(kSecond, test::answer_of(all, rig.now));
        REQUIRE(verdict);
        CHECK(verdict->useful == 0);
        CHECK(verdict->surplus == all.size());
        CHECK(verdict->unexpected == 0);
        CHECK_FALSE(verdict->blame);
    }
    CHECK(rig.counters.unexpected == 0);
    CHECK(rig.counters.duplicates == 10 * all.size());
    REQUIRE(10 * all.size() > StateSync::kMaxUnexpected);
}

TEST_CASE("StateSync: duplicates and shifts are matched by hash", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    const auto request = rig.grow(4);
    auto blobs = rig.blobs(request);
    std::reverse(blobs.begin(), blobs.end());
    blobs.push_back(blobs.front());
    blobs.insert(blobs.begin() + 1, Bytes{});
    const auto verdict = rig.answer(request, blobs);
    CHECK(verdict.useful == request.tasks.size());
    CHECK(verdict.duplicates == 1);
    CHECK(verdict.unexpected == 0);
    rig.finish();
    CHECK(rig.counters.duplicates == 1);
}

TEST_CASE("StateSync: as many blobs as were asked for are not yet all that was asked for",
          "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    const auto request = rig.grow(6);
    const std::vector<Bytes> all = rig.blobs(request);
    const std::size_t asked = request.tasks.size();
    std::vector<Bytes> sent;
    std::size_t missing = 0;
    bool complete = false;
    SECTION("the first one again and again") {
        sent.assign(asked, all.front());
        missing = asked - 1;
    }
    SECTION("one of them twice, another one never") {
        sent = all;
        sent[4] = sent[2];
        missing = 1;
    }
    SECTION("the last one first, one never") {
        sent = all;
        std::rotate(sent.begin(), sent.end() - 1, sent.end());
        sent[3] = sent[2];
        missing = 1;
    }
    SECTION("all in another order") {
        sent = all;
        std::reverse(sent.begin(), sent.end());
    }
    SECTION("all of them") {
        sent = all;
        complete = true;
    }
    const auto verdict = rig.answer(request, sent);
    CHECK(verdict.complete == complete);
    CHECK(verdict.useful == asked - missing);
    CHECK(rig.state_sync->lost_tasks() == 0);
    CHECK(rig.counters.retries == missing);
    rig.finish();
}

TEST_CASE("StateSync: a peer that sends junk again and again is blamed", "[sync]") {
    Rig rig{3, 60};
    rig.ledger.join(kFirst);
    rig.ledger.join(kSecond);
    std::size_t junk = 0;
    bool blamed = false;
    while (!rig.state_sync->complete()) {
        for (const auto& request : rig.assign()) {
            if (request.peer == kSecond) {
                rig.answer(request, rig.blobs(request));
                continue;
            }
            std::vector<Bytes> blobs(request.tasks.size() + 100, Bytes{static_cast<Byte>(junk)});
            junk += blobs.size();
            const auto verdict = rig.answer(request, blobs);
            CHECK(verdict.useful == 0);
            blamed = blamed || verdict.blame == Misbehaviour::kMalformedBlob;
        }
    }
    CHECK(rig.counters.unexpected == junk);
    CHECK((blamed || junk <= StateSync::kMaxUnexpected));
    CHECK(missing_from(rig.store, rig.state) == "");
}

TEST_CASE("StateSync: one huge blob that nobody asked for is blamed like many small ones",
          "[sync]") {
    Rig rig{3, 60};
    rig.ledger.join(kFirst);
    const auto requests = rig.assign();
    REQUIRE_FALSE(requests.empty());
    const std::size_t size = GENERATE(as<std::size_t>{}, 0, 1);
    const Bytes blob(StateSync::kMaxUnexpectedBytes + size);
    SECTION("in an answer") {
        const auto verdict = rig.answer(requests.front(), {blob});
        CHECK(verdict.unexpected == 1);
        CHECK(verdict.blame.has_value() == (size > 0));
    }
    SECTION("between the answers") {
        const auto verdict = rig.state_sync->on_stray(kFirst, test::answer_of({blob}, rig.now));
        REQUIRE(verdict);
        CHECK(verdict->unexpected_bytes == blob.size());
        CHECK(verdict->blame.has_value() == (size > 0));
        rig.answer(requests.front(), rig.blobs(requests.front()));
    }
    rig.ledger.join(kSecond);
    rig.finish();
}

TEST_CASE("StateSync: the requests of a peer that leaves go back", "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    (void)rig.grow(3);
    for (const auto& request : rig.ledger.leave(kFirst))
        rig.state_sync->on_returned(request);
    CHECK(rig.ledger.open_items() == 0);
    CHECK_FALSE(rig.state_sync->lost_task());
    CHECK_FALSE(rig.state_sync->unserved());
    rig.ledger.join(kSecond);
    rig.finish();
}

TEST_CASE("StateSync: an answer to an earlier root frees the peer and its items are taken",
          "[sync]") {
    Rig rig;
    rig.ledger.join(kFirst);
    const auto request = rig.grow(3);
    // The same root again, as a new epoch: what was stored is not asked for again.
    auto next = StateSync::start(rig.state.root, rig.store, rig.ledger, rig.counters, 2);
    REQUIRE(next);
    rig.state_sync.emplace(*std::move(next));
    CHECK(rig.ledger.at(kFirst).open_requests >= 1);
    const auto verdict = rig.answer(request, rig.blobs(request));
    CHECK(verdict.unexpected == 0);
    CHECK_FALSE(verdict.blame);
    rig.finish();
    CHECK(rig.ledger.open_items() == 0);
}

TEST_CASE("StateSync: a false root is reported as bad state", "[sync]") {
    const Bytes bad{0xc2, 0x80, 0x80};
    CheckingStore store;
    PeerLedger ledger;
    SyncCounters counters;
    auto sync = StateSync::start(crypto::keccak256(bad), store, ledger, counters, 1);
    REQUIRE(sync);
    ledger.join(kFirst);
    const auto ids = sync->assign(TimePoint{1h});
    REQUIRE(ids.size() == 1);
    const auto request = ledger.close(ids[0]);
    const auto verdict = sync->on_answer(*request, test::answer_of({bad}, TimePoint{1h}));
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().code == Errc::kBadState);
}

TEST_CASE("StateSync: any mix of manners ends with the whole state", "[sync]") {
    const auto seed = GENERATE(range(1U, 21U));
    CAPTURE(seed);
    Rig rig{seed, 50};
    test::StateGenerator dice{seed * 977};
    std::uint64_t next_peer = 10;
    rig.ledger.join(kFirst);  // always honest
    std::vector<PeerId> others;
    std::size_t rounds = 0;
    while (!rig.state_sync->complete()) {
        REQUIRE(++rounds < 5000);
        REQUIRE_FALSE(rig.state_sync->lost_task());
        if (others.size() < 4 && dice.below(3) == 0) {
            others.push_back(PeerId{next_peer++});
            rig.ledger.join(others.back());
        }
        for (const auto& request : rig.assign()) {
            if (!rig.ledger.requests().contains(request.id)) continue;  // its peer has left
            auto blobs = rig.blobs(request);
            const std::size_t what = request.peer == kFirst ? 9 : dice.below(6);
            if (what == 0) {
                rig.time_out(request);
            } else if (what == 1) {
                rig.answer(request, {});
            } else if (what == 2) {
                blobs.resize(dice.below(blobs.size() + 1));
                rig.answer(request, blobs);
            } else if (what == 3) {
                for (const auto& open : rig.ledger.leave(request.peer))
                    rig.state_sync->on_returned(open);
                std::erase(others, request.peer);
            } else if (what == 4) {
                rig.answer(request, std::vector<Bytes>(3, Bytes{1, 2, 3}));
            } else {
                rig.answer(request, blobs);
            }
        }
    }
    CHECK(missing_from(rig.store, rig.state) == "");
    CHECK(rig.store.repeated() == 0);
}
