#pragma once

#include <atomic>
#include <memory>

#include <async/task_scope.hpp>
#include <daemon/loop_thread.hpp>
#include <eth/host.hpp>

#include "world.hpp"

namespace fastsync::test {

/// A full node of the world on a real socket, made of our own Host, with a thread of its own.
class HonestPeer {
  public:
    /// @param key   makes its node key
    /// @param dial  keeps connected with these
    /// @param work  how long it takes over each answer of node data
    HonestPeer(const World& world, Byte key, std::vector<Enode> dial = {}, Duration work = {});
    HonestPeer(const HonestPeer&) = delete;
    HonestPeer& operator=(const HonestPeer&) = delete;
    ~HonestPeer();

    [[nodiscard]] const Enode& enode() const noexcept { return enode_; }
    /// Hashes it was asked for, known or not.
    [[nodiscard]] std::size_t asked() const noexcept { return backend_.asked; }
    /// So many headers exist from now on.
    void show_headers(std::size_t count) noexcept { backend_.visible = count; }

  private:
    class WorldBackend final : public eth::Backend {
      public:
        WorldBackend(const World& world, async::Clock& clock, Duration work)
            : world_(world), clock_(clock), work_(work) {}
        [[nodiscard]] eth::ChainIdentity identity() const override;
        [[nodiscard]] async::Task<std::vector<Bytes>> headers(eth::HeaderQuery query) override;
        [[nodiscard]] async::Task<Bytes> node_data(std::vector<Hash256> hashes) override;

        std::atomic<std::size_t> visible{World::kUsualHeaders};
        std::atomic<std::size_t> asked{0};

      private:
        const World& world_;
        async::Clock& clock_;
        const Duration work_;
    };

    daemon::LoopThread loop_{"t-honest"};
    std::unique_ptr<async::Clock> clock_;
    WorldBackend backend_;
    Enode enode_;
    std::unique_ptr<eth::Host> host_;
    async::TaskScope scope_;
};

}  // namespace fastsync::test
