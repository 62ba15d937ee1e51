#include <map>

#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <discovery/dns_walk.hpp>
#include <enode/base_text.hpp>
#include <rlp/encode.hpp>

#include "support/discovery/engine_network.hpp"
#include "support/shared_files.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using namespace std::chrono_literals;
using async::Task;
using test::hex;

namespace {

// go-ethereum p2p/dnsdisc/client_test.go and tree_test.go, v1.9.25.
constexpr const char* kLink = "enrtree://AKPYQIUQIL7PSIACI32J7FGZW56E5FKHEFCCOFHILBIMW3M6LWXS2@n";
constexpr const char* kRoot =
    "enrtree-root:v1 e=JWXYDBPXYWG6FX3GMDIBFA6CJ4 l=C7HRFPF3BLGF3YR4DY5KX3SMBE seq=1 "
    "sig=o908WmNp7LibOfPsr4btQwatZJ5URBr2ZAuxvK4UWHlsB9sUOTJQaGAlLPVAhM__XJesCHxLISo94z5Z2a463gA";

std::map<std::string, std::vector<std::string>> example_list() {
    return {
        {"n", {"v=spf1 -all", kRoot}},
        {"C7HRFPF3BLGF3YR4DY5KX3SMBE.n",
         {"enrtree://"
          "AM5FCQLWIZX2QFPNJAP7VUERCCRNGRHWZG3YYHIUV7BVDQ5FDPRT2@morenodes.example.org"}},
        {"JWXYDBPXYWG6FX3GMDIBFA6CJ4.n",
         {"enrtree-branch:2XS2367YHAXJFGLZHVAWLQD4ZY,H4FHT4B454P6UXFD7JCYQ5PWDY,"
          "MHTDO6TMUBRIA2XWG5LUDACK24"}},
        {"2XS2367YHAXJFGLZHVAWLQD4ZY.n",
         {"enr:-HW4QOFzoVLaFJnNhbgMoDXPnOvcdVuj7pDpqRvh6BRDO68aVi5ZcjB3vzQRZH2IcLBGHzo8uUN3snqmgTi"
          "E56CH3AMBgmlkgnY0iXNlY3AyNTZrMaECC2_24YYkYHEgdzxlSNKQEnHhuNAbNlMlWJxrJxbAFvA"}},
        {"H4FHT4B454P6UXFD7JCYQ5PWDY.n",
         {"enr:-HW4QAggRauloj2SDLtIHN1XBkvhFZ1vtf1raYQp9TBW2RD5EEawDzbtSmlXUfnaHcvwOizhVYLtr7e6vw7"
          "NAf6mTuoCgmlkgnY0iXNlY3AyNTZrMaECjrXI8TLNXU0f8cthpAMxEshUyQlK-AM0PW2wfrnacNI"}},
        {"MHTDO6TMUBRIA2XWG5LUDACK24.n",
         {"enr:-HW4QLAYqmrwllBEnzWWs7I5Ev2IAs7x_dZlbYdRdMUx5EyKHDXp7AV5CkuPGUPdvbv1_Ms1CPfhcGCvSEl"
          "SosZmyoqAgmlkgnY0iXNlY3AyNTZrMaECriawHKWdDRk2xeZkrOXBQ0dfMFLHY4eENZwdufn1S1o"}}};
}

/// Answers from a map; counts the questions.
class MapResolver final : public net::TxtResolver {
  public:
    std::map<std::string, std::vector<std::string>> texts;
    std::size_t asked = 0;

    [[nodiscard]] Task<Result<std::vector<std::string>>> resolve_txt(std::string name,
                                                                     TimePoint) override {
        ++asked;
        const auto found = texts.find(name);
        if (found == texts.end()) co_return Error{Errc::kNotFound, "no such name"};
        co_return found->second;
    }
    void close() noexcept override {}
};

Result<DnsNodes> read(MapResolver& resolver, std::size_t enough) {
    test::Simulation sim;
    test::SeededEntropy entropy{1};
    std::optional<Result<DnsNodes>> out;
    auto main = [](MapResolver& r, crypto::EntropySource& e, std::size_t wanted,
                   std::optional<Result<DnsNodes>>& result) -> Task<void> {
        auto got = co_await read_dns_list(r, e, *parse_dns_link(kLink), wanted, TimePoint::max());
        result.emplace(std::move(got));
    };
    sim.run(main(resolver, entropy, enough, out));
    return *std::move(out);
}

/// Name and text of an entry.
std::pair<std::string, std::string> entry_of(const std::string& text) {
    const Hash256 hash = crypto::keccak256(as_bytes(text));
    return {enode::to_base32(hash.view().first(16)), text};
}

std::string some_hash(std::uint64_t i) {
    Bytes bytes(16);
    std::memcpy(bytes.data(), &i, sizeof i);
    return enode::to_base32(bytes);
}

}  // namespace

