#include <eth/request_tracker.hpp>

#include "header_chain.hpp"
#include "numbered_blobs.hpp"

using namespace fastsync;
using namespace fastsync::eth;
using namespace std::chrono_literals;
using Kind = Match::Kind;
using test::blob_of;
using test::hash_of;
using test::hashes_of;

namespace {

constexpr TimePoint kStart{1h};

/// A tracker, and the blobs of answers by number.
struct Fixture {
    RequestTracker tracker;
    TimePoint now = kStart;

    RequestId ask(const std::vector<std::uint32_t>& numbers) {
        return tracker.sent_node_data(hashes_of(numbers));
    }
    Match answer(const std::vector<std::uint32_t>& numbers) {
        std::vector<Bytes> blobs;
        for (const std::uint32_t n : numbers)
            blobs.push_back(blob_of(n));
        const std::vector<ByteView> views{blobs.begin(), blobs.end()};
        return tracker.match_node_data(views, now);
    }
};

Match open(RequestId id) {
    return {Kind::kOpen, id};
}
Match late(RequestId id) {
    return {Kind::kLate, id};
}
const Match kStray{};

}  // namespace

TEST_CASE("RequestTracker: answers find their requests by content", "[eth]") {
    Fixture f;
    const RequestId a = f.ask({1, 2});
    const RequestId b = f.ask({3, 4});
    CHECK(f.tracker.open_node_data() == 2);
    CHECK(f.answer({2}) == open(a));  // the first was left out
    CHECK(f.answer({3, 4}) == open(b));
    CHECK(f.answer({3, 4}) == kStray);  // a duplicate
    CHECK(f.tracker.open_node_data() == 0);
}

TEST_CASE("RequestTracker: an answer that holds nothing belongs to the oldest request", "[eth]") {
    Fixture f;
    const RequestId a = f.ask({1});
    const RequestId b = f.ask({2});
    CHECK(f.answer({}) == open(a));
    CHECK(f.answer({}) == open(b));
    CHECK(f.answer({}) == kStray);
}

TEST_CASE("RequestTracker: blobs nobody asked for shift nothing", "[eth]") {
    Fixture f;
    const RequestId a = f.ask({1});
    CHECK(f.answer({99}) == kStray);
    CHECK(f.answer({99, 98, 1}) == open(a));
    const RequestId b = f.ask({2});
    // The known blob lies behind more junk than is looked through.
    CHECK(f.answer({90, 91, 92, 93, 94, 95, 96, 97, 2}) == kStray);
    CHECK(f.answer({90, 91, 92, 93, 94, 95, 96, 2}) == open(b));
}

TEST_CASE("RequestTracker: a request passed over is not resolved by what comes later", "[eth]") {
    // aleth stays silent on what it lacks.
    Fixture f;
    const RequestId a = f.ask({1});
    const RequestId b = f.ask({2});
    const RequestId c = f.ask({3});
    CHECK(f.answer({2}) == open(b));
    CHECK(f.tracker.open_node_data() == 2);
    CHECK(f.answer({}) == open(c));
    CHECK(f.answer({}) == kStray);
    // A server out of order is still understood by content.
    CHECK(f.answer({1}) == open(a));
}

TEST_CASE("RequestTracker: a passed request leaves nothing behind at its deadline", "[eth]") {
    Fixture f;
    const RequestId a = f.ask({1});
    const RequestId b = f.ask({2});
    CHECK(f.answer({2}) == open(b));
    f.tracker.time_out(a, f.now);
    CHECK(f.tracker.open_node_data() == 0);
    const RequestId c = f.ask({3});
    CHECK(f.answer({}) == open(c));
}

TEST_CASE("RequestTracker: a late answer is recognised and does not shift the next", "[eth]") {
    Fixture f;
    const RequestId a = f.ask({1});
    f.tracker.time_out(a, f.now);
    const RequestId b = f.ask({2});
    CHECK(f.tracker.open_node_data() == 1);
    SECTION("with content") {
        CHECK(f.answer({1}) == late(a));
    }
    SECTION("empty") {
        CHECK(f.answer({}) == late(a));
    }
    CHECK(f.answer({}) == open(b));
}

TEST_CASE("RequestTracker: a hash asked again after a time-out is told apart", "[eth]") {
    Fixture f;
    const RequestId a = f.ask({1, 2, 3});
    f.tracker.time_out(a, f.now);
    const RequestId b = f.ask({1, 4});
    SECTION("by the blobs that follow") {
        CHECK(f.answer({1, 4}) == open(b));
    }
    SECTION("by the blobs that follow, for the late one") {
        CHECK(f.answer({1, 3}) == late(a));
        CHECK(f.answer({1}) == open(b));
    }
    SECTION("by order when both fit") {
        CHECK(f.answer({1}) == late(a));
        CHECK(f.answer({1}) == open(b));
    }
}

