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

struct Rig {
    json ask(const std::string& method, const json& params = json::array()) {
        const json request{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
        std::string got;
        struct Body {
            static async::Task<void> run(QueryService& service, std::string text,
                                         std::string& out) {
                out = co_await service.answer(std::move(text));
            }
        };
        sim.run(Body::run(service, request.dump(), got));
        return json::parse(got);
    }

    test::Simulation sim;
    storage::MemoryStore store;
    Network network = [] {
        Network out{"x", 1, {}};
        out.chain_id = 61;
        return out;
    }();
    QueryService service{network, true, store, sim.executor()};
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