TEST_CASE("DNS list: links", "[discovery]") {
    const auto link = parse_dns_link(
        "enrtree://AKPYQIUQIL7PSIACI32J7FGZW56E5FKHEFCCOFHILBIMW3M6LWXS2@nodes.example.org");
    REQUIRE(link);
    CHECK(link->domain == "nodes.example.org");
    for (const char* bad :
         {"enrtree://nodes.example.org",
          "enrtree://AP62DT7WOTEQZGQZOU474PP3KMEGVTTE7A7NPRXKX3DUD57@nodes.example.org",
          "enrtree://AP62DT7WONEQZGQZOU474PP3KMEGVTTE7A7NPRXKX3DUD57TQHGIA@nodes.example.org",
          "enrtree://AKPYQIUQIL7PSIACI32J7FGZW56E5FKHEFCCOFHILBIMW3M6LWXS2@",
          "enrtree://AKPYQIUQIL7PSIACI32J7FGZW56E5FKHEFCCOFHILBIMW3M6LWXS2@a b",
          "https://AKPYQIUQIL7PSIACI32J7FGZW56E5FKHEFCCOFHILBIMW3M6LWXS2@n", ""}) {
        CAPTURE(bad);
        const auto refused = parse_dns_link(bad);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::kMalformed);
    }
}

TEST_CASE("DNS list: the root is its owner's", "[discovery]") {
    const crypto::PublicKey key = parse_dns_link(kLink)->key;
    const auto root = parse_dns_root(kRoot, key);
    REQUIRE(root);
    CHECK(*root == DnsRoot{"JWXYDBPXYWG6FX3GMDIBFA6CJ4", "C7HRFPF3BLGF3YR4DY5KX3SMBE", 1});
    const std::string good{kRoot};
    std::string other = good;
    other.replace(other.find("seq=1"), 5, "seq=2");
    CHECK(parse_dns_root(other, key).error().code == Errc::kUnauthenticated);
    CHECK(parse_dns_root(good, test::seeded_key(1).public_key()).error().code ==
          Errc::kUnauthenticated);
    for (std::size_t size = 0; size + 1 < good.size(); ++size)
        CHECK_FALSE(parse_dns_root(good.substr(0, size), key));
    CHECK_FALSE(parse_dns_root(good + " x=1", key));
    CHECK(parse_dns_root("enrtree-root:v1 e=" + std::string(2000, 'A'), key).error().code ==
          Errc::kTooLarge);
    // A root of go-ethereum's tests without links, and one with a wrong signature.
    CHECK(parse_dns_root("enrtree-root:v1 e=TO4Q75OQ2N7DX4EOOR7X66A6OM seq=3 "
                         "sig=N-YY6UB9xD0hFx1Gmnt7v0RfSxch5tKyry2SRDoLx7B4GfPXagwLxQqyf7gAMvApFn_"
                         "ORwZQekMWa_pXrcGCtw",
                         key)
              .error()
              .code == Errc::kMalformed);
}

