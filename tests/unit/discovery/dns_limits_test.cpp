// Both sides of the limits that lists of nodes in the DNS meet.
#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <discovery/dns_walk.hpp>
#include <enode/base_text.hpp>

#include "support/discovery/paper_identity.hpp"

using namespace fastsync;
using namespace fastsync::discovery;

namespace {

std::string name_of(const std::string& text, std::size_t bytes = 16) {
    return enode::to_base32(crypto::keccak256(as_bytes(text)).view().first(bytes));
}

std::string branch_of(const std::vector<std::string>& names) {
    std::string out = "enrtree-branch:";
    for (std::size_t i = 0; i < names.size(); ++i)
        out += (i == 0 ? "" : ",") + names[i];
    return out;
}

std::string link_to(const std::string& domain) {
    return "enrtree://AKPYQIUQIL7PSIACI32J7FGZW56E5FKHEFCCOFHILBIMW3M6LWXS2@" + domain;
}

DnsWalk walk_from(const std::string& nodes, const std::string& links) {
    return DnsWalk{*parse_dns_link(link_to("n")), {nodes, links, 1}};
}

/// A branch whose children are the numbers from `from` on.
std::string numbers(std::size_t from, std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = from; i < from + count; ++i)
        names.push_back(name_of(std::to_string(i)));
    return branch_of(names);
}

}  // namespace

TEST_CASE("DNS list: a text of 1024 characters is read, a longer one is too large", "[discovery]") {
    std::string text = link_to("n");
    text += std::string(kMaxDnsText - text.size(), 'x');
    CHECK(parse_dns_entry(text, name_of(text)).error().code == Errc::kMalformed);  // its domain
    text += 'x';
    CHECK(parse_dns_entry(text, name_of(text)).error().code == Errc::kTooLarge);
    CHECK(parse_dns_link(text).error().code == Errc::kTooLarge);
}

TEST_CASE("DNS list: a domain has 253 characters at most", "[discovery]") {
    CHECK(parse_dns_link(link_to(std::string(253, 'x'))));
    CHECK(parse_dns_link(link_to(std::string(254, 'x'))).error().code == Errc::kMalformed);
}

TEST_CASE("DNS list: an abbreviated hash has 12 to 32 bytes", "[discovery]") {
    const std::string text = link_to("n");
    CHECK(parse_dns_entry(text, name_of(text, kMinDnsHash)));
    CHECK(parse_dns_entry(text, name_of(text, kMaxDnsHash)));
    CHECK(parse_dns_entry(text, name_of(text, kMinDnsHash - 1)).error().code == Errc::kMalformed);
    const Hash256 hash = crypto::keccak256(as_bytes(text));
    Bytes longer = to_bytes(hash);
    longer.push_back(0);
    CHECK(parse_dns_entry(text, enode::to_base32(longer)).error().code == Errc::kMalformed);
}

TEST_CASE("DNS list: so many questions are asked in one walk, whatever there is to ask",
          "[discovery]") {
    std::size_t made = 0;
    DnsWalk walk = walk_from(name_of("a"), name_of("b"));
    std::size_t asked = 0;
    for (std::string name = walk.next(0); !name.empty(); name = walk.next(asked)) {
        ++asked;
        // Each branch leads to more of them than one may follow. It has the name that was asked
        // for only in our imagination, so it enters by one of its own.
        const std::string more = numbers(made, kMaxDnsChildren);
        made += kMaxDnsChildren;
        REQUIRE(walk.answered(name_of(more), {more}));
        REQUIRE(asked <= kMaxDnsQuestions);
    }
    CHECK(asked == kMaxDnsQuestions);
}

TEST_CASE("DNS list: so many names wait, and no more are remembered", "[discovery]") {
    DnsWalk walk = walk_from(name_of("a"), name_of("b"));  // two names
    const std::size_t room = kMaxDnsWaiting - 2;
    std::size_t made = 0;
    const auto tell = [&](std::size_t count) {
        const std::string more = numbers(made, count);
        made += count;
        REQUIRE(walk.answered(name_of(more), {more}));
    };
    while (made < room)
        tell(std::min(kMaxDnsChildren, room - made));
    DnsWalk full = walk;
    // The name told last is asked for first.
    CHECK(full.next(room + 1) == name_of(std::to_string(room - 1)));
    tell(1);
    CHECK(walk.next(room + 1) == name_of(std::to_string(room - 1)));
    // Nor is a place that is free again for a name that was not met before.
    tell(1);
    CHECK(walk.next(room) != name_of(std::to_string(made - 1)));
}

TEST_CASE("DNS list: links are taken up to 16", "[discovery]") {
    DnsWalk walk = walk_from(name_of("a"), name_of("b"));
    for (std::size_t i = 0; i < kMaxDnsLinks; ++i) {
        const std::string link = link_to("n" + std::to_string(i));
        REQUIRE(walk.answered(name_of(link), {link}));
        CHECK(walk.links().size() == i + 1);
    }
    const std::string more = link_to("more");
    REQUIRE(walk.answered(name_of(more), {more}));
    CHECK(walk.links().size() == kMaxDnsLinks);
}

TEST_CASE("DNS list: a walk ends with its 512th record", "[discovery]") {
    DnsWalk walk = walk_from(name_of("a"), name_of("b"));
    const crypto::SecretKey key = test::seeded_key(1);
    for (std::size_t i = 0; i < kMaxDnsRecords; ++i) {
        if (i + 1 == kMaxDnsRecords) {
            DnsWalk before = walk;
            CHECK_FALSE(before.next(0).empty());
        }
        const auto record = NodeRecord::sign(key, i + 1, {});
        REQUIRE(record);
        REQUIRE(walk.answered(name_of(record->text()), {record->text()}));
    }
    CHECK(walk.next(0).empty());
}
