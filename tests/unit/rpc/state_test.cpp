#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <trie/constants.hpp>

#include "rpc_world.hpp"

using namespace fastsync;
using fastsync::test::json;
using fastsync::test::RpcWorld;

namespace {

const std::string kWord = "0x" + std::string(64, '0');

}  // namespace

TEST_CASE("JSON-RPC: accounts, codes and storage of the complete state", "[rpc]") {
    const RpcWorld world;
    CHECK(world.result("eth_getBalance", {RpcWorld::kContract, "latest"}) == "0x3e8");
    CHECK(world.result("eth_getTransactionCount", {RpcWorld::kContract, "pending"}) == "0x1");
    CHECK(world.result("eth_getCode", {RpcWorld::kContract}) == "0x6001");
    CHECK(world.result("eth_getCode", {RpcWorld::kPlain, "latest"}) == "0x");
    CHECK(world.result("eth_getStorageAt", {RpcWorld::kContract, "0x0", "latest"}) ==
          "0x" + std::string(63, '0') + "7");
    CHECK(world.result("eth_getStorageAt",
                       {RpcWorld::kContract, "0x" + std::string(63, '0') + "5"}) ==
          "0x" + std::string(13, '0') + "1" + std::string(50, '0'));
    CHECK(world.result("eth_getStorageAt", {RpcWorld::kContract, "0x1"}) == kWord);
    CHECK(world.result("eth_getStorageAt", {RpcWorld::kPlain, "0x0"}) == kWord);
}

TEST_CASE("JSON-RPC: an account that is not there is empty", "[rpc]") {
    const RpcWorld world;
    CHECK(world.result("eth_getBalance", {RpcWorld::kAbsent, "latest"}) == "0x0");
    CHECK(world.result("eth_getTransactionCount", {RpcWorld::kAbsent}) == "0x0");
    CHECK(world.result("eth_getCode", {RpcWorld::kAbsent}) == "0x");
    CHECK(world.result("eth_getStorageAt", {RpcWorld::kAbsent, "0x0"}) == kWord);
}

TEST_CASE("JSON-RPC: a proof has the nodes from the root down", "[rpc]") {
    const RpcWorld world;
    const std::string long_key = "0x" + std::string(63, '0') + "5";
    const json proof = world.result(
        "eth_getProof", {RpcWorld::kContract, json::array({"0x0", long_key, "0x07"}), "latest"});
    CHECK(proof["address"] == RpcWorld::kContract);
    CHECK(proof["balance"] == "0x3e8");
    CHECK(proof["nonce"] == "0x1");
    CHECK(proof["codeHash"] == to_hex0x(crypto::keccak256(Bytes{0x60, 0x01})));
    const auto first = [](const json& nodes) {
        return to_hex0x(crypto::keccak256(*from_hex(nodes[0].get<std::string>())));
    };
    CHECK(first(proof["accountProof"]) == to_hex0x(world.root));
    REQUIRE(proof["storageProof"].size() == 3);
    CHECK(proof["storageProof"][0]["key"] == "0x0");
    CHECK(proof["storageProof"][0]["value"] == "0x7");
    CHECK(proof["storageProof"][1]["key"] == long_key);
    CHECK(proof["storageProof"][1]["value"] == "0x1" + std::string(50, '0'));
    CHECK(proof["storageProof"][2]["key"] == "0x7");
    CHECK(proof["storageProof"][2]["value"] == "0x0");
    for (const json& slot : proof["storageProof"])
        CHECK(json(first(slot["proof"])) == proof["storageHash"]);

    const json absent = world.result("eth_getProof", {RpcWorld::kAbsent, json::array({"0x0"})});
    CHECK(absent["balance"] == "0x0");
    CHECK(absent["codeHash"] == to_hex0x(trie::kEmptyCodeHash));
    CHECK(absent["storageHash"] == to_hex0x(trie::kEmptyRoot));
    CHECK_FALSE(absent["accountProof"].empty());
    CHECK(absent["storageProof"][0]["proof"] == json::array());
}

TEST_CASE("JSON-RPC: the state is asked by its block's number or hash, and of no other block",
          "[rpc]") {
    const RpcWorld world;
    const std::string hash = to_hex0x(world.view.state->headers[0].hash);
    const std::string above = to_hex0x(world.view.state->headers[1].hash);
    for (const json& ours :
         {json("latest"), json("pending"), json("0x40"), json(hash), json{{"blockNumber", "0x40"}},
          json{{"blockHash", hash}, {"requireCanonical", true}}, json(nullptr)}) {
        CAPTURE(ours.dump());
        CHECK(world.result("eth_getBalance", {RpcWorld::kPlain, ours}) == "0x3e8");
    }
    for (const json& other : {json("earliest"), json("safe"), json("finalized"), json("0x41"),
                              json(above), json{{"blockHash", above}}, json("0x0")}) {
        CAPTURE(other.dump());
        CHECK(world.error("eth_getBalance", {RpcWorld::kPlain, other}) == -32000);
    }
    const json got = world.call("eth_getProof", {RpcWorld::kPlain, json::array(), "0x41"});
    CHECK(got["error"]["message"] ==
          "the state of block 65 is not here: this node holds the state "
          "of block 64 (" +
              hash + ") alone");
    for (const json& wrong :
         {json::object(), json{{"blockNumber", "0x40"}, {"blockHash", hash}}, json(1)}) {
        CAPTURE(wrong.dump());
        CHECK(world.error("eth_getBalance", {RpcWorld::kPlain, wrong}) == -32602);
    }
}

