#pragma once

#include <map>
#include <memory>
#include <vector>

#include <async/task.hpp>
#include <chain/fork_id.hpp>
#include <chain/header.hpp>
#include <daemon/networks.hpp>
#include <eth/backend.hpp>
#include <storage/state_store.hpp>

namespace fastsync::daemon {

/// Serves others what this daemon has: the headers around its complete pivot, that of block 0 where
/// it is known, nodes and codes of the store. Lives on the net thread; the store is read on an
/// executor of its own.
class StateBackend final : public eth::Backend {
  public:
    /// @param disk  where store look-ups run: neither the net nor the sync thread may wait for
    /// peers' questions
    StateBackend(const Network& network, const storage::NodeReader& store, async::Executor disk);

    /// From now on the state of the first of these headers is served, with the headers that lead
    /// others to choose it as their pivot: it and at most sync::kPivotDistance above it. The last
    /// of them is our head.
    void offer(std::vector<chain::BlockHeader> headers);
    /// Null without an offer.
    [[nodiscard]] const chain::BlockHeader* head() const noexcept;

    [[nodiscard]] eth::ChainIdentity identity() const override;
    [[nodiscard]] async::Task<std::vector<Bytes>> headers(eth::HeaderQuery query) override;
    [[nodiscard]] async::Task<Bytes> node_data(std::vector<Hash256> hashes) override;

  private:
    [[nodiscard]] async::Task<Bytes> look_up(std::vector<Hash256> hashes) const;
    /// Null when it is not there.
    [[nodiscard]] const chain::BlockHeader* find(chain::BlockNumber number) const;
    [[nodiscard]] const chain::BlockHeader* find(const Hash256& hash) const;

    std::uint64_t network_id_;
    Hash256 genesis_hash_;
    std::optional<chain::BlockHeader> genesis_;
    std::uint64_t genesis_time_;
    std::shared_ptr<const chain::ForkLadder> forks_;
    const storage::NodeReader& store_;
    async::Executor disk_;
    std::map<chain::BlockNumber, chain::BlockHeader> headers_;
};

}  // namespace fastsync::daemon
