#include <catch2/catch.hpp>

#include <devnet/dev_chain.hpp>
#include <devnet/origin.hpp>
#include <eth/messages.hpp>

#include "support/simulation.hpp"

using namespace fastsync;
using async::Task;
using devnet::DevChain;
using devnet::HeaderChain;
using devnet::ItemStore;

namespace {

constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();

DevChain chain_of(chain::BlockNumber head) {
    auto headers = HeaderChain::from(devnet::make_first(Hash256{{7}}));
    REQUIRE(headers);
    DevChain chain{5, *std::move(headers), ItemStore{}};
    while (chain.head().number < head)
        chain.extend(Hash256{{8}});
    return chain;
}

Task<void> ask(DevChain& chain, eth::HeaderQuery query, std::vector<Bytes>& answer) {
    answer = co_await chain.headers(query);
}

/// The numbers of the headers a query is answered with.
std::vector<chain::BlockNumber> numbers(DevChain& chain, const eth::HeaderQuery& query) {
    test::Simulation simulation;
    std::vector<Bytes> answer;
    simulation.run(ask(chain, query, answer));
    std::vector<chain::BlockNumber> out;
    for (const Bytes& raw : answer) {
        const auto header = chain::decode_header(raw);
        REQUIRE(header);
        REQUIRE(*header == *chain.header_chain().find(header->number));
        out.push_back(header->number);
    }
    return out;
}

using Numbers = std::vector<chain::BlockNumber>;

/// `count` items of 100 to 300 bytes; the hash of each is its number.
ItemStore numbered_items(std::uint16_t count, std::size_t size = 100) {
    ItemStore items;
    for (std::uint16_t i = 0; i < count; ++i)
        items.add(Hash256{{static_cast<Byte>(i >> 8U), static_cast<Byte>(i), 1}},
                  Bytes(size + i % 200, static_cast<Byte>(i)));
    return items;
}

std::vector<Hash256> hashes(std::uint16_t count) {
    std::vector<Hash256> out;
    for (std::uint16_t i = 0; i < count; ++i)
        out.push_back(Hash256{{static_cast<Byte>(i >> 8U), static_cast<Byte>(i), 1}});
    return out;
}

DevChain chain_with(ItemStore items) {
    auto headers = HeaderChain::from(devnet::make_first(Hash256{{7}}));
    REQUIRE(headers);
    return {5, *std::move(headers), std::move(items)};
}

eth::NodeData decoded(const Bytes& items) {
    auto data = eth::decode_node_data(eth::encode_node_data(items), {});
    REQUIRE(data);
    return *std::move(data);
}

}  // namespace

TEST_CASE("DevChain: headers are linked and add up to the announced difficulty", "[devnet]") {
    const DevChain chain = chain_of(40);
    U256 sum = 0;
    for (chain::BlockNumber number = 0; number <= 40; ++number) {
        const chain::BlockHeader& header = *chain.header_chain().find(number);
        CHECK(header.number == number);
        CHECK(header.difficulty > 0);
        if (number > 0) CHECK(chain::links(*chain.header_chain().find(number - 1), header));
        CHECK(chain.header_chain().find(header.hash) == &header);
        sum += header.difficulty;
    }
    CHECK(chain.header_chain().find(41) == nullptr);
    const eth::ChainIdentity identity = chain.identity();
    CHECK(identity.network_id == 5);
    CHECK(identity.genesis_hash == chain.header_chain().find(0)->hash);
    CHECK(identity.head_hash == chain.head().hash);
    CHECK(identity.total_difficulty == sum);
}

TEST_CASE("HeaderChain: takes no block that does not follow", "[devnet]") {
    const chain::BlockHeader first = devnet::make_first(Hash256{{1}});
    const chain::BlockHeader second = devnet::make_child(first, Hash256{{2}});
    const chain::BlockHeader third = devnet::make_child(second, Hash256{{3}});
    CHECK_FALSE(HeaderChain::from(second));
    auto chain = HeaderChain::from(first);
    REQUIRE(chain);
    CHECK_FALSE(chain->append(third));
    CHECK_FALSE(chain->append(first));
    CHECK(chain->append(second));
    CHECK(chain->append(third));
    CHECK(chain->head() == third);
}

