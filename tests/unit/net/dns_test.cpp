#include <net/joined_texts.hpp>

#include "dns_server.hpp"

using namespace fastsync;
using namespace std::chrono_literals;
using async::Task;

namespace {

struct Dns : test::DnsServer {
    std::unique_ptr<net::TxtResolver> resolver = make();

    /// Each text a record, each of its parts a string of it.
    void publish(const std::vector<std::vector<std::string>>& texts) {
        for (const auto& parts : texts) {
            Bytes data;
            for (const std::string& part : parts) {
                data.push_back(static_cast<Byte>(part.size()));
                append(data, as_bytes(part));
            }
            records[test::kTypeTxt].push_back(std::move(data));
        }
    }

  private:
    std::unique_ptr<net::TxtResolver> make() {
        auto made = net::make_txt_resolver(context.get_executor(), *clock, address());
        REQUIRE(made);
        return *std::move(made);
    }
};

using Texts = Result<std::vector<std::string>>;

Task<void> ask(Dns& dns, Duration patience, std::optional<Texts>& result) {
    auto got = co_await dns.resolver->resolve_txt("example.org", dns.clock->now() + patience);
    result.emplace(std::move(got));
    dns.socket->close();
}

Texts asked(Dns& dns, Duration patience) {
    std::optional<Texts> result;
    dns.run(ask(dns, patience, result));
    REQUIRE(result);
    return *std::move(result);
}

}  // namespace

TEST_CASE("TxtResolver: texts come as they were published, their parts joined", "[net]") {
    Dns dns;
    dns.publish({{"v=spf1 -all"}, {std::string(255, 'a'), "b", ""}, {""}});
    const Texts texts = asked(dns, 5s);
    REQUIRE(texts);
    CHECK(*texts == std::vector<std::string>{"v=spf1 -all", std::string(255, 'a') + "b", ""});
}

TEST_CASE("TxtResolver: of an answer 64 texts are taken, and 64 KiB", "[net]") {
    using net::JoinedTexts;
    using Part = JoinedTexts::Part;
    JoinedTexts many;
    for (std::size_t i = 0; i < JoinedTexts::kMaxTexts; ++i)
        REQUIRE(many.add("x", Part::kFirst));
    CHECK(many.add("y", Part::kFurther));
    CHECK_FALSE(many.add("x", Part::kFirst));
    const auto texts = many.take();
    REQUIRE(texts.size() == JoinedTexts::kMaxTexts);
    CHECK(texts.back() == "xy");
    JoinedTexts large;
    const std::string quarter(JoinedTexts::kMaxTextBytes / 4, 'x');
    for (int i = 0; i < 4; ++i)
        REQUIRE(large.add(quarter, Part::kFurther));
    CHECK(large.add("", Part::kFirst));
    CHECK_FALSE(large.add("x", Part::kFurther));
    CHECK(large.take().front().size() == JoinedTexts::kMaxTextBytes);
}

TEST_CASE("TxtResolver: a name that is not there, or has no texts", "[net]") {
    Dns dns;
    dns.code = GENERATE(Byte{0}, test::kNoSuchName);
    const Texts texts = asked(dns, 5s);
    REQUIRE_FALSE(texts);
    CHECK(texts.error().code == Errc::kNotFound);
    CHECK_THAT(texts.error().detail, Catch::Contains("example.org"));
}

TEST_CASE("TxtResolver: a server that is silent costs the time given", "[net]") {
    Dns dns;
    dns.silent = {test::kTypeTxt};
    const TimePoint begin = dns.clock->now();
    const Texts texts = asked(dns, 200ms);
    REQUIRE_FALSE(texts);
    CHECK(texts.error().code == Errc::kTimeout);
    CHECK(dns.clock->now() - begin >= 200ms);
    CHECK(dns.asked == 1);
}

TEST_CASE("TxtResolver: close() ends what is under way and what comes after", "[net]") {
    Dns dns;
    dns.silent = {test::kTypeTxt};
    auto work = [](Dns& d) -> Task<void> {
        async::TaskScope scope{d.context.get_executor()};
        std::optional<Texts> result;
        scope.spawn(ask(d, 1h, result));
        (void)co_await d.clock->sleep_until(d.clock->now() + 50ms, nullptr);
        CHECK_FALSE(result);
        d.resolver->close();
        co_await scope.join();
        REQUIRE(result);
        CHECK(result->error().code == Errc::kClosed);
        const auto later = co_await d.resolver->resolve_txt("example.org", d.clock->now() + 1h);
        REQUIRE_FALSE(later);
        CHECK(later.error().code == Errc::kClosed);
    };
    dns.run(work(dns));
}

TEST_CASE("TxtResolver: a list of servers that is none", "[net]") {
    Dns dns;
    const auto made =
        net::make_txt_resolver(dns.context.get_executor(), *dns.clock, "not an address");
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Errc::kConfig);
}