TEST_CASE("RequestTracker: late requests are forgotten after their time", "[eth]") {
    Fixture f;
    const RequestId a = f.ask({1});
    f.tracker.time_out(a, f.now);
    f.now += kLateRequestLife - 1ns;
    SECTION("just before") {
        CHECK(f.answer({1}) == late(a));
    }
    SECTION("at it") {
        f.now += 1ns;
        CHECK(f.answer({1}) == kStray);
    }
}

TEST_CASE("RequestTracker: the oldest of too many late requests are forgotten", "[eth]") {
    Fixture f;
    std::vector<RequestId> ids;
    for (std::uint32_t n = 0; n <= kMaxLateRequests; ++n)
        ids.push_back(f.ask({n}));
    for (const RequestId id : ids)
        f.tracker.time_out(id, f.now);
    CHECK(f.answer({0}) == kStray);
    CHECK(f.answer({1}) == late(ids[1]));
}

TEST_CASE("RequestTracker: an answer that names its request belongs to it alone", "[eth]") {
    Fixture f;
    CHECK(f.tracker.next_id() == RequestId{1});
    const RequestId a = f.ask({1});
    CHECK(a == RequestId{1});
    CHECK(f.tracker.next_id() == RequestId{2});
    const RequestId b = f.ask({1});
    const RequestId headers = f.tracker.sent_headers({chain::BlockNumber{5}, 1, 0, false});
    CHECK(f.tracker.match_named_node_data(b, f.now) == open(b));
    CHECK(f.tracker.match_named_node_data(b, f.now) == kStray);  // a duplicate
    CHECK(f.tracker.match_named_node_data(headers, f.now) == kStray);
    CHECK(f.tracker.match_named_headers(a, f.now) == kStray);
    CHECK(f.tracker.match_named_headers(headers, f.now) == open(headers));
    // Nothing was passed over.
    CHECK(f.answer({}) == open(a));
    CHECK(f.tracker.open_node_data() == 0);
}

TEST_CASE("RequestTracker: a named answer may be late, and is forgotten in time", "[eth]") {
    Fixture f;
    const RequestId a = f.ask({1});
    const RequestId b = f.ask({2});
    f.tracker.time_out(a, f.now);
    f.tracker.time_out(b, f.now);
    CHECK(f.tracker.match_named_node_data(b, f.now) == late(b));
    CHECK(f.tracker.match_named_node_data(a, f.now + kLateRequestLife) == kStray);
}

TEST_CASE("RequestTracker: headers are matched by origin and order", "[eth]") {
    const auto chain = test::header_chain(10);
    const std::span<const chain::BlockHeader> all{chain};
    RequestTracker tracker;
    const RequestId a = tracker.sent_headers({chain[3].hash, 1, 0, false});
    const RequestId b = tracker.sent_headers({chain::BlockNumber{5}, 3, 0, false});
    const RequestId c = tracker.sent_headers({chain::BlockNumber{5}, 5, 0, false});
    CHECK(tracker.open_headers() == 3);
    CHECK(tracker.match_headers(all.subspan(4, 1), kStart) == kStray);
    CHECK(tracker.match_headers(all.subspan(5, 5), kStart) == open(c));  // too many for b
    CHECK(tracker.match_headers({}, kStart) == kStray);                  // all passed over
    CHECK(tracker.match_headers(all.subspan(5, 2), kStart) == open(b));
    CHECK(tracker.match_headers(all.subspan(3, 1), kStart) == open(a));
    const RequestId d = tracker.sent_headers({chain[3].hash, 1, 0, false});
    const RequestId e = tracker.sent_headers({chain[3].hash, 1, 0, false});
    tracker.time_out(d, kStart);
    CHECK(tracker.match_headers({}, kStart) == late(d));
    CHECK(tracker.match_headers(all.subspan(3, 1), kStart) == open(e));
}

TEST_CASE("check_answer: only the query's steps pass", "[eth]") {
    const auto chain = test::header_chain(10);
    const auto pick = [&](const std::vector<std::size_t>& numbers) {
        std::vector<chain::BlockHeader> out;
        for (const std::size_t n : numbers)
            out.push_back(chain[n]);
        return out;
    };
    const HeaderQuery up{chain::BlockNumber{2}, 3, 2, false};
    CHECK(check_answer(up, {}));
    CHECK(check_answer(up, pick({2})));
    CHECK(check_answer(up, pick({2, 5, 8})));
    CHECK_FALSE(check_answer(up, pick({2, 5, 9})));
    CHECK_FALSE(check_answer(up, pick({3, 6})));
    CHECK_FALSE(check_answer({chain::BlockNumber{2}, 1, 2, false}, pick({2, 5})));
    const HeaderQuery down{chain[9].hash, 4, 3, true};
    CHECK(check_answer(down, pick({9, 5, 1})));
    CHECK_FALSE(check_answer(down, pick({9, 5, 1, 0})));
    CHECK_FALSE(check_answer(down, pick({8})));
    constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
    CHECK_FALSE(check_answer({chain::BlockNumber{2}, 3, kMax, false}, pick({2, 3})));
    CHECK_FALSE(check_answer({chain::BlockNumber{2}, 3, kMax - 1, false}, pick({2, 3})));
}
