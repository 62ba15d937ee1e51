#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <async/task.hpp>
#include <async/task_scope.hpp>
#include <discovery/engine.hpp>
#include <net/datagram_socket.hpp>

namespace fastsync::discovery {

/// Unix seconds of the wall clock.
using WallClock = std::function<UnixTime()>;
[[nodiscard]] WallClock system_wall_clock();

/// The node a bootnode URL names. @return kConfig when the host is a name (see NamedNodes) or there
/// is no UDP port
[[nodiscard]] Result<Node> bootnode_of(const Enode& enode);

/// Runs an engine over sockets and clocks. Lives on one executor.
class DiscoveryService {
  public:
    /// @param sockets  one for each family that is used; at least one. Where the options leave them
    /// open, the UDP port announced is that of the first, and so is the address, unless it is bound
    /// to any, until others see another one; the families used are those of all
    /// @return kTooLarge when our record does not fit its limit
    [[nodiscard]] static Result<std::unique_ptr<DiscoveryService>> make(
        async::Executor executor, async::Clock& clock, WallClock wall_clock,
        crypto::EntropySource& entropy, const crypto::SecretKey& key,
        std::vector<std::unique_ptr<net::DatagramSocket>> sockets, EngineOptions options);
    DiscoveryService(const DiscoveryService&) = delete;
    DiscoveryService& operator=(const DiscoveryService&) = delete;

    /// Discovers until stop(). Once.
    [[nodiscard]] async::Task<void> run();
    /// Idempotent, returns at once; waiting next_nodes() end with kClosed.
    void stop();

    /// Live nodes for somebody who dials, each of them once in a while: those at hand, else the
    /// next ones found, for which it looks harder while somebody waits here.
    /// @return at least one and at most `max`; kTimeout at `deadline`, kClosed after stop()
    [[nodiscard]] async::Task<Result<std::vector<FoundNode>>> next_nodes(std::size_t max,
                                                                         TimePoint deadline);
    /// See Engine.
    void suggest(const std::vector<Node>& nodes);
    void set_bootnodes(std::vector<Node> bootnodes);
    [[nodiscard]] Result<void> update_record(const RecordEntries& changes);

    [[nodiscard]] const NodeRecord& record() const noexcept { return engine_->record(); }
    [[nodiscard]] const NodeTable& table() const noexcept { return engine_->table(); }
    [[nodiscard]] EngineStats stats() const { return engine_->stats(); }
    /// The family of the first socket.
    [[nodiscard]] bool sends_to_v4() const { return sockets_.front()->local().address.is_v4(); }
    /// Our URL, with the address announced or learned, else the one the first socket is bound to.
    [[nodiscard]] Enode local_enode() const;

  private:
    DiscoveryService(async::Executor executor, async::Clock& clock, WallClock wall_clock,
                     std::unique_ptr<Identity> identity,
                     std::vector<std::unique_ptr<net::DatagramSocket>> sockets,
                     std::unique_ptr<Engine> engine);

    [[nodiscard]] async::Task<void> receive_from(net::DatagramSocket& socket);
    [[nodiscard]] async::Task<void> keep_time();
    [[nodiscard]] Moment moment() const { return {clock_.now(), wall_clock_()}; }
    /// Sends what the engine wants sent, wakes who waits for its nodes or for time.
    void settle();

    async::Executor executor_;
    async::Clock& clock_;
    WallClock wall_clock_;
    std::unique_ptr<Identity> identity_;
    std::vector<std::unique_ptr<net::DatagramSocket>> sockets_;
    std::unique_ptr<Engine> engine_;
    TimePoint wakes_at_ = TimePoint::max();  ///< when keep_time() wakes of itself
    async::Gate earlier_;                    ///< it has to wake before
    async::Gate found_;
    std::size_t waiting_ = 0;
    bool stopped_ = false;
    async::TaskScope scope_;
};

}  // namespace fastsync::discovery
