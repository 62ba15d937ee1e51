#pragma once

#include <array>
#include <filesystem>

#include <daemon/config.hpp>
#include <sync/state_sync.hpp>
#include <sync/verify.hpp>

#include "support/fake_peer.hpp"
#include "support/state_model.hpp"

namespace fastsync::test {

/// A small chain and its states, the same for every peer of a test. Blocks up to 204 have the first
/// state, later ones the second: with its usual head the pivot is block 200.
struct World {
    static constexpr std::uint64_t kNetworkId = 4242;
    static constexpr std::size_t kUsualHeaders = 265;
    static constexpr chain::BlockNumber kPivot = kUsualHeaders - 1 - sync::kPivotDistance;

    World();

    [[nodiscard]] const BuiltState& state() const noexcept { return states[0]; }
    [[nodiscard]] const Hash256& genesis_hash() const { return chain.headers.front().hash; }
    /// The blob of an item of either state; null when it is of neither.
    [[nodiscard]] const Bytes* find(const Hash256& hash) const;
    /// Headers `origin`, ... of the first `visible` ones, as a full node answers.
    [[nodiscard]] std::vector<Bytes> headers(
        const std::variant<chain::BlockNumber, Hash256>& origin, std::uint64_t amount,
        std::size_t visible = kUsualHeaders) const {
        return headers_of(chain, origin, amount, visible);
    }

    /// The same of any chain.
    [[nodiscard]] static std::vector<Bytes> headers_of(
        const FakeChain& chain, const std::variant<chain::BlockNumber, Hash256>& origin,
        std::uint64_t amount, std::size_t visible = kUsualHeaders);

    std::array<BuiltState, 2> states;
    FakeChain chain;
    FakeChain forged;  ///< as long, over a state that does not exist
};

/// What `fastsyncd run` would be told: any free ports of the loopback, and to stay.
[[nodiscard]] daemon::RunConfig run_config(const World& world, const std::filesystem::path& folder,
                                           std::vector<Enode> static_peers = {});

/// What verify_state() says of a store in a folder, and the counters it recorded.
struct StoreReport {
    sync::VerifyReport verified;
    sync::SyncCounters counters;

    /// Everything there, nothing missing, nothing corrupt, as many items as the state has.
    [[nodiscard]] bool is_whole(const BuiltState& state) const;
};
[[nodiscard]] StoreReport examine(const std::filesystem::path& folder, const Hash256& root);

}  // namespace fastsync::test
