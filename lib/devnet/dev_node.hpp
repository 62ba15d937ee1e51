#pragma once

#include <memory>
#include <string>

#include <async/clock.hpp>
#include <async/task.hpp>
#include <crypto/entropy.hpp>
#include <crypto/secp256k1.hpp>
#include <devnet/dev_chain.hpp>
#include <enode/enode.hpp>
#include <eth/host.hpp>
#include <net/address.hpp>

namespace fastsync::devnet {

struct DevNodeOptions {
    net::HostPort listen;  ///< port 0: the system chooses
    crypto::SecretKey key;
    std::string client_name;
    std::size_t max_peers = 100;
};

/// A peer that serves a DevChain over the real wire. Lives on one executor.
class DevNode {
  public:
    /// Listens at once. The chain must outlive the node.
    /// @return kConfig or kConnect: the address cannot be had
    [[nodiscard]] static Result<std::unique_ptr<DevNode>> open(async::Executor executor,
                                                               crypto::EntropySource& entropy,
                                                               DevChain& chain,
                                                               DevNodeOptions options);

    /// Serves until stop(). Once.
    [[nodiscard]] async::Task<void> run();
    /// Says goodbye to the peers. Idempotent, returns at once.
    void stop() { host_.stop(); }

    /// Where it listens.
    [[nodiscard]] const Enode& enode() const noexcept { return enode_; }

  private:
    DevNode(async::Executor executor, std::unique_ptr<async::Clock> clock,
            crypto::EntropySource& entropy, DevChain& chain, DevNodeOptions options,
            std::unique_ptr<net::Listener> listener);

    std::unique_ptr<async::Clock> clock_;
    Enode enode_;
    eth::Host host_;
};

}  // namespace fastsync::devnet
