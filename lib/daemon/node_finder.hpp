#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <async/task.hpp>
#include <chain/fork_id.hpp>
#include <crypto/entropy.hpp>
#include <crypto/secp256k1.hpp>
#include <discovery/dns_source.hpp>
#include <discovery/named_nodes.hpp>
#include <discovery/node_database.hpp>
#include <discovery/service.hpp>
#include <eth/host.hpp>
#include <net/address.hpp>

namespace fastsync::daemon {

/// The file of nodes met before, in the data folder, and that of one being written.
inline constexpr std::string_view kNodesFile = "nodes.txt";
inline constexpr std::string_view kNodesDraft = "nodes.txt.new";

/// How often the nodes met are written down.
inline constexpr Duration kNodesSaveInterval = std::chrono::minutes{1};
/// Nodes of an earlier run that are dialed before any other.
inline constexpr std::size_t kNodesFirst = 64;
/// Nodes of lists that wait to be dialed; beyond, they are left to discovery.
inline constexpr std::size_t kMaxListed = 256;

struct FinderOptions {
    net::HostPort address;         ///< of the UDP socket; an IP address
    std::uint16_t tcp_port = 0;    ///< announced; 0: we accept no connections
    std::vector<Enode> bootnodes;  ///< each with a UDP port; by address or by name
    /// Where names of bootnodes are looked up; needed when there are any.
    std::unique_ptr<net::HostResolver> hosts{};
    std::filesystem::path nodes_file;
    std::vector<discovery::DnsLink> dns_lists{};  ///< read again and again
    /// Where they are read; null: nowhere.
    std::unique_ptr<net::TxtResolver> resolver{};
    /// The forks of our chain, to announce and to tell others' nodes by; null: not known.
    std::shared_ptr<const chain::ForkLadder> forks{};
    chain::ForkPosition head{};  ///< where we stand among them
};

/// Whom to dial: nodes that served us before, then those that discovery finds. Lives on the net
/// thread.
class NodeFinder final : public eth::NodeSource {
  public:
    /// Binds the socket and reads the file.
    /// @param disk  where the file is written
    /// @return kConfig naming the address, when it cannot be had; kStorage naming the file
    [[nodiscard]] static Result<std::unique_ptr<NodeFinder>> open(
        async::Executor net, async::Executor disk, async::Clock& clock,
        crypto::EntropySource& entropy, const crypto::SecretKey& key, FinderOptions options);

    /// Our chain went on: announced to others from now on.
    void moved(chain::ForkPosition head);
    /// Discovers, and writes down who was met, until close(). Once.
    [[nodiscard]] async::Task<void> run();
    /// Writes down who was met since the last time.
    [[nodiscard]] async::Task<void> save();

    [[nodiscard]] async::Task<Result<std::vector<Enode>>> next_nodes(std::size_t max,
                                                                     TimePoint deadline) override;
    void reached(const Enode& node) override;
    void served(const NodeId& id, std::uint64_t items) override;
    void failed(const Enode& node) override;
    void close() noexcept override;

    [[nodiscard]] discovery::EngineStats stats() const { return service_->stats(); }
    [[nodiscard]] discovery::DnsSourceStats dns_stats() const {
        return dns_ ? dns_->stats() : discovery::DnsSourceStats{};
    }
    /// Names of bootnodes whose addresses cannot be told, and why.
    [[nodiscard]] std::map<std::string, std::string> unresolved() const {
        return names_ ? names_->unresolved() : std::map<std::string, std::string>{};
    }
    /// Node records left alone: of another chain, or of a fork of ours that we do not know, which
    /// look alike.
    [[nodiscard]] std::uint64_t elsewhere() const noexcept { return elsewhere_; }
    /// Nodes in the file's next version.
    [[nodiscard]] std::size_t remembered() const noexcept { return database_.size(); }
    /// What we say of ourselves.
    [[nodiscard]] const NodeRecord& record() const noexcept { return service_->record(); }
    /// Our URL, as far as it is known.
    [[nodiscard]] Enode local_enode() const { return service_->local_enode(); }

  private:
    NodeFinder(async::Executor net, async::Executor disk, async::Clock& clock,
               std::unique_ptr<discovery::DiscoveryService> service,
               discovery::NodeDatabase database, const FinderOptions& options);

    /// A bootnode known by name, as last looked up.
    struct Resolved {
        discovery::Node node;
        std::size_t looks = 0;
    };

    void read_lists(crypto::EntropySource& entropy, FinderOptions& options);
    void follow_names(FinderOptions& options);
    [[nodiscard]] Result<void> take_resolved(const Enode& named,
                                             const std::vector<IpAddress>& addresses);
    void take_listed(const std::vector<NodeRecord>& records);
    [[nodiscard]] bool may_be_ours(const NodeRecord& record);

    async::Executor net_;
    async::Executor disk_;
    async::Clock& clock_;
    std::unique_ptr<discovery::DiscoveryService> service_;
    discovery::NodeDatabase database_;
    std::shared_ptr<const chain::ForkLadder> forks_;
    chain::ForkPosition head_;
    std::unique_ptr<discovery::DnsSource> dns_;     ///< null: no lists
    std::unique_ptr<discovery::NamedNodes> names_;  ///< null: no bootnode is known by name
    std::vector<discovery::Node> bootnodes_;        ///< those known by address
    std::map<NodeId, Resolved> resolved_;           ///< the others
    std::deque<Enode> first_;  ///< of an earlier run, or of lists: not tried yet
    std::uint64_t elsewhere_ = 0;
    bool changed_ = false;  ///< since it was written
    async::Gate closed_;
};

}  // namespace fastsync::daemon
