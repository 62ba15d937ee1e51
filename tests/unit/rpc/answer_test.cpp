#include <chrono>

#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <trie/constants.hpp>

#include "rpc_world.hpp"

using namespace fastsync;
using fastsync::test::json;
using fastsync::test::RpcWorld;

namespace {

int code_of(const std::string& answer) {
    const json got = json::parse(answer);
    REQUIRE(got.is_object());
    REQUIRE(got.contains("error"));
    CHECK_FALSE(got["error"]["message"].get<std::string>().empty());
    return got["error"]["code"].get<int>();
}

std::string request(const json& id, const std::string& method) {
    return json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}}.dump();
}

}  // namespace

TEST_CASE("JSON-RPC: what the node is", "[rpc]") {
    RpcWorld world;
    CHECK(world.result("web3_clientVersion") == "fastsyncd/v1.2.3/linux");
    CHECK(world.result("net_version") == "50");
    CHECK(world.result("net_peerCount") == "0x11");
    CHECK(world.result("net_listening") == false);
    CHECK(world.result("eth_chainId") == "0x33");
}

TEST_CASE("JSON-RPC: eth_syncing in the terms of a fast sync, false when nothing is synced",
          "[rpc]") {
    RpcWorld world;
    CHECK(world.result("eth_syncing") == false);
    world.view.syncing = rpc::Syncing{200, 264, 1000, 1500};
    CHECK(world.result("eth_syncing") == json{{"startingBlock", "0x0"},
                                              {"currentBlock", "0xc8"},
                                              {"highestBlock", "0x108"},
                                              {"pulledStates", "0x3e8"},
                                              {"knownStates", "0x5dc"}});
}

TEST_CASE("JSON-RPC: the id comes back as it was", "[rpc]") {
    const RpcWorld world;
    for (const json& id : {json(7), json("x"), json(nullptr), json(1.5), json("\n\"")}) {
        CHECK(json::parse(world.raw(request(id, "net_version")))["id"] == id);
    }
    for (const json& id : {json(true), json::array(), json::object()}) {
        const std::string got = world.raw(request(id, "net_version"));
        CHECK(code_of(got) == -32600);
        CHECK(json::parse(got)["id"].is_null());
    }
}

