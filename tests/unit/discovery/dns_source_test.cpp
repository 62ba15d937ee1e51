#include <map>

#include <catch2/catch.hpp>

#include <async/task_scope.hpp>
#include <crypto/keccak.hpp>
#include <discovery/dns_source.hpp>
#include <enode/base_text.hpp>

#include "support/discovery/engine_network.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using namespace std::chrono_literals;
using async::Task;

namespace {

/// Lists of one record and any links each, signed by keys of their own.
class Lists final : public net::TxtResolver {
  public:
    std::map<std::string, std::vector<std::string>> texts;
    std::map<std::string, std::size_t> roots_asked;
    bool closed = false;

    /// Publishes the list `number`, at the domain of that number.
    DnsLink publish(std::uint64_t number, const std::vector<DnsLink>& links) {
        const crypto::SecretKey key = test::seeded_key(1000 + number);
        const DnsLink list{key.public_key(), domain_of(number)};
        const auto record = NodeRecord::sign(test::seeded_key(number), 1, {});
        const std::string nodes = enter(list, record->text());
        std::string branch = "enrtree-branch:";
        for (const DnsLink& link : links) {
            if (branch.back() != ':') branch += ",";
            branch += enter(list, url_of(link));
        }
        const std::string content = "enrtree-root:v1 e=" + nodes + " l=" + enter(list, branch) +
                                    " seq=" + std::to_string(number);
        const auto signature = crypto::sign(key, crypto::keccak256(as_bytes(content)));
        texts[list.domain] = {content + " sig=" + enode::to_base64url(signature.view())};
        return list;
    }
    static std::string domain_of(std::uint64_t number) {
        return "list" + std::to_string(number) + ".example.org";
    }

    [[nodiscard]] Task<Result<std::vector<std::string>>> resolve_txt(std::string name,
                                                                     TimePoint) override {
        if (name.starts_with("list")) ++roots_asked[name];
        const auto found = texts.find(name);
        if (found == texts.end()) co_return Error{Errc::kNotFound, "no such name"};
        co_return found->second;
    }
    void close() noexcept override { closed = true; }

  private:
    static std::string url_of(const DnsLink& link) {
        return "enrtree://" + enode::to_base32(crypto::compress(link.key).view()) + "@" +
               link.domain;
    }
    std::string enter(const DnsLink& list, const std::string& text) {
        const Hash256 hash = crypto::keccak256(as_bytes(text));
        const std::string name = enode::to_base32(hash.view().first(16));
        texts[name + "." + list.domain] = {text};
        return name;
    }
};

/// A source over some lists, for a while of virtual time.
struct Rig {
    test::Simulation sim;
    test::SeededEntropy entropy{1};
    Lists* resolver = nullptr;
    std::vector<NodeRecord> taken;
    std::unique_ptr<DnsSource> source;

    void open(std::unique_ptr<Lists> lists, std::vector<DnsLink> links) {
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
    auto lists = std::make_unique<Lists>();
    const DnsLink third = lists->publish(3, {});
    // Links in a circle.
    const DnsLink first_again{test::seeded_key(1001).public_key(), Lists::domain_of(1)};
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
        CHECK(rig.resolver->roots_asked[Lists::domain_of(number)] == 1);
    }
    CHECK(rig.resolver->closed);
}

TEST_CASE("DNS source: lists are read again, those that fail sooner and ever less often",
          "[discovery]") {
    Rig rig;
    auto lists = std::make_unique<Lists>();
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
    auto lists = std::make_unique<Lists>();
    constexpr std::uint64_t kMany = 3 * kMaxDnsLists;
    DnsLink next = lists->publish(kMany, {});
    for (std::uint64_t number = kMany - 1; number > 0; --number)
        next = lists->publish(number, {next});
    rig.open(std::move(lists), {next});
    rig.run_for(10min);
    CHECK(rig.source->stats().lists == kMaxDnsLists);
}
