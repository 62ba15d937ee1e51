#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <async/task.hpp>
#include <async/task_scope.hpp>
#include <enode/enode.hpp>
#include <net/host_resolver.hpp>

namespace fastsync::discovery {

/// How long one look at a name may take.
inline constexpr Duration kNamePatience = std::chrono::seconds{15};
/// From one look at a name to the next: operators move their nodes.
inline constexpr Duration kNameRefresh = std::chrono::minutes{5};
/// The same after a look that brought nothing, and while nobody answers us; doubled each time, up
/// to kNameRefresh.
inline constexpr Duration kNameRetry = std::chrono::seconds{5};

/// Nodes known by the names of their hosts: looks the names up, again and again. Lives on one
/// executor.
class NamedNodes {
  public:
    /// Gets the addresses of one node, on the executor: at least one, at most kMaxHostAddresses.
    /// What it fails with is told as the name's failure.
    using Take = std::function<Result<void>(const Enode&, const std::vector<IpAddress>&)>;
    /// True while the nodes are needed and none of them answers.
    using IsLost = std::function<bool()>;

    NamedNodes(async::Executor executor, async::Clock& clock,
               std::unique_ptr<net::HostResolver> resolver, std::vector<Enode> nodes, Take take,
               IsLost is_lost);

    /// Looks until close(). Once.
    [[nodiscard]] async::Task<void> run();
    /// Idempotent.
    void close() noexcept;

    /// Names whose last look failed, and why.
    [[nodiscard]] const std::map<std::string, std::string>& unresolved() const noexcept {
        return unresolved_;
    }

  private:
    [[nodiscard]] async::Task<void> follow(Enode node);
    [[nodiscard]] async::Task<Result<void>> look(Enode node);

    async::Clock& clock_;
    std::unique_ptr<net::HostResolver> resolver_;
    std::vector<Enode> nodes_;
    Take take_;
    IsLost is_lost_;
    std::map<std::string, std::string> unresolved_;
    async::Gate closed_;
    async::TaskScope scope_;
};

}  // namespace fastsync::discovery
