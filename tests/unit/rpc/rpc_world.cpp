#include "rpc_world.hpp"

#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <rlp/encode.hpp>
#include <trie/constants.hpp>

namespace fastsync::test {
namespace {

Hash256 slot_hash(Byte slot) {
    Hash256 word;
    word.data.back() = slot;
    return crypto::keccak256(word);
}

Hash256 address_hash(Byte filled) {
    return crypto::keccak256(Bytes(20, filled));
}

/// A header of 15 fields and one that the chain has appended.
chain::BlockHeader make_header(std::uint64_t number, const Hash256& parent, const Hash256& root) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.string(parent);
    out.string(*fixed_from_hex<Hash256>(
        "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"));
    out.string(Bytes(20, 0xaa)).string(root);
    // The second block has transactions, the first has none.
    out.string(number % 2 == 0 ? trie::kEmptyRoot : Hash256{}).string(trie::kEmptyRoot);
    out.string(Bytes(256, 0)).uint(std::uint64_t{17}).uint(number);
    out.uint(std::uint64_t{8'000'000}).uint(std::uint64_t{0}).uint(1'700'000'000 + number);
    out.string(Bytes{1, 2, 3}).string(Hash256{}).string(Bytes(8, 0));
    out.string(Bytes(65, 0x77));
    out.end_list(list);
    const auto header = chain::decode_header(out.view());
    REQUIRE(header);
    return *header;
}

}  // namespace

RpcWorld::RpcWorld() {
    const Hash256 code = maker.code({0x60, 0x01});
    const Hash256 storage = maker.storage({{slot_hash(0), 7}, {slot_hash(5), U256{1} << 200}});
    maker.account(address_hash(0x11), storage, code);
    maker.account(address_hash(0x22), trie::kEmptyRoot, trie::kEmptyCodeHash);
    root = maker.finish();
    rpc::CompleteState state{root, {make_header(64, Hash256{{9}}, root)}};
    state.headers.push_back(make_header(65, state.headers[0].hash, Hash256{{1}}));
    view.client = "fastsyncd/v1.2.3/linux";
    view.network_id = 50;
    view.chain_id = 51;
    view.peers = 17;
    view.genesis = make_header(0, Hash256{}, Hash256{{2}});
    view.state = std::make_shared<const rpc::CompleteState>(std::move(state));
}

json RpcWorld::call(const std::string& method, const json& params) const {
    const json request{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    json got = json::parse(raw(request.dump()));
    CHECK(got["jsonrpc"] == "2.0");
    CHECK(got["id"] == 1);
    CHECK(got.contains("result") != got.contains("error"));
    return got;
}

json RpcWorld::result(const std::string& method, const json& params) const {
    const json got = call(method, params);
    REQUIRE(got.contains("result"));
    return got["result"];
}

int RpcWorld::error(const std::string& method, const json& params) const {
    const json got = call(method, params);
    return got.contains("error") ? got["error"]["code"].get<int>() : 0;
}

}  // namespace fastsync::test
