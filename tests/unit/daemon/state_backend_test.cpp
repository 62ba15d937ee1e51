#include <crypto/keccak.hpp>
#include <daemon/state_backend.hpp>
#include <eth/messages.hpp>
#include <storage/memory_store.hpp>
#include <sync/pivot.hpp>

#include "support/fake_peer.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::daemon;
using async::Task;
using storage::ItemKind;

namespace {

constexpr auto kHighest = std::numeric_limits<std::uint64_t>::max();
const Hash256 kGenesis{{0x67}};

struct Rig {
    explicit Rig(const Network& network = {"custom", 50, kGenesis})
        : backend(network, store, sim.executor()) {}

    test::Simulation sim;
    storage::MemoryStore store;
    StateBackend backend;

    void put(ItemKind kind, const Hash256& hash, const Bytes& blob) {
        storage::NodeBatch batch;
        batch.add(kind, hash, blob);
        REQUIRE(store.commit(std::move(batch)));
    }
    Hash256 put(const Bytes& blob) {
        const Hash256 hash = crypto::keccak256(blob);
        put(ItemKind::kNode, hash, blob);
        return hash;
    }
    /// The blobs that come back for these hashes.
    std::vector<Bytes> ask(const std::vector<Hash256>& hashes) {
        Bytes items;
        sim.run(node_data(backend, hashes, items));
        const auto data = eth::decode_node_data(eth::encode_node_data(items), {});
        REQUIRE(data);
        std::vector<Bytes> blobs;
        for (const ByteView blob : data->blobs)
            blobs.push_back(to_bytes(blob));
        return blobs;
    }
    /// The numbers of the headers that come back.
    std::vector<std::uint64_t> ask(const eth::HeaderQuery& query) {
        std::vector<Bytes> raw;
        sim.run(headers(backend, query, raw));
        std::vector<std::uint64_t> numbers;
        for (const Bytes& one : raw) {
            const auto header = chain::decode_header(one);
            REQUIRE(header);
            numbers.push_back(header->number);
        }
        return numbers;
    }

