#include <catch2/catch.hpp>

#include "rpc_world.hpp"

using namespace fastsync;
using fastsync::test::json;
using fastsync::test::RpcWorld;

TEST_CASE("JSON-RPC: the latest block is the one of the complete state", "[rpc]") {
    RpcWorld world;
    CHECK(world.result("eth_blockNumber") == "0x40");
    const json block = world.result("eth_getBlockByNumber", {"latest", false});
    CHECK(block["number"] == "0x40");
    CHECK(block["hash"] == to_hex0x(world.view.state->headers[0].hash));
    CHECK(block["stateRoot"] == to_hex0x(world.root));
    CHECK(block["miner"] == "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    CHECK(block["difficulty"] == "0x11");
    CHECK(block["gasLimit"] == "0x7a1200");
    CHECK(block["gasUsed"] == "0x0");
    CHECK(block["timestamp"] == "0x6553f140");
    CHECK(block["extraData"] == "0x010203");
    CHECK(block["nonce"] == "0x0000000000000000");
    CHECK(block["logsBloom"].get<std::string>().size() == 2 + 512);
    CHECK(block["transactions"] == json::array());
    CHECK(block["uncles"] == json::array());
}

TEST_CASE("JSON-RPC: kept headers are found by number and hash, others are null", "[rpc]") {
    RpcWorld world;
    const auto& headers = world.view.state->headers;
    for (const auto& header : {headers[0], headers[1], *world.view.genesis}) {
        const json number = header.number == 0 ? "0x0" : header.number == 64 ? "0x40" : "0x41";
        const json by_number = world.result("eth_getBlockByNumber", {number, true});
        CHECK(by_number["hash"] == to_hex0x(header.hash));
        CHECK(world.result("eth_getBlockByHash", {to_hex0x(header.hash), true}) == by_number);
        CHECK(world.result("debug_getRawHeader", json::array({number})) == to_hex0x(header.raw));
        json without = by_number;
        without.erase("transactions");
        without.erase("uncles");
        CHECK(world.result("eth_getHeaderByNumber", json::array({number})) == without);
        CHECK(world.result("eth_getHeaderByHash", {to_hex0x(header.hash)}) == without);
    }
    // What a block holds is not known here, unless its header says "nothing".
    CHECK_FALSE(world.result("eth_getBlockByNumber", {"0x41"}).contains("transactions"));
    CHECK(world.result("eth_getBlockByNumber", {"earliest"})["number"] == "0x0");
    for (const char* other : {"0x1", "0x42", "0xffffffffffffffff", "safe", "finalized"}) {
        CAPTURE(other);
        CHECK(world.result("eth_getBlockByNumber", {other, false}).is_null());
        CHECK(world.error("debug_getRawHeader", {other}) == -32000);
    }
    CHECK(world.result("eth_getBlockByHash", {to_hex0x(Hash256{}), false}).is_null());
}

TEST_CASE("JSON-RPC: a block that is badly named is an error", "[rpc]") {
    const RpcWorld world;
    for (const json& name : {json(""), json("0x"), json("64"), json("0x10000000000000000"),
                             json("Latest"), json(64), json(true), json("0x0x1"), json::array()}) {
        CAPTURE(name.dump());
        CHECK(world.error("eth_getBlockByNumber", {name, false}) == -32602);
    }
    CHECK(world.error("eth_getBlockByNumber", {"latest", "yes"}) == -32602);
    CHECK(world.error("eth_getBlockByHash", {"0x12", false}) == -32602);
    CHECK(world.error("eth_getBlockByHash", {"latest", false}) == -32602);
}

TEST_CASE("JSON-RPC: before a state is complete the latest block is the genesis", "[rpc]") {
    RpcWorld world;
    world.view.state.reset();
    CHECK(world.result("eth_blockNumber") == "0x0");
    CHECK(world.result("eth_getBlockByNumber", {"latest", false})["number"] == "0x0");
    CHECK(world.result("eth_getBlockByNumber", {"0x40", false}).is_null());
    world.view.genesis.reset();
    CHECK(world.result("eth_getBlockByNumber", {"latest", false}).is_null());
}

TEST_CASE("JSON-RPC: of a bare root the block is not known", "[rpc]") {
    RpcWorld world;
    world.view.state =
        std::make_shared<const rpc::CompleteState>(rpc::CompleteState{world.root, {}});
    CHECK(world.error("eth_blockNumber") == -32000);
    CHECK(world.result("eth_getBlockByNumber", {"latest", false}).is_null());
    CHECK(world.result("eth_getBalance", {RpcWorld::kPlain, "latest"}) == "0x3e8");
    CHECK(world.error("eth_getBalance", {RpcWorld::kPlain, "0x40"}) == -32000);
}
