#pragma once

#include <memory>
#include <optional>
#include <string>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <async/task.hpp>
#include <async/task_scope.hpp>
#include <crypto/entropy.hpp>
#include <crypto/secp256k1.hpp>
#include <devnet/block_maker.hpp>
#include <devnet/dev_chain.hpp>
#include <enode/enode.hpp>
#include <eth/host.hpp>
#include <net/address.hpp>

namespace fastsync::devnet {

struct DevNodeOptions {
    net::HostPort listen;  ///< port 0: the system chooses
    crypto::SecretKey key;
    std::string client_name{};
    std::size_t max_peers = 100;
    std::optional<Duration> block_interval{};  ///< nothing: the chain stays as it is
    eth::Offers offers{};                      ///< empty: eth::capability_offers()
};

/// A peer that serves a DevChain over the real wire. Lives on one executor.
class DevNode {
  public:
    /// Listens at once. The chain must outlive the node.
    /// @return kConfig or kConnect: the address cannot be had; kConfig: the chain shall grow, but
    /// its last state is not complete
    [[nodiscard]] static Result<std::unique_ptr<DevNode>> open(async::Executor executor,
                                                               crypto::EntropySource& entropy,
                                                               DevChain& chain,
                                                               DevNodeOptions options);

    /// Serves until stop(). Once.
    [[nodiscard]] async::Task<void> run();
    /// Says goodbye to the peers. Idempotent, returns at once.
    void stop();

    /// Where it listens.
    [[nodiscard]] const Enode& enode() const noexcept { return enode_; }

  private:
    DevNode(async::Executor executor, std::unique_ptr<async::Clock> clock,
            crypto::EntropySource& entropy, DevChain& chain, DevNodeOptions options,
            std::unique_ptr<net::Listener> listener);
    [[nodiscard]] async::Task<void> make_blocks(Duration interval);
    void announce(const chain::BlockHeader& block);

    std::unique_ptr<async::Clock> clock_;
    Enode enode_;
    DevChain& chain_;
    BlockMaker blocks_;
    std::optional<Duration> block_interval_;
    eth::Host host_;
    async::Gate stopping_;
    async::TaskScope scope_;
};

}  // namespace fastsync::devnet
