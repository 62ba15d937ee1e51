#include <catch2/catch.hpp>

#include <async/task_scope.hpp>
#include <discovery/dns_source.hpp>

#include "support/discovery/dns_lists.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using namespace std::chrono_literals;
using async::Task;

namespace {

/// A source over some lists, for a while of virtual time.
struct Rig {
    test::Simulation sim;
    test::SeededEntropy entropy{1};
    test::DnsLists* resolver = nullptr;
    std::vector<NodeRecord> taken;
    std::unique_ptr<DnsSource> source;

    void open(std::unique_ptr<test::DnsLists> lists, std::vector<DnsLink> links) {
        resolver = lists.get();
        source = std::make_unique<DnsSource>(
            sim.executor(), sim, entropy, std::move(lists), std::move(links),
            [this](const std::vector<NodeRecord>& records) {
                taken.insert(taken.end(), records.begin(), records.end());
            });
    }
    void run_for(Duration duration) { sim.run(run(*this, duration), 24h); }

  private:
    static Task<void> run(Rig& rig, Duration duration) {
        async::TaskScope scope{rig.sim.executor()};
        scope.spawn(rig.source->run());
        (void)co_await rig.sim.sleep_until(rig.sim.now() + duration, nullptr);
        rig.source->close();
        co_await scope.join();
    }
};

}  // namespace

TEST_CASE("DNS source: a list and those it links to are read, each once in a round",
          "[discovery]") {
    Rig rig;
    auto lists = std::make_unique<test::DnsLists>();
    const DnsLink third = lists->publish(3, {});
    // Links in a circle.
    const DnsLink first_again{test::seeded_key(1001).public_key(), test::DnsLists::domain_of(1)};
    const DnsLink second = lists->publish(2, {third, first_again});
    const DnsLink first = lists->publish(1, {second, third});
    rig.open(std::move(lists), {first});
    rig.run_for(10min);
    CHECK(rig.taken.size() == 3);
    CHECK(rig.source->stats().lists == 3);
    CHECK(rig.source->stats().records == 3);
    CHECK(rig.source->stats().failures == 0);
    for (std::uint64_t number = 1; number <= 3; ++number) {
        CAPTURE(number);
        CHECK(rig.resolver->roots_asked[test::DnsLists::domain_of(number)] == 1);
    }
    CHECK(rig.resolver->closed);
}

TEST_CASE("DNS source: lists are read again, those that fail sooner and ever less often",
          "[discovery]") {
    Rig rig;
    auto lists = std::make_unique<test::DnsLists>();
    const DnsLink list = lists->publish(1, {});
    SECTION("one that can be read") {
        rig.open(std::move(lists), {list});
        rig.run_for(kDnsRefresh + 5min);
        CHECK(rig.source->stats().lists == 2);
        CHECK(rig.source->stats().records == 2);
    }
    SECTION("one that cannot") {
        lists->texts.clear();
        rig.open(std::move(lists), {list});
        rig.run_for(16min);  // after 0, 1, 3, 7 and 15 minutes
        CHECK(rig.source->stats().failures == 5);
        CHECK(rig.source->stats().lists == 0);
        CHECK(rig.taken.empty());
    }
}

TEST_CASE("DNS source: whoever links to ever more lists is followed to a limit", "[discovery]") {
    Rig rig;
    auto lists = std::make_unique<test::DnsLists>();
    constexpr std::uint64_t kMany = 3 * kMaxDnsLists;
    DnsLink next = lists->publish(kMany, {});
    for (std::uint64_t number = kMany - 1; number > 0; --number)
        next = lists->publish(number, {next});
    rig.open(std::move(lists), {next});
    rig.run_for(10min);
    CHECK(rig.source->stats().lists == kMaxDnsLists);
}
