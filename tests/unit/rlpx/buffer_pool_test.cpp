#include <memory>
#include <vector>

#include <catch2/catch.hpp>

#include <rlpx/buffer_pool.hpp>

using namespace fastsync::rlpx;

namespace {

constexpr std::size_t kMiB = 1U << 20U;

struct Counted {
    explicit Counted(BufferPool& pool) : share(&pool, [this] { ++evicted; }) {}
    int evicted = 0;
    BufferPool::Share share;
};

}  // namespace

TEST_CASE("BufferPool: up to the limit everybody stays, one byte more ends the largest", "[rlpx]") {
    BufferPool pool{4 * kMiB};
    Counted small{pool};
    Counted large{pool};
    large.share.hold(3 * kMiB);
    small.share.hold(kMiB);
    CHECK(pool.used() == pool.limit());
    CHECK(large.evicted == 0);
    small.share.hold(kMiB + 1);
    CHECK(large.evicted == 1);
    CHECK(small.evicted == 0);
    CHECK(pool.used() == kMiB + 1);
    // What it still holds until it is gone is not counted again.
    large.share.hold(4 * kMiB);
    CHECK(large.evicted == 1);
    CHECK(pool.used() == kMiB + 1);
    CHECK(pool.evictions() == 1);
}

TEST_CASE("BufferPool: whoever wants the most is the one that ends", "[rlpx]") {
    BufferPool pool{4 * kMiB};
    Counted one{pool};
    Counted two{pool};
    one.share.hold(kMiB);
    two.share.hold(3 * kMiB + 1);
    CHECK(two.evicted == 1);
    CHECK(one.evicted == 0);
}

TEST_CASE("BufferPool: what a connection always may hold is never taken from it", "[rlpx]") {
    BufferPool pool{kMiB};
    std::vector<std::unique_ptr<Counted>> crowd;
    for (int i = 0; i < 40; ++i) {
        crowd.push_back(std::make_unique<Counted>(pool));
        crowd.back()->share.hold(BufferPool::kAlwaysAllowed);
    }
    for (const auto& one : crowd)
        CHECK(one->evicted == 0);
    crowd.front()->share.hold(BufferPool::kAlwaysAllowed + 1);
    CHECK(crowd.front()->evicted == 1);
    crowd.clear();
    CHECK(pool.used() == 0);
}

TEST_CASE("BufferPool: without a pool there is no limit", "[rlpx]") {
    BufferPool::Share share{nullptr, [] { FAIL("ended"); }};
    share.hold(SIZE_MAX);
}
