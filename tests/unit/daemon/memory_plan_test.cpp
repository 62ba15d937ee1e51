#include <catch2/catch.hpp>

#include <daemon/memory_plan.hpp>

using namespace fastsync;
using namespace fastsync::daemon;

namespace {
constexpr std::size_t kMiB = std::size_t{1} << 20U;
}  // namespace

TEST_CASE("memory plan: all parts together stay within the budget and nearly use it", "[daemon]") {
    for (const std::size_t mib : {128U, 256U, 512U, 4096U, 1024U * 1024U}) {
        for (const std::size_t peers : {1U, 25U, 60U}) {
            CAPTURE(mib, peers);
            const auto plan = plan_memory(mib * kMiB, peers);
            REQUIRE(plan);
            CHECK(plan->total(peers) <= mib * kMiB);
            CHECK(plan->total(peers) > mib * kMiB / 100 * 96);
            CHECK(plan->store.max_open_files >= 14);
            CHECK(plan->store.merge_trigger >= 4);
            CHECK(plan->store.merge_trigger < plan->store.max_open_files);
            CHECK(plan->store.write_buffer_items > 10'000);
        }
    }
}

TEST_CASE("memory plan: peers that alone take more than half are refused by name", "[daemon]") {
    const std::size_t most = (256 * kMiB - kMemoryOfProcess) / kMemoryOfPeer;
    CHECK(plan_memory(512 * kMiB, most));
    const auto refused = plan_memory(512 * kMiB, most + 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::kConfig);
    CHECK(refused.error().detail.find("memory-budget: 512 MiB is too little") == 0);
}