  private:
    static Task<void> node_data(StateBackend& backend, std::vector<Hash256> hashes, Bytes& out) {
        out = co_await backend.node_data(std::move(hashes));
    }
    static Task<void> headers(StateBackend& backend, eth::HeaderQuery query,
                              std::vector<Bytes>& out) {
        out = co_await backend.headers(query);
    }
};

/// Headers `first` to `last` of a chain.
std::vector<chain::BlockHeader> headers_between(std::size_t first, std::size_t last) {
    const auto chain = test::FakeChain::of(std::vector<Hash256>(last + 1));
    return {chain.headers.begin() + static_cast<std::ptrdiff_t>(first), chain.headers.end()};
}

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("StateBackend: without a complete state the genesis is our head", "[daemon]") {
    Rig rig;
    const eth::ChainIdentity who = rig.backend.identity();
    CHECK(who.network_id == 50);
    CHECK(who.genesis_hash == kGenesis);
    CHECK(who.head_hash == kGenesis);
    CHECK(who.total_difficulty == 1);
    CHECK(rig.ask({chain::BlockNumber{0}, 10, 0, false}).empty());
    CHECK(rig.ask({kGenesis, 1, 0, false}).empty());
    CHECK(rig.ask({chain::BlockNumber{kHighest}, 10, kHighest, true}).empty());
}

TEST_CASE("StateBackend: a known genesis header is served, and its difficulty is ours",
          "[daemon]") {
    const auto chain = headers_between(0, 400);
    Network network{"custom", 50, chain[0].hash};
    network.genesis = chain[0];
    network.forks = chain::ForkSchedule{chain[0].hash, 7, {5, 350}, {}};
    const auto ladder = chain::ForkLadder::make(*network.forks);
    REQUIRE(ladder);
    Rig rig{network};
    const eth::ChainIdentity before = rig.backend.identity();
    CHECK(before.total_difficulty == chain[0].difficulty);
    CHECK(before.head_hash == chain[0].hash);
    REQUIRE(before.forks);
    CHECK(before.forks->at(before.head) == ladder->at({0, 7}));
    CHECK(before.forks->at(before.head).next == 5);
    CHECK(rig.ask({chain::BlockNumber{0}, 10, 0, false}) == Numbers{0});
    CHECK(rig.ask({chain[0].hash, 1, 0, false}) == Numbers{0});
    CHECK(rig.ask({chain::BlockNumber{1}, 1, 0, false}).empty());

    rig.backend.offer({chain.begin() + 300, chain.begin() + 361});
    const eth::ChainIdentity after = rig.backend.identity();
    CHECK(after.total_difficulty == chain[0].difficulty);
    CHECK(after.head_hash == chain[360].hash);
    CHECK(after.forks->at(after.head) == ladder->at({360, 0}));
    CHECK(rig.ask({chain::BlockNumber{0}, 2, 299, false}) == Numbers{0, 300});
}

TEST_CASE("StateBackend: without a schedule no forks are claimed", "[daemon]") {
    CHECK(Rig{}.backend.identity().forks == nullptr);
    CHECK(Rig{*find_network("xdc")}.backend.identity().forks == nullptr);
    const auto mainnet = Rig{*find_network("mainnet")}.backend.identity();
    REQUIRE(mainnet.forks);
    CHECK(to_hex(mainnet.forks->at(mainnet.head).hash) == "fc64ec04");
    CHECK(mainnet.forks->at(mainnet.head).next == 1150000);
}

TEST_CASE("StateBackend: the last header offered is our head, at a difficulty that attracts nobody",
          "[daemon]") {
    Rig rig;
    const auto first = headers_between(100, 164);
    rig.backend.offer(first);
    CHECK(rig.backend.identity().head_hash == first.back().hash);
    CHECK(rig.backend.identity().total_difficulty == 1);
    CHECK(rig.ask({chain::BlockNumber{100}, 2, 0, false}) == Numbers{100, 101});
    const auto second = headers_between(300, 364);
    rig.backend.offer(second);
    CHECK(rig.backend.identity().head_hash == second.back().hash);
    CHECK(rig.ask({chain::BlockNumber{100}, 2, 0, false}).empty());  // of another pivot
    rig.backend.offer({});
    CHECK(rig.backend.identity().head_hash == kGenesis);
}

TEST_CASE("StateBackend: headers by number and hash, in any steps, to either end", "[daemon]") {
    Rig rig;
    const auto offered = headers_between(100, 164);
    rig.backend.offer(offered);
    const auto at = [](std::uint64_t number) { return chain::BlockNumber{number}; };
    CHECK(rig.ask({at(100), 3, 0, false}) == Numbers{100, 101, 102});
    CHECK(rig.ask({at(162), 9, 0, false}) == Numbers{162, 163, 164});
    CHECK(rig.ask({at(102), 9, 0, true}) == Numbers{102, 101, 100});
    CHECK(rig.ask({at(100), 3, 9, false}) == Numbers{100, 110, 120});
    CHECK(rig.ask({at(160), 9, 29, true}) == Numbers{160, 130, 100});
    CHECK(rig.ask({offered[5].hash, 2, 1, false}) == Numbers{105, 107});
    CHECK(rig.ask({offered[5].hash, 3, 1, true}) == Numbers{105, 103, 101});
    CHECK(rig.ask({at(164), 1, 0, false}) == Numbers{164});
    CHECK(rig.ask({at(99), 5, 0, false}).empty());
    CHECK(rig.ask({at(165), 5, 0, true}).empty());
    CHECK(rig.ask({Hash256{{0x99}}, 5, 0, false}).empty());
    CHECK(rig.ask({at(100), 0, 0, false}).empty());
    CHECK(rig.ask({at(100), kHighest, 0, false}).size() == 65);
}

TEST_CASE("StateBackend: a step over the end of numbers does not wrap around into the chain",
          "[daemon]") {
    Rig rig;
    rig.backend.offer(headers_between(0, 64));
    const auto at = [](std::uint64_t number) { return chain::BlockNumber{number}; };
    // One more than the skip is the step: 2^64 - 1 would be none at all, 2^64 - 2 one backwards.
    for (const std::uint64_t skip : {kHighest, kHighest - 1, kHighest - 10, kHighest - 64}) {
        CAPTURE(skip);
        CHECK(rig.ask({at(10), 5, skip, false}) == Numbers{10});
        CHECK(rig.ask({at(10), 5, skip, true}) == Numbers{10});
    }
    CHECK(rig.ask({at(10), 5, 9, true}) == Numbers{10, 0});
    CHECK(rig.ask({at(10), 5, 10, true}) == Numbers{10});
    CHECK(rig.ask({at(0), 5, 0, true}) == Numbers{0});
}

TEST_CASE("StateBackend: our head is where others choose our pivot, not further up", "[daemon]") {
    Rig rig;
    const auto offered = headers_between(100, 250);
    rig.backend.offer(offered);
    CHECK(rig.backend.identity().head_hash == offered[64].hash);
    REQUIRE(rig.backend.head() != nullptr);
    CHECK(sync::pivot_number(rig.backend.head()->number) == 100);
    CHECK(rig.ask({chain::BlockNumber{100}, 1000, 0, false}).size() == 65);
    CHECK(rig.ask({chain::BlockNumber{165}, 1, 0, false}).empty());
    CHECK(rig.ask({offered[65].hash, 1, 0, false}).empty());
    // Of a short chain the genesis is chosen.
    const auto few = headers_between(0, 20);
    rig.backend.offer(few);
    CHECK(rig.backend.identity().head_hash == few[20].hash);
}

TEST_CASE("StateBackend: nodes and codes in the order asked, unknown ones left out", "[daemon]") {
    Rig rig;
    const Bytes node{1, 2, 3};
    const Bytes code{4, 5};
    const Hash256 node_hash = rig.put(node);
    const Hash256 code_hash = crypto::keccak256(code);
    rig.put(ItemKind::kCode, code_hash, code);
    const Hash256 unknown{{0x99}};
    CHECK(rig.ask(std::vector<Hash256>{}).empty());
    CHECK(rig.ask(std::vector{unknown}).empty());
    CHECK(rig.ask(std::vector{code_hash, unknown, node_hash}) == std::vector{code, node});
    CHECK(rig.ask(std::vector{node_hash, node_hash}) == std::vector{node, node});
}

TEST_CASE("StateBackend: a full answer ends at 384 items or once 2 MiB are passed", "[daemon]") {
    Rig rig;
    const Hash256 small = rig.put(Bytes{7});
    CHECK(rig.ask(std::vector<Hash256>(500, small)).size() == eth::kMaxNodeDataServed);
    const Hash256 large = rig.put(Bytes(900'000, 7));
    CHECK(rig.ask(std::vector<Hash256>(10, large)).size() == 3);
    const Hash256 half = rig.put(Bytes(eth::kSoftResponseLimit / 2 - 4, 7));  // and 4 of RLP
    CHECK(rig.ask(std::vector<Hash256>(10, half)).size() == 2);
    const Hash256 less = rig.put(Bytes(eth::kSoftResponseLimit / 2 - 5, 7));
    CHECK(rig.ask(std::vector<Hash256>(10, less)).size() == 3);
    // What is not there does not count.
    std::vector<Hash256> sparse(600, Hash256{{0x99}});
    sparse.push_back(small);
    CHECK(rig.ask(sparse).size() == 1);
}

TEST_CASE("StateBackend: an item that cannot be read is left out", "[daemon]") {
    Rig rig;
    const Hash256 hash = rig.put(Bytes{7});
    rig.store.fail(storage::MemoryStore::Operation::kGet, {Errc::kCorrupt, "block checksum"});
    CHECK(rig.ask(std::vector{hash}).empty());
    rig.store.heal();
    CHECK(rig.ask(std::vector{hash}).size() == 1);
}

TEST_CASE("StateBackend: the other chain of our genesis is told from a fork we do not know",
          "[daemon]") {
    const Network& classic = *find_network("classic");
    const Network& mainnet = *find_network("mainnet");
    Rig rig{mainnet};
    const auto ours = rig.backend.identity().forks;
    REQUIRE(ours);
    const auto theirs = chain::ForkLadder::make(*classic.forks);
    const auto other = ours->check(theirs->at({20'000'000, 0}), {0, 0});
    REQUIRE_FALSE(other);
    CHECK(other.error().code == Errc::kIncompatible);
    chain::ForkSchedule later = *mainnet.forks;
    later.times.push_back(4'000'000'000);
    const auto newer =
        ours->check(chain::ForkLadder::make(later)->at({100'000'000, 4'000'000'000}), {0, 0});
    REQUIRE_FALSE(newer);
    CHECK(newer.error().code == Errc::kOutdated);
}
