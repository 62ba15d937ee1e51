#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <chain/header.hpp>
#include <common/bytes.hpp>

namespace fastsync::rpc {

/// Where a sync stands, in the terms of eth_syncing.
struct Syncing {
    std::uint64_t current_block = 0;  ///< the pivot: the block whose state is being synced
    std::uint64_t highest_block = 0;  ///< the newest that is known
    std::uint64_t pulled_states = 0;  ///< nodes and codes committed
    std::uint64_t known_states = 0;   ///< those, and the ones known to be missing
};

/// The state that can be asked: whole in the store.
struct CompleteState {
    Hash256 root;
    /// The block of this state, then those above it, linked; empty when the operator pinned a bare
    /// root.
    std::vector<chain::BlockHeader> headers;
};

/// All that questions are answered from, besides the store, at one moment. Never changed once made.
struct ChainView {
    std::string client;  ///< "fastsyncd/v1.2.3/linux"
    std::uint64_t network_id = 0;
    std::uint64_t chain_id = 0;
    std::uint64_t peers = 0;
    bool listening = false;
    std::optional<chain::BlockHeader> genesis{};   ///< block 0, where it is known
    std::optional<Syncing> syncing{};              ///< nothing: nothing is being synced
    std::shared_ptr<const CompleteState> state{};  ///< null: none is complete yet
    std::string missing{};                         ///< why it is null, for a person
};

}  // namespace fastsync::rpc
