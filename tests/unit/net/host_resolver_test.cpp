#include "dns_server.hpp"

using namespace fastsync;
using namespace std::chrono_literals;
using async::Task;
using test::kTypeA;
using test::kTypeAaaa;

namespace {

using Addresses = Result<std::vector<IpAddress>>;

struct Dns : test::DnsServer {
    std::unique_ptr<net::HostResolver> resolver = make();

    void publish(const std::string& text) {
        const auto ip = IpAddress::parse(text);
        REQUIRE(ip);
        records[ip->is_v4() ? kTypeA : kTypeAaaa].push_back(to_bytes(ip->bytes()));
    }

  private:
    std::unique_ptr<net::HostResolver> make() {
        auto made = net::make_host_resolver(context.get_executor(), *clock, address());
        REQUIRE(made);
        return *std::move(made);
    }
};

Task<void> ask(Dns& dns, std::string name, Duration patience, std::optional<Addresses>& result) {
    auto got = co_await dns.resolver->resolve_host(std::move(name), dns.clock->now() + patience);
    result.emplace(std::move(got));
    dns.socket->close();
}

Addresses asked(Dns& dns, Duration patience, std::string name = "node.example.org") {
    std::optional<Addresses> result;
    dns.run(ask(dns, std::move(name), patience, result));
    REQUIRE(result);
    return *std::move(result);
}

std::vector<std::string> texts_of(const Addresses& addresses) {
    REQUIRE(addresses);
    std::vector<std::string> out;
    for (const IpAddress& address : *addresses)
        out.push_back(to_string(address));
    return out;
}

}  // namespace

TEST_CASE("HostResolver: addresses of both families, in turn", "[net]") {
    Dns dns;
    for (const char* text : {"192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2"})
        dns.publish(text);
    CHECK(texts_of(asked(dns, 5s)) == std::vector<std::string>{"192.0.2.1", "2001:db8::1",
                                                               "192.0.2.2", "2001:db8::2",
                                                               "192.0.2.3"});
}

TEST_CASE("HostResolver: a name with one family only", "[net]") {
    Dns dns;
    const std::string only = GENERATE("192.0.2.1", "2001:db8::1");
    dns.publish(only);
    CHECK(texts_of(asked(dns, 5s)) == std::vector{only});
}

TEST_CASE("HostResolver: of a huge answer so many are taken, and both families are among them",
          "[net]") {
    Dns dns;
    for (int i = 1; i <= 25; ++i)
        dns.publish("192.0.2." + std::to_string(i));
    dns.publish("2001:db8::1");
    const auto texts = texts_of(asked(dns, 5s));
    CHECK(texts.size() == net::kMaxHostAddresses);
    CHECK(texts[1] == "2001:db8::1");
}

TEST_CASE("HostResolver: repeated addresses, and those no host has, are left out", "[net]") {
    Dns dns;
    for (const char* text : {"0.0.0.0", "224.0.0.1", "192.0.2.1", "192.0.2.1", "ff02::1", "::"})
        dns.publish(text);
    CHECK(texts_of(asked(dns, 5s)) == std::vector<std::string>{"192.0.2.1"});
}

TEST_CASE("HostResolver: a server that drops one family costs little", "[net]") {
    Dns dns;
    dns.publish("192.0.2.1");
    dns.silent = {kTypeAaaa};
    const TimePoint begin = dns.clock->now();
    CHECK(texts_of(asked(dns, 20s)) == std::vector<std::string>{"192.0.2.1"});
    CHECK(dns.clock->now() - begin < 1500ms);
}

TEST_CASE("HostResolver: what cannot be resolved is named", "[net]") {
    Dns dns;
    Errc expected = Errc::kNotFound;
    SECTION("no such name") {
        dns.code = test::kNoSuchName;
    }
    SECTION("a name without addresses") {}
    SECTION("addresses that no host has") {
        dns.publish("224.0.0.1");
    }
    SECTION("a server that fails") {
        dns.code = test::kServerFailure;
        expected = Errc::kConnect;
    }
    const Addresses none = asked(dns, 5s);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == expected);
    CHECK_THAT(none.error().detail, Catch::Contains("cannot resolve node.example.org"));
}

TEST_CASE("HostResolver: a server that is silent costs the time given", "[net]") {
    Dns dns;
    dns.silent = {kTypeA, kTypeAaaa};
    const TimePoint begin = dns.clock->now();
    const Addresses none = asked(dns, 200ms);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == Errc::kTimeout);
    CHECK_THAT(none.error().detail, Catch::Contains("node.example.org"));
    CHECK(dns.clock->now() - begin >= 200ms);
}

TEST_CASE("HostResolver: the machine knows itself without a server", "[net]") {
    Dns dns;
    dns.publish("192.0.2.7");
    const std::string name = GENERATE("localhost", "LocalHost.", "a.localhost");
    CHECK(texts_of(asked(dns, 5s, name)) == std::vector<std::string>{"127.0.0.1", "::1"});
}

TEST_CASE("HostResolver: a name that ends like the machine's own is another", "[net]") {
    Dns dns;
    dns.publish("198.41.0.4");
    CHECK(texts_of(asked(dns, 5s, "a.nolocalhost")) == std::vector<std::string>{"198.41.0.4"});
}

TEST_CASE("HostResolver: close() ends what is under way and what comes after", "[net]") {
    Dns dns;
    dns.silent = {kTypeA, kTypeAaaa};
    auto work = [](Dns& d) -> Task<void> {
        async::TaskScope scope{d.context.get_executor()};
        std::optional<Addresses> result;
        scope.spawn(ask(d, "node.example.org", 1h, result));
        (void)co_await d.clock->sleep_until(d.clock->now() + 50ms, nullptr);
        CHECK_FALSE(result);
        d.resolver->close();
        co_await scope.join();
        REQUIRE(result);
        CHECK(result->error().code == Errc::kClosed);
        const auto later = co_await d.resolver->resolve_host("localhost", d.clock->now() + 1h);
        REQUIRE_FALSE(later);
        CHECK(later.error().code == Errc::kClosed);
    };
    dns.run(work(dns));
}