TEST_CASE("JSON-RPC: what is no request is an error of its kind", "[rpc]") {
    const RpcWorld world;
    for (const char* text : {"", "{", "nonsense", "\"", "{\"a\":1}x", "\xff", "[1,", "1e999"}) {
        CAPTURE(text);
        CHECK(code_of(world.raw(text)) == -32700);
    }
    for (const char* text :
         {"1", "\"x\"", "null", "{}", "[]", R"({"jsonrpc":"1.0","method":"net_version","id":1})",
          R"({"method":"net_version","id":1})", R"({"jsonrpc":"2.0","method":1,"id":1})",
          R"({"jsonrpc":"2.0","id":1})",
          R"({"jsonrpc":"2.0","method":"net_version","params":"x","id":1})"}) {
        CAPTURE(text);
        CHECK(code_of(world.raw(text)) == -32600);
    }
    CHECK(world.error("eth_sendTransaction", {json::object()}) == -32601);
    CHECK(world.error(std::string(10'000, 'x')) == -32601);
    CHECK(world.error("net_version", json{{"a", 1}}) == -32602);
    CHECK(world.error("net_version", {1}) == -32602);
    CHECK(world.error("eth_getBalance") == -32602);
}

TEST_CASE("JSON-RPC: a notification is not answered", "[rpc]") {
    const RpcWorld world;
    const std::string quiet = R"({"jsonrpc":"2.0","method":"net_version"})";
    CHECK(world.raw(quiet).empty());
    CHECK(world.raw("[" + quiet + "," + quiet + "]").empty());
    const json both = json::parse(world.raw("[" + quiet + "," + request(5, "net_version") + "]"));
    REQUIRE(both.size() == 1);
    CHECK(both[0]["id"] == 5);
}

TEST_CASE("JSON-RPC: a batch is answered in order, each call for itself", "[rpc]") {
    const RpcWorld world;
    const json got =
        json::parse(world.raw("[" + request(1, "net_version") + ",7," + request("b", "nothing") +
                              "," + request(3, "eth_chainId") + "]"));
    REQUIRE(got.size() == 4);
    CHECK(got[0]["result"] == "50");
    CHECK(got[1]["error"]["code"] == -32600);
    CHECK(got[2]["error"]["code"] == -32601);
    CHECK(got[3]["result"] == "0x33");
}

TEST_CASE("JSON-RPC: a batch of 100 is answered, one more call is refused", "[rpc]") {
    const RpcWorld world;
    const auto batch = [&](std::size_t count) {
        std::string text = "[";
        for (std::size_t i = 0; i < count; ++i)
            text += (i == 0 ? "" : ",") + request(i, "net_version");
        return world.raw(text + "]");
    };
    CHECK(json::parse(batch(rpc::kMaxRpcBatch)).size() == rpc::kMaxRpcBatch);
    CHECK(code_of(batch(rpc::kMaxRpcBatch + 1)) == -32600);
}

TEST_CASE("JSON-RPC: a request may be 128 KiB and no more", "[rpc]") {
    const RpcWorld world;
    std::string text = request(1, "net_version");
    text.resize(rpc::kMaxRpcBody, ' ');
    CHECK(json::parse(world.raw(text))["result"] == "50");
    CHECK(code_of(world.raw(text + " ")) == -32600);
    CHECK(code_of(rpc::too_large()) == -32600);
}

TEST_CASE("JSON-RPC: eight levels are read, a ninth is refused before it is built", "[rpc]") {
    const RpcWorld world;
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(json::parse(world.raw(nested(rpc::kMaxRpcDepth))).is_array());
    CHECK(code_of(world.raw(nested(rpc::kMaxRpcDepth + 1))) == -32600);
    CHECK(code_of(world.raw(std::string(rpc::kMaxRpcBody, '['))) == -32600);
    // Brackets in a text are no depth, and a quote behind a backslash ends none.
    const std::string text = R"({"jsonrpc":"2.0","id":"[[[[[[[[[[\"[[","method":"net_version"})";
    CHECK(json::parse(world.raw(text))["result"] == "50");
}

TEST_CASE("JSON-RPC: a request of many keys costs no more than its length", "[rpc]") {
    const RpcWorld world;
    std::string text = "{";
    for (int i = 0; text.size() < rpc::kMaxRpcBody - 40; ++i)
        text += "\"" + std::to_string(i) + "\":1,";
    const auto start = std::chrono::steady_clock::now();
    CHECK(code_of(world.raw(text + "\"x\":0}")) == -32600);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{2});
}

TEST_CASE("JSON-RPC: an answer that grows too long ends with errors, not with memory", "[rpc]") {
    RpcWorld world;
    const Bytes huge(128U * 1024, 0x5b);
    const Hash256 code = world.maker.code(huge);
    test::StateMaker maker;
    storage::NodeBatch batch;
    batch.add(storage::ItemKind::kCode, code, huge);
    REQUIRE(maker.store.commit(std::move(batch)));
    maker.account(crypto::keccak256(Bytes(20, 0x11)), trie::kEmptyRoot, code);
    world.view.state = std::make_shared<const rpc::CompleteState>(
        rpc::CompleteState{maker.finish(), world.view.state->headers});
    json calls = json::array();
    for (int i = 0; i < 20; ++i) {
        calls.push_back({{"jsonrpc", "2.0"},
                         {"id", i},
                         {"method", "eth_getCode"},
                         {"params", {RpcWorld::kContract, "latest"}}});
    }
    const std::string got = rpc::answer(calls.dump(), world.view, maker.store);
    CHECK(got.size() < rpc::kSoftRpcAnswer + 3 * huge.size());
    const json answers = json::parse(got);
    REQUIRE(answers.size() == 20);
    CHECK(answers[0].contains("result"));
    CHECK(answers[19]["error"]["code"] == -32005);
    CHECK(answers[19]["id"] == 19);
}

TEST_CASE("JSON-RPC: of a name that is no method 64 characters are repeated", "[rpc]") {
    const RpcWorld world;
    const auto said_of = [&](const std::string& name) {
        const json call{{"jsonrpc", "2.0"}, {"id", 1}, {"method", name}};
        return json::parse(world.raw(call.dump()))["error"]["message"].get<std::string>();
    };
    const std::string longest(64, 'x');
    CHECK(said_of(longest) == "the method " + longest + " does not exist here");
    CHECK(said_of(longest + "y") == "the method " + longest + "... does not exist here");
}
