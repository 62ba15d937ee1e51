#include <functional>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <rpc/answer.hpp>

#include <daemon/query_service.hpp>
#include <storage/memory_store.hpp>
#include <trie/constants.hpp>

#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::daemon;
using nlohmann::json;

namespace {

json request(const std::string& method, const json& params) {
    return {{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
}

/// A store that takes its time.
class SlowStore final : public storage::NodeReader {
  public:
    [[nodiscard]] Result<bool> has(storage::ItemKind kind, const Hash256& hash) const override {
        return store.has(kind, hash);
    }
    [[nodiscard]] Result<Bytes> get(storage::ItemKind kind, const Hash256& hash) const override {
        ++reads;
        before_read();
        return store.get(kind, hash);
    }

    storage::MemoryStore store;
    std::function<void()> before_read = [] {};
    mutable std::size_t reads = 0;
};

/// Time that a store can use up.
class HandClock final : public async::Clock {
  public:
    [[nodiscard]] TimePoint now() const override { return time; }
    [[nodiscard]] async::Task<bool> sleep_until(TimePoint /*when*/, async::Gate* /*g*/) override {
        co_return false;
    }

    TimePoint time{};
};

struct Rig {
    json ask(const std::string& method, const json& params = json::array()) {
        return ask_all(request(method, params));
    }

    json ask_all(const json& document) {
        std::string got;
        struct Body {
            static async::Task<void> run(QueryService& service, std::string text,
                                         std::string& out) {
                out = co_await service.answer(std::move(text));
            }
        };
        sim.run(Body::run(service, document.dump(), got));
        return json::parse(got);
    }

    test::Simulation sim;
    SlowStore store;
    HandClock clock;
    Network network = [] {
        Network out{"x", 1, {}};
        out.chain_id = 61;
        return out;
    }();
    QueryService service{network, true, store, sim.executor(), clock};
    sync::SyncProgress progress;
};

const json kBalance = json::array({"0x" + std::string(40, '1')});

}  // namespace

TEST_CASE("QueryService: tells the chain id, not the network id where they differ", "[daemon]") {
    Rig rig;
    CHECK(rig.ask("eth_chainId")["result"] == "0x3d");
    CHECK(rig.ask("net_version")["result"] == "1");
    CHECK(rig.ask("net_listening")["result"] == true);
    CHECK(rig.service.max_body() == rpc::kMaxRpcBody);
}

TEST_CASE("QueryService: says where the sync stands, and what is missing", "[daemon]") {
    Rig rig;
    CHECK(rig.ask("eth_getBalance", kBalance)["error"]["message"] ==
          "the state is not complete: the daemon is starting");
    rig.progress.phase = sync::SyncPhase::kSyncing;
    rig.progress.fraction = 0.12349;
    rig.progress.pivot = {200, Hash256{}};
    rig.progress.head = {264, Hash256{}};
    rig.progress.counters.nodes_committed = 10;
    rig.progress.pending = 5;
    rig.progress.waiting_for = "a peer";
    rig.service.update(rig.progress, 3);
    CHECK(rig.ask("net_peerCount")["result"] == "0x3");
    CHECK(rig.ask("eth_syncing")["result"] == json{{"startingBlock", "0x0"},
                                                   {"currentBlock", "0xc8"},
                                                   {"highestBlock", "0x108"},
                                                   {"pulledStates", "0xa"},
                                                   {"knownStates", "0xf"}});
    CHECK(rig.ask("eth_getBalance", kBalance)["error"]["message"] ==
          "the state is not complete: syncing, 12.34 % of block 200, waiting: a peer");
}

TEST_CASE("QueryService: a complete state is asked, whatever else goes on", "[daemon]") {
    Rig rig;
    CHECK_FALSE(rig.service.root());
    rig.service.offer({trie::kEmptyRoot, {}});
    CHECK(rig.service.root() == trie::kEmptyRoot);
    for (const auto phase :
         {sync::SyncPhase::kFindingPeers, sync::SyncPhase::kSyncing, sync::SyncPhase::kComplete}) {
        rig.progress.phase = phase;
        rig.service.update(rig.progress, 0);
        CHECK(rig.ask("eth_getBalance", kBalance)["result"] == "0x0");
        CHECK(rig.ask("eth_syncing")["result"].is_object() == (phase == sync::SyncPhase::kSyncing));
    }
}

TEST_CASE("QueryService: a slow disk takes 2 s of a request, and no more", "[daemon]") {
    Rig rig;
    rig.service.offer({Hash256{{1}}, {}});  // each look-up reads the root, which is not there
    const json batch(10, request("eth_getBalance", kBalance));
    rig.store.before_read = [&] { rig.clock.time += rpc::kMaxRpcTime / 4; };
    json got = rig.ask_all(batch);
    REQUIRE(got.size() == 10);
    CHECK(rig.store.reads == 5);  // the last of them begins when the time is just up
    CHECK(got[4]["error"]["code"] == -32603);
    for (std::size_t i = 5; i < 10; ++i)
        CHECK(got[i]["error"]["code"] == -32005);
    CHECK(got[5]["error"]["message"] == "the disk was too slow for the time of one request");
    // The next one has its own.
    got = rig.ask_all(batch);
    CHECK(rig.store.reads == 10);
}

TEST_CASE("QueryService: who stops waits for no question, begun or not", "[daemon]") {
    Rig rig;
    rig.service.offer({Hash256{{1}}, {}});
    const json batch(10, request("eth_getBalance", kBalance));
    rig.store.before_read = [&] {
        if (rig.store.reads == 3) rig.service.stop();
    };
    json got = rig.ask_all(batch);
    REQUIRE(got.size() == 10);
    CHECK(rig.store.reads == 3);
    CHECK(got[2]["error"]["code"] == -32603);
    CHECK(got[3]["error"] == json{{"code", -32005}, {"message", "the daemon stops"}});
    got = rig.ask_all(batch);
    REQUIRE(got.size() == 10);
    CHECK(rig.store.reads == 3);
    CHECK(got[0]["error"]["code"] == -32005);
    CHECK(rig.ask("eth_chainId")["result"] == "0x3d");
}
