#include <catch2/catch.hpp>

#include <common/line_limiter.hpp>

using namespace fastsync;
using namespace fastsync::log;
using namespace std::chrono_literals;

TEST_CASE("LineLimiter: a burst, then so many a second, and the number of those left out",
          "[common]") {
    LineLimiter limiter;
    const char kind = 0;
    TimePoint now{1h};
    constexpr LineRate kRate{5, 2};
    for (int i = 0; i < 5; ++i)
        CHECK(limiter.admit(&kind, kRate, now) == 0U);
    for (int i = 0; i < 100; ++i)
        CHECK_FALSE(limiter.admit(&kind, kRate, now));
    now += 500ms;
    CHECK(limiter.admit(&kind, kRate, now) == 100U);
    CHECK_FALSE(limiter.admit(&kind, kRate, now));
    now += 1h;
    std::size_t written = 0;
    for (int i = 0; i < 100; ++i)
        written += limiter.admit(&kind, kRate, now) ? 1U : 0U;
    CHECK(written == 5);
}

TEST_CASE("LineLimiter: one kind does not silence another", "[common]") {
    LineLimiter limiter;
    const char kinds[2] = {};
    const TimePoint now{1h};
    constexpr LineRate kRate{1, 1};
    CHECK(limiter.admit(&kinds[0], kRate, now));
    CHECK_FALSE(limiter.admit(&kinds[0], kRate, now));
    CHECK(limiter.admit(&kinds[1], kRate, now));
}

TEST_CASE("LineLimiter: a day of a flood is bounded", "[common]") {
    LineLimiter limiter;
    const char kind = 0;
    std::size_t written = 0;
    for (int i = 0; i < 864'000; ++i)
        written += limiter.admit(&kind, kUsualRate, TimePoint{1h} + i * 100ms) ? 1U : 0U;
    CHECK(written <= 86'400 + 51);
}

TEST_CASE("LineLimiter: 50 lines of a kind follow each other, 500 at debug, and no more",
          "[common]") {
    for (const LineRate& rate : {kUsualRate, kDebugRate}) {
        LineLimiter limiter;
        const char kind = 0;
        const auto written = [&](TimePoint now) {
            double count = 0;
            while (limiter.admit(&kind, rate, now))
                ++count;
            return count;
        };
        CHECK(written(TimePoint{1h}) == rate.burst);
        CHECK(written(TimePoint{1h} + 1s) == rate.per_s);
    }
    CHECK(kUsualRate.burst == 50);
    CHECK(kDebugRate.burst == 500);
}
