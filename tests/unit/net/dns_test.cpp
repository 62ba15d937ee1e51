#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <async/task_scope.hpp>
#include <net/dns.hpp>
#include <net/udp.hpp>

using namespace fastsync;
using namespace std::chrono_literals;
using async::Task;

namespace {

constexpr Byte kNoSuchName = 3;
constexpr std::size_t kHeader = 12;

/// The question of a query, as it stands there.
ByteView question_of(ByteView query) {
    std::size_t end = kHeader;
    while (end < query.size() && query[end] != 0)
        end += 1U + query[end];
    return query.subspan(kHeader, std::min(end + 5, query.size()) - kHeader);
}

/// An answer to `query`: each text a TXT record, each of its parts a string of it.
Bytes answer_to(ByteView query, const std::vector<std::vector<std::string>>& texts, Byte code) {
    Bytes out{query[0], query[1], 0x81, static_cast<Byte>(0x80U | code),
              0,        1,        0,    static_cast<Byte>(texts.size()),
              0,        0,        0,    0};
    append(out, question_of(query));
    for (const auto& parts : texts) {
        Bytes data;
        for (const std::string& part : parts) {
            data.push_back(static_cast<Byte>(part.size()));
            append(data, as_bytes(part));
        }
        append(out, Bytes{0xc0, kHeader, 0, 16, 0, 1, 0, 0, 0, 1,
                          static_cast<Byte>(data.size() >> 8U), static_cast<Byte>(data.size())});
        append(out, data);
    }
    return out;
}

struct Dns {
    boost::asio::io_context context;
    std::unique_ptr<async::Clock> clock = async::make_system_clock(context.get_executor());
    std::unique_ptr<net::DatagramSocket> server = open();
    std::unique_ptr<net::TxtResolver> resolver = resolver_of(to_string(server->local()));
    std::vector<std::vector<std::string>> texts;
    Byte code = 0;
    std::size_t drop = 0;  ///< queries that are lost
    std::size_t asked = 0;

    std::unique_ptr<net::DatagramSocket> open() {
        auto made = net::make_udp_socket(context.get_executor(), *clock,
                                         {*IpAddress::parse("127.0.0.1"), 0});
        REQUIRE(made);
        return *std::move(made);
    }
    std::unique_ptr<net::TxtResolver> resolver_of(const std::string& servers) {
        auto made = net::make_txt_resolver(context.get_executor(), *clock, servers);
        REQUIRE(made);
        return *std::move(made);
    }
    void run(Task<void> work) {
        async::TaskScope scope{context.get_executor()};
        scope.spawn(serve(*this));
        scope.spawn(std::move(work));
        context.run();
    }
    static Task<void> serve(Dns& dns) {
        Bytes buffer(1500);
        while (true) {
            const auto query = co_await dns.server->receive(buffer);
            if (!query) co_return;
            ++dns.asked;
            if (dns.drop > 0) {
                --dns.drop;
                continue;
            }
            const ByteView bytes = ByteView{buffer}.first(query->size);
            CHECK(dns.server->send(answer_to(bytes, dns.texts, dns.code), query->from));
        }
    }
};

using Texts = Result<std::vector<std::string>>;

Task<void> ask(Dns& dns, Duration patience, std::optional<Texts>& result) {
    auto got = co_await dns.resolver->resolve_txt("example.org", dns.clock->now() + patience);
    result.emplace(std::move(got));
    dns.server->close();
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
    dns.texts = {{"v=spf1 -all"}, {std::string(255, 'a'), "b", ""}, {""}};
    const Texts texts = asked(dns, 5s);
    REQUIRE(texts);
    CHECK(*texts == std::vector<std::string>{"v=spf1 -all", std::string(255, 'a') + "b", ""});
}

TEST_CASE("TxtResolver: a name that is not there, or has no texts", "[net]") {
    Dns dns;
    dns.code = GENERATE(Byte{0}, kNoSuchName);
    const Texts texts = asked(dns, 5s);
    REQUIRE_FALSE(texts);
    CHECK(texts.error().code == Errc::kNotFound);
    CHECK_THAT(texts.error().detail, Catch::Contains("example.org"));
}

TEST_CASE("TxtResolver: a server that is silent costs the time given", "[net]") {
    Dns dns;
    dns.drop = 100;
    const TimePoint begin = dns.clock->now();
    const Texts texts = asked(dns, 200ms);
    REQUIRE_FALSE(texts);
    CHECK(texts.error().code == Errc::kTimeout);
    CHECK(dns.clock->now() - begin >= 200ms);
    CHECK(dns.asked == 1);
}

TEST_CASE("TxtResolver: close() ends what is under way and what comes after", "[net]") {
    Dns dns;
    dns.drop = 100;
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
