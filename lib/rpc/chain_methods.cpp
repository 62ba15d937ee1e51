#include <rpc/call.hpp>

namespace fastsync::rpc {
namespace {

MethodResult client_version(const Call& call) {
    return ordered_json(call.view.client);
}

MethodResult net_version(const Call& call) {
    return ordered_json(std::to_string(call.view.network_id));
}

MethodResult listening(const Call& call) {
    return ordered_json(call.view.listening);
}

MethodResult peer_count(const Call& call) {
    return ordered_json(to_quantity(call.view.peers));
}

MethodResult chain_id(const Call& call) {
    return ordered_json(to_quantity(call.view.chain_id));
}

/// In the terms of go-ethereum's fast sync, as consoles and monitors know them.
MethodResult syncing(const Call& call) {
    if (!call.view.syncing) return ordered_json(false);
    const Syncing& at = *call.view.syncing;
    ordered_json out;
    out["startingBlock"] = "0x0";
    out["currentBlock"] = to_quantity(at.current_block);
    out["highestBlock"] = to_quantity(at.highest_block);
    out["pulledStates"] = to_quantity(at.pulled_states);
    out["knownStates"] = to_quantity(at.known_states);
    return out;
}

constexpr Method kMethods[] = {
    {"web3_clientVersion", 0, 0, client_version},
    {"net_version", 0, 0, net_version},
    {"net_listening", 0, 0, listening},
    {"net_peerCount", 0, 0, peer_count},
    {"eth_chainId", 0, 0, chain_id},
    {"eth_syncing", 0, 0, syncing},
};

}  // namespace

std::span<const Method> chain_methods() {
    return kMethods;
}

}  // namespace fastsync::rpc
