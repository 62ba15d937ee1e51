// Both sides of what a host does at the same time and remembers.
#include "hosts.hpp"

using namespace fastsync;
using namespace fastsync::test;
using namespace std::chrono_literals;

namespace {

/// Keys beyond the 255 that key_of() has.
crypto::SecretKey numbered_key(std::uint64_t number) {
    Bytes bytes(32, 1);
    bytes[0] = 9;  // none of those
    bytes[30] = static_cast<Byte>(number >> 8U);
    bytes[31] = static_cast<Byte>(number);
    auto key = crypto::SecretKey::from(bytes);
    REQUIRE(key);
    return *std::move(key);
}

NodeId numbered_id(std::uint64_t number) {
    return numbered_key(number).public_key();
}

/// Says of itself that it is of that key.
rlpx::LocalNode numbered_node(std::uint64_t number, eth::Offers offers) {
    return {numbered_key(number), "test/many", kPort, std::move(offers)};
}

/// Whose dials all end with an error of their own.
class FailingDialer final : public net::Dialer {
  public:
    Task<Result<std::unique_ptr<net::ByteStream>>> dial(std::string host, std::uint16_t,
                                                        TimePoint) override {
        co_return Error{Errc::kProtocol, "does not like " + host};
    }
    void close() noexcept override {}
};

/// Gives nodes that nobody can reach, as many as are wanted.
class EndlessNodes final : public eth::NodeSource {
  public:
    Task<Result<std::vector<Enode>>> next_nodes(std::size_t max, TimePoint) override {
        std::vector<Enode> out;
        for (std::size_t i = 0; i < max; ++i, ++given)
            out.push_back({numbered_id(given), "10.9.9.9", kPort, 0});
        co_return out;
    }
    void reached(const Enode&) override {}
    void served(const NodeId&, std::uint64_t) override {}
    void failed(const Enode&) override {}
    void close() noexcept override {}

    std::size_t given = 0;
};

/// Comes to the host of number 1, says Hello and, where there is one, Status, and goes.
Task<void> look_in(Net& n, std::uint64_t number, eth::Offers offers) {
    ScriptedEntropy entropy{number};
    auto made = co_await rlpx::Connection::initiate(n.network.connect(address_of(1), kPort),
                                                    numbered_node(number, std::move(offers)),
                                                    enode_of(1).id, n.sim, entropy);
    REQUIRE(made);
    auto opened = co_await Session::open(*std::move(made), n.strangers, n.sim);
    CHECK_FALSE(opened);
    co_await n.pass(10ms);
}

}  // namespace

TEST_CASE("Host: 16 found nodes are dialed at the same time, the next when one has failed",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        auto source = std::make_shared<EndlessNodes>();
        n.kept.push_back(source);
        n.network.set_reach("10.9.9.9", kPort, SimNetwork::Reach::kBlackHole);
        HostOptions options;
        options.source = source.get();
        options.max_peers = 100;
        Node& here = n.start(1, std::move(options));
        co_await n.pass(eth::kDialTimeout - 1s);
        CHECK(here.host->stats().dials == eth::kMaxDialing);
        CHECK(source->given == eth::kMaxDialing);
        co_await n.pass(2s);
        CHECK(here.host->stats().dials == 2 * eth::kMaxDialing);
    });
}

TEST_CASE("Host: 64 kinds of ends are counted, one more kind is not", "[eth][host]") {
    Simulation sim;
    ScriptedBackend backend{sim.executor()};
    ScriptedEntropy entropy{1};
    const std::size_t kinds =
        GENERATE(as<std::size_t>{}, eth::HostStats::kMaxReasons, eth::HostStats::kMaxReasons + 1);
    HostOptions options;
    for (std::size_t i = 0; i < kinds; ++i)
        options.static_peers.push_back({numbered_id(i), "host" + std::to_string(i), kPort, 0});
    Host host{sim.executor(), sim,     entropy,
              node_of(1),     backend, std::make_unique<FailingDialer>(),
              nullptr,        options, nullptr};
    struct Main {
        static Task<void> run(Simulation& sim, Host& host) {
            async::TaskScope scope{sim.executor()};
            scope.spawn(host.run());
            // Each is dialed more than once.
            (void)co_await sim.sleep_until(sim.now() + 10min, nullptr);
            host.stop();
            co_await scope.join();
        }
    };
    sim.run(Main::run(sim, host));
    const eth::HostStats stats = host.stats();
    CHECK(stats.ends.size() == eth::HostStats::kMaxReasons);
    CHECK(stats.dials > 2 * kinds);
    for (const auto& [reason, count] : stats.ends) {
        CAPTURE(reason);
        CHECK(count >= 2);
    }
}

TEST_CASE("Host: 1024 nodes of newer forks are remembered, one more is refused like them",
          "[eth][host]") {
    Net net;
    net.run([](Net& n) -> Task<void> {
        Node& here = n.start(1);
        auto newer = chain::ForkLadder::make({n.strangers.who.genesis_hash, 0, {100}, {}});
        n.strangers.who.forks = std::make_shared<const chain::ForkLadder>(*std::move(newer));
        n.strangers.who.head = {100, 0};
        for (std::uint64_t i = 0; i < eth::kMaxOutdated; ++i)
            co_await look_in(n, i, eth::capability_offers());
        CHECK(here.host->outdated().size() == eth::kMaxOutdated);
        CHECK(here.host->outdated().contains(numbered_id(eth::kMaxOutdated - 1)));
        co_await look_in(n, eth::kMaxOutdated, eth::capability_offers());
        CHECK(here.host->outdated().size() == eth::kMaxOutdated);
        CHECK_FALSE(here.host->outdated().contains(numbered_id(eth::kMaxOutdated)));
        REQUIRE(here.host->stats().ends.size() == 1);
        CHECK(here.host->stats().ends.begin()->second == eth::kMaxOutdated + 1);
    });
}

TEST_CASE("Host: 1024 nodes are remembered to be reached over the satellite, one more is not",
          "[eth][host]") {
    static std::uint64_t known = 0;
    known = GENERATE(eth::kMaxWithoutNodeData - 1, eth::kMaxWithoutNodeData + 0);
    Net net;
    net.run([](Net& n) -> Task<void> {
        HostOptions theirs;
        theirs.offers = eth::capability_offers_of(*eth::find_version(68));
        n.start(2, theirs);
        HostOptions ours;
        ours.static_peers = {enode_of(2)};
        n.network.set_reach(address_of(2), kPort, SimNetwork::Reach::kBlackHole);
        Node& here = n.start(1, ours);
        for (std::uint64_t i = 0; i < known; ++i)
            co_await look_in(n, i, theirs.offers);
        n.network.set_reach(address_of(2), kPort, SimNetwork::Reach::kOpen);
        co_await n.pass(2min);
        // Who is not remembered is offered the same again, and has only the satellite in common.
        CHECK(here.host->peers().size() == (known < eth::kMaxWithoutNodeData ? 1U : 0U));
    });
}