TEST_CASE("DNS list: entries, by their hash", "[discovery]") {
    struct Case {
        std::string text;
        bool fine;
    };
    const std::vector<Case> cases{
        {"enrtree-branch:", true},
        {"enrtree-branch:AAAAAAAAAAAAAAAAAAAA", true},
        {"enrtree-branch:AAAAAAAAAAAAAAAAAAAA,BBBBBBBBBBBBBBBBBBBA", true},
        {"enrtree-branch:1,2", false},
        {"enrtree-branch:AAAAAAAAAAAAAAAAAAAA,", false},
        {"enrtree-branch:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},
        {"enr:-HW4QES8QIeXTYlDzbfr1WEzE-XKY4f8gJFJzjJL-9D7TC9lJb4Z3JPRRz1lP4pL_N_QpT6rGQjAU9Apnc-C1"
         "iMP36OAgmlkgnY0iXNlY3AyNTZrMaED5IdwfMxdmR8W37HqSFdQLjDkIwBd4Q_MjxgZifgKSdM",
         true},
        {"enr:-----", false},
        {"", false},
        {"foo", false},
        {"enrtree", false},
        {"enrtree-x=", false}};
    for (const Case& c : cases) {
        CAPTURE(c.text);
        const auto [hash, text] = entry_of(c.text);
        CHECK(parse_dns_entry(text, hash).has_value() == c.fine);
        const auto elsewhere = parse_dns_entry(text, some_hash(1));
        REQUIRE_FALSE(elsewhere);
        CHECK(elsewhere.error().code == Errc::kUnauthenticated);
    }
    std::string wide = "enrtree-branch:" + some_hash(0);
    for (std::size_t i = 0; i < kMaxDnsChildren; ++i)
        wide += "," + some_hash(i);
    CHECK(parse_dns_entry(wide, entry_of(wide).first).error().code == Errc::kTooLarge);
}

TEST_CASE("DNS list: the list of go-ethereum's test is read whole", "[discovery]") {
    MapResolver resolver;
    resolver.texts = example_list();
    const auto nodes = read(resolver, 100);
    REQUIRE(nodes);
    CHECK(nodes->records.size() == 3);
    CHECK(nodes->sequence == 1);
    CHECK(nodes->failures == 0);
    REQUIRE(nodes->links.size() == 1);
    CHECK(nodes->links[0].domain == "morenodes.example.org");
    CHECK(resolver.asked == 6);
    CHECK(nodes_of(nodes->records).empty());  // these say nothing of where they are
}

TEST_CASE("DNS list: it ends when there is enough", "[discovery]") {
    MapResolver resolver;
    resolver.texts = example_list();
    const auto nodes = read(resolver, 1);
    REQUIRE(nodes);
    CHECK(nodes->records.size() == 1);
}

TEST_CASE("DNS list: what is missing or false is counted, a false root is refused", "[discovery]") {
    MapResolver resolver;
    resolver.texts = example_list();
    resolver.texts["2XS2367YHAXJFGLZHVAWLQD4ZY.n"] = {"enrtree-branch:"};
    resolver.texts.erase("H4FHT4B454P6UXFD7JCYQ5PWDY.n");
    const auto nodes = read(resolver, 100);
    REQUIRE(nodes);
    CHECK(nodes->records.size() == 1);
    CHECK(nodes->failures == 2);
    resolver.texts["n"] = {"v=spf1 -all"};
    CHECK(read(resolver, 100).error().code == Errc::kNotFound);
    resolver.texts.clear();
    CHECK(read(resolver, 100).error().code == Errc::kNotFound);
}

TEST_CASE("DNS list: no list leads in circles or without end", "[discovery]") {
    DnsWalk walk{*parse_dns_link(kLink), {some_hash(1), some_hash(2), 1}};
    std::size_t asked = 0;
    std::uint64_t serial = 10;
    for (std::string name = walk.next(0); !name.empty(); name = walk.next(serial)) {
        ++asked;
        // Made up as it goes: each a branch of its own; the hash cannot fit, so it is refused.
        const auto refused = walk.answered(name, {"enrtree-branch:" + some_hash(serial++)});
        REQUIRE_FALSE(refused);
    }
    CHECK(asked == 2);
    // One and the same child, over and over.
    const auto [hash, text] = entry_of("enrtree-branch:" + some_hash(5) + "," + some_hash(5));
    DnsWalk twice{*parse_dns_link(kLink), {hash, hash, 1}};
    REQUIRE(twice.next(0) == hash);
    CHECK(twice.answered(hash, {text}));
    CHECK(twice.next(0) == some_hash(5));
    CHECK(twice.next(0).empty());
}

TEST_CASE("DNS list: only nodes with a public address are tried", "[discovery]") {
    std::vector<NodeRecord> records;
    for (const char* address : {"08080808", "7f000001", "0a000001", "e0000001"})
        records.push_back(*NodeRecord::sign(test::seeded_key(records.size()), 1,
                                            {{"ip", rlp::encode_string(hex(address))},
                                             {"udp", rlp::encode_uint(30301)},
                                             {"tcp", rlp::encode_uint(30303)}}));
    const std::vector<Node> nodes = nodes_of(records);
    REQUIRE(nodes.size() == 1);
    CHECK(nodes[0].udp == test::endpoint("8.8.8.8", 30301));
    CHECK(nodes[0].tcp == 30303);
}