TEST_CASE("DevChain: header queries by number, hash, with gaps, backwards", "[devnet]") {
    DevChain chain = chain_of(50);
    const auto at = [&](chain::BlockNumber number) {
        return chain.header_chain().find(number)->hash;
    };
    CHECK(numbers(chain, {10U, 3, 0, false}) == Numbers{10, 11, 12});
    CHECK(numbers(chain, {10U, 3, 0, true}) == Numbers{10, 9, 8});
    CHECK(numbers(chain, {10U, 3, 4, false}) == Numbers{10, 15, 20});
    CHECK(numbers(chain, {10U, 3, 4, true}) == Numbers{10, 5, 0});
    CHECK(numbers(chain, {at(49), 3, 0, false}) == Numbers{49, 50});
    CHECK(numbers(chain, {at(2), 9, 0, true}) == Numbers{2, 1, 0});
    CHECK(numbers(chain, {at(20), 2, 9, true}) == Numbers{20, 10});
    CHECK(numbers(chain, {50U, 1, 0, false}) == Numbers{50});
    CHECK(numbers(chain, {51U, 1, 0, false}).empty());
    CHECK(numbers(chain, {51U, 3, 0, true}).empty());
    CHECK(numbers(chain, {10U, 0, 0, false}).empty());
    CHECK(numbers(chain, {Hash256{{1}}, 3, 0, false}).empty());
}

TEST_CASE("DevChain: a step over the end of all numbers ends the answer", "[devnet]") {
    DevChain chain = chain_of(50);
    const std::uint64_t skip =
        GENERATE(as<std::uint64_t>{}, kLast, kLast - 1, kLast - 10, kLast - 50, 1U << 30U);
    CAPTURE(skip);
    CHECK(numbers(chain, {10U, 5, skip, false}) == Numbers{10});
    CHECK(numbers(chain, {10U, 5, skip, true}) == Numbers{10});
    CHECK(numbers(chain, {kLast, 5, skip, false}).empty());
}

TEST_CASE("DevChain: no answer has more headers than clients expect", "[devnet]") {
    DevChain chain = chain_of(400);
    CHECK(numbers(chain, {0U, 5000, 0, false}).size() == eth::kMaxHeadersServed);
    CHECK(numbers(chain, {400U, kLast, 0, true}).size() == eth::kMaxHeadersServed);
}

TEST_CASE("DevChain: node data comes in the order asked, unknown hashes left out", "[devnet]") {
    const DevChain chain = chain_with(numbered_items(300));
    auto asked = hashes(300);
    std::reverse(asked.begin(), asked.end());
    asked.insert(asked.begin() + 3, Hash256{{0xff}});
    asked.push_back(asked.front());
    const eth::NodeData data = decoded(chain.collect(asked));
    REQUIRE(data.blobs.size() == 301);
    std::erase(asked, Hash256{{0xff}});
    for (std::size_t i = 0; i < asked.size(); ++i)
        CHECK(equal(data.blobs[i], chain.items().find(asked[i])->bytes()));
    CHECK(decoded(chain.collect({Hash256{{0xff}}})).blobs.empty());
    CHECK(chain.collect({}).empty());
}

TEST_CASE("DevChain: node data stops at what full nodes serve", "[devnet]") {
    const DevChain many = chain_with(numbered_items(600));
    CHECK(decoded(many.collect(hashes(600))).blobs.size() == eth::kMaxNodeDataServed);
    const DevChain large = chain_with(numbered_items(200, 24'000));
    const Bytes answer = large.collect(hashes(200));
    CHECK(answer.size() >= eth::kSoftResponseLimit);
    CHECK(answer.size() < eth::kSoftResponseLimit + 25'000);
}
