#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <async/task.hpp>
#include <chain/fork_id.hpp>
#include <devnet/header_chain.hpp>
#include <devnet/item_store.hpp>
#include <eth/backend.hpp>

namespace fastsync::devnet {

/// A chain with the states we have of it, served the way a full node does. It lives on one
/// executor.
class DevChain final : public eth::Backend {
  public:
    /// A chain whose rules never change, until know_forks().
    DevChain(std::uint64_t network_id, HeaderChain headers, ItemStore items);

    /// kConfig: more forks than any chain has.
    [[nodiscard]] Result<void> know_forks(chain::ForkSchedule forks);

    [[nodiscard]] std::uint64_t network_id() const noexcept { return network_id_; }
    void set_network_id(std::uint64_t id) noexcept { network_id_ = id; }
    [[nodiscard]] const HeaderChain& header_chain() const noexcept { return headers_; }
    [[nodiscard]] const chain::BlockHeader& head() const { return headers_.head(); }
    [[nodiscard]] const ItemStore& items() const noexcept { return items_; }
    [[nodiscard]] ItemStore& items() noexcept { return items_; }
    /// Adds a block over a state whose items are there.
    const chain::BlockHeader& extend(const Hash256& state_root);

    [[nodiscard]] eth::ChainIdentity identity() const override;
    [[nodiscard]] async::Task<std::vector<Bytes>> headers(eth::HeaderQuery query) override;
    [[nodiscard]] async::Task<Bytes> node_data(std::vector<Hash256> hashes) override;
    /// What node_data() gives.
    [[nodiscard]] Bytes collect(const std::vector<Hash256>& hashes) const;

  private:
    std::uint64_t network_id_;
    HeaderChain headers_;
    ItemStore items_;
    std::shared_ptr<const chain::ForkLadder> forks_;
};

}  // namespace fastsync::devnet