TEST_CASE("JSON-RPC: before the state is complete it says what is missing", "[rpc]") {
    RpcWorld world;
    world.view.state.reset();
    world.view.missing = "syncing, 42.17 % of block 64";
    for (const char* method : {"eth_getBalance", "eth_getTransactionCount", "eth_getCode"}) {
        const json got = world.call(method, {RpcWorld::kPlain, "latest"});
        CHECK(got["error"]["code"] == -32000);
        CHECK(got["error"]["message"] == "the state is not complete: syncing, 42.17 % of block 64");
    }
    CHECK(world.error("eth_getStorageAt", {RpcWorld::kPlain, "0x0", "latest"}) == -32000);
    CHECK(world.error("eth_getProof", {RpcWorld::kPlain, json::array(), "latest"}) == -32000);
}

TEST_CASE("JSON-RPC: addresses and keys are checked", "[rpc]") {
    const RpcWorld world;
    for (const json& address :
         {json("0x11"), json(std::string(40, '1')), json("0x" + std::string(40, 'g')), json(5),
          json(nullptr), json("0x" + std::string(42, '1'))}) {
        CAPTURE(address.dump());
        CHECK(world.error("eth_getBalance", {address, "latest"}) == -32602);
        CHECK(world.error("eth_getProof", {address, json::array(), "latest"}) == -32602);
    }
    for (const json& key : {json("0"), json("0x"), json("0x" + std::string(65, '1')), json("0xg"),
                            json(0), json("0x0x")}) {
        CAPTURE(key.dump());
        CHECK(world.error("eth_getStorageAt", {RpcWorld::kContract, key, "latest"}) == -32602);
        CHECK(world.error("eth_getProof", {RpcWorld::kContract, json::array({key})}) == -32602);
    }
    CHECK(world.error("eth_getProof", {RpcWorld::kContract, "0x0", "latest"}) == -32602);
}

TEST_CASE("JSON-RPC: 256 keys are proven, one more is refused", "[rpc]") {
    const RpcWorld world;
    json keys = json::array();
    for (std::size_t i = 0; i < rpc::kMaxProofKeys; ++i)
        keys.push_back("0x5");
    CHECK(world.result("eth_getProof", {RpcWorld::kContract, keys})["storageProof"].size() == 256);
    keys.push_back("0x5");
    CHECK(world.error("eth_getProof", {RpcWorld::kContract, keys}) == -32005);
}

TEST_CASE("JSON-RPC: a batch is answered up to 1000 look-ups, the rest is refused", "[rpc]") {
    const RpcWorld world;
    json keys = json::array();
    for (int i = 0; i < 249; ++i)
        keys.push_back("0x5");
    json calls = json::array();
    for (int i = 0; i < 6; ++i) {
        calls.push_back({{"jsonrpc", "2.0"},
                         {"id", i},
                         {"method", "eth_getProof"},
                         {"params", {RpcWorld::kContract, keys, "latest"}}});
    }
    static_assert(rpc::kMaxRpcLookups == 4 * 250);
    for (const std::size_t i : {4U, 5U}) {  // one look-up each
        calls[i]["method"] = "eth_getBalance";
        calls[i]["params"] = {RpcWorld::kContract, "latest"};
    }
    const auto refused = [&] {
        const json got = json::parse(world.raw(calls.dump()));
        REQUIRE(got.size() == 6);
        std::vector<std::size_t> out;
        for (std::size_t i = 0; i < got.size(); ++i) {
            if (got[i].contains("result")) continue;
            CHECK(got[i]["error"]["code"] == -32005);
            out.push_back(i);
        }
        return out;
    };
    CHECK(refused() == std::vector<std::size_t>{4, 5});
    calls[3]["params"][1].erase(0);
    CHECK(refused() == std::vector<std::size_t>{5});  // the one before is the 1000th
}

TEST_CASE("JSON-RPC: once there is a reason to end, look-ups are refused and the rest is answered",
          "[rpc]") {
    const RpcWorld world;
    const auto request = [](int id, const char* method, const json& params) {
        return json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}};
    };
    const json keys(10, "0x5");
    const json calls{request(0, "eth_getBalance", {RpcWorld::kPlain}),
                     request(1, "eth_getProof", {RpcWorld::kContract, keys, "latest"}),
                     request(2, "eth_getBalance", {RpcWorld::kPlain}),
                     request(3, "eth_chainId", json::array())};
    std::size_t asked = 0;
    const auto end = [&asked] {
        return ++asked > 5 ? std::string_view{"enough"} : std::string_view{};
    };
    const json got = json::parse(rpc::answer(calls.dump(), world.view, world.maker.store, end));
    REQUIRE(got.size() == 4);
    CHECK(got[0].contains("result"));
    for (const std::size_t i : {1U, 2U}) {
        CHECK(got[i]["id"] == i);
        CHECK(got[i]["error"] == json{{"code", -32005}, {"message", "enough"}});
    }
    CHECK(got[3]["result"] == "0x33");
    CHECK(asked == 7);  // in the middle of the proof, and once for the balance
}

TEST_CASE("JSON-RPC: a damaged database is an error, never a wrong answer", "[rpc]") {
    RpcWorld world;
    REQUIRE(world.maker.store.overwrite(storage::ItemKind::kNode, world.root, {0xc0}));
    const json got = world.call("eth_getBalance", {RpcWorld::kPlain, "latest"});
    CHECK(got["error"]["code"] == -32603);
    CHECK(got["error"]["message"].get<std::string>().find(to_hex0x(world.root)) !=
          std::string::npos);
    REQUIRE(world.maker.store.erase(storage::ItemKind::kNode, world.root));
    CHECK(world.error("eth_getProof", {RpcWorld::kPlain, json::array(), "latest"}) == -32603);
    world.maker.store.fail(storage::MemoryStore::Operation::kGet, {Errc::kStorage, "disk"});
    CHECK(world.error("eth_getBalance", {RpcWorld::kPlain, "latest"}) == -32603);
}
