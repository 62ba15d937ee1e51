#include <utility>

#include <common/log.hpp>
#include <daemon/node_finder.hpp>
#include <discovery/dns_walk.hpp>
#include <net/udp.hpp>

namespace fastsync::daemon {

using async::Task;

namespace {

Enode to_enode(const discovery::Node& node) {
    return {node.id, to_string(node.udp.address), node.tcp, node.udp.port};
}

bool has_address(const Enode& node) {
    return IpAddress::parse(node.host).has_value();
}

Result<std::vector<discovery::Node>> known_by_address(const std::vector<Enode>& bootnodes) {
    std::vector<discovery::Node> nodes;
    for (const Enode& bootnode : bootnodes) {
        if (!has_address(bootnode)) continue;
        FASTSYNC_TRY(auto node, discovery::bootnode_of(bootnode));
        nodes.push_back(std::move(node));
    }
    return nodes;
}

Task<Result<void>> write_down(discovery::NodeDatabase database) {
    co_return database.save();
}

Result<std::vector<std::unique_ptr<net::DatagramSocket>>> bind(async::Executor net,
                                                               async::Clock& clock,
                                                               const net::HostPort& address) {
    FASTSYNC_TRY(const IpAddress ip, IpAddress::parse(address.host));
    auto socket = net::make_udp_socket(std::move(net), clock, {ip, address.port});
    if (!socket) return Error{Errc::kConfig, socket.error().detail};
    std::vector<std::unique_ptr<net::DatagramSocket>> sockets;
    sockets.push_back(*std::move(socket));
    return sockets;
}

}  // namespace

Result<std::unique_ptr<NodeFinder>> NodeFinder::open(async::Executor net, async::Executor disk,
                                                     async::Clock& clock,
                                                     crypto::EntropySource& entropy,
                                                     const crypto::SecretKey& key,
                                                     FinderOptions options) {
    FASTSYNC_TRY(auto database, discovery::NodeDatabase::load(options.nodes_file));
    if (database.unreadable() > 0)
        log::warn("discovery", "nodes file has lines that cannot be read file=\"{}\" lines={}",
                  options.nodes_file.string(), database.unreadable());
    FASTSYNC_TRY(auto sockets, bind(net, clock, options.address));
    const auto wall = discovery::system_wall_clock();
    discovery::EngineOptions engine;
    engine.tcp_port = options.tcp_port;
    engine.record_sequence = wall();
    if (options.forks != nullptr) {
        engine.record_entries[std::string{chain::kForkIdRecordKey}] =
            chain::encode_fork_id_entry(options.forks->at(options.head));
    }
    FASTSYNC_TRY(engine.bootnodes, known_by_address(options.bootnodes));
    std::vector<discovery::Node> bootnodes = engine.bootnodes;
    FASTSYNC_TRY(auto service,
                 discovery::DiscoveryService::make(net, clock, wall, entropy, key,
                                                   std::move(sockets), std::move(engine)));
    std::unique_ptr<NodeFinder> finder{new NodeFinder(
        net, std::move(disk), clock, std::move(service), std::move(database), options)};
    finder->bootnodes_ = std::move(bootnodes);
    for (const auto& node : finder->database_.best(kNodesFirst, wall())) {
        finder->service_->suggest({node});
        finder->first_.push_back(to_enode(node));
    }
    finder->read_lists(entropy, options);
    finder->follow_names(options);
    return finder;
}

void NodeFinder::read_lists(crypto::EntropySource& entropy, FinderOptions& options) {
    if (options.resolver == nullptr || options.dns_lists.empty()) return;
    dns_ = std::make_unique<discovery::DnsSource>(
        net_, clock_, entropy, std::move(options.resolver), std::move(options.dns_lists),
        [this](const std::vector<NodeRecord>& records) { take_listed(records); });
}

void NodeFinder::follow_names(FinderOptions& options) {
    std::erase_if(options.bootnodes, [](const Enode& node) { return has_address(node); });
    if (options.bootnodes.empty()) return;
    FASTSYNC_ASSERT(options.hosts != nullptr);
    names_ = std::make_unique<discovery::NamedNodes>(
        net_, clock_, std::move(options.hosts), std::move(options.bootnodes),
        [this](const Enode& named, const auto& found) { return take_resolved(named, found); },
        [this] { return service_->stats().known == 0; });
}

/// Each of its addresses is tried; lookups start at one of them, at the next one after each look.
Result<void> NodeFinder::take_resolved(const Enode& named,
                                       const std::vector<IpAddress>& addresses) {
    const bool v4 = service_->sends_to_v4();
    std::vector<discovery::Node> nodes;
    for (const IpAddress& address : addresses) {
        const bool usable = address.is_v4() == v4;
        if (usable)
            nodes.push_back(
                discovery::make_node(named.id, {address, named.udp_port}, named.tcp_port));
    }
    if (nodes.empty()) {
        return Error{Errc::kNotFound, named.host + " has no " + (v4 ? "IPv4" : "IPv6") +
                                          " address, which our socket needs"};
    }
    Resolved& known = resolved_[named.id];
    known.node = nodes[known.looks++ % nodes.size()];
    std::vector<discovery::Node> bootnodes = bootnodes_;
    for (const auto& [id, resolved] : resolved_)
        bootnodes.push_back(resolved.node);
    service_->set_bootnodes(std::move(bootnodes));
    service_->suggest(nodes);
    return {};
}

NodeFinder::NodeFinder(async::Executor net, async::Executor disk, async::Clock& clock,
                       std::unique_ptr<discovery::DiscoveryService> service,
                       discovery::NodeDatabase database, const FinderOptions& options)
    : net_(net),
      disk_(std::move(disk)),
      clock_(clock),
      service_(std::move(service)),
      database_(std::move(database)),
      forks_(options.forks),
      head_(options.head),
      closed_(std::move(net)) {}

Task<void> NodeFinder::run() {
    async::TaskScope scope{net_};
    scope.spawn(service_->run());
    if (dns_) scope.spawn(dns_->run());
    if (names_) scope.spawn(names_->run());
    while (!closed_.is_open()) {
        (void)co_await clock_.sleep_until(clock_.now() + kNodesSaveInterval, &closed_);
        co_await save();
    }
    co_await scope.join();
}

Task<void> NodeFinder::save() {
    if (!std::exchange(changed_, false)) co_return;
    const auto saved = co_await async::run_on(disk_, write_down(database_));
    // Not worth stopping for: the next run finds its peers anew.
    if (!saved) log::warn("discovery", "nodes not saved: {}", saved.error().message());
}

Task<Result<std::vector<Enode>>> NodeFinder::next_nodes(std::size_t max, TimePoint deadline) {
    std::vector<Enode> nodes;
    while (!first_.empty() && nodes.size() < max) {
        nodes.push_back(std::move(first_.front()));
        first_.pop_front();
    }
    if (!nodes.empty()) co_return nodes;
    auto found = co_await service_->next_nodes(max, deadline);
    if (!found) co_return found.error();
    for (const auto& one : *found) {
        if (!one.record || may_be_ours(*one.record)) nodes.push_back(to_enode(one.node));
    }
    co_return nodes;
}

/// Most nodes of the network are of other chains; those that say so are not dialed.
bool NodeFinder::may_be_ours(const NodeRecord& record) {
    if (forks_ == nullptr) return true;
    const auto entry = record.find(chain::kForkIdRecordKey);
    if (!entry) return true;
    const auto theirs = chain::decode_fork_id_entry(*entry);
    if (!theirs) return false;
    const auto fits = forks_->check(*theirs, head_);
    elsewhere_ += fits ? 0U : 1U;
    return fits.has_value();
}

void NodeFinder::take_listed(const std::vector<NodeRecord>& records) {
    for (const NodeRecord& record : records) {
        if (!may_be_ours(record)) continue;
        const std::vector<discovery::Node> nodes = discovery::nodes_of({record});
        service_->suggest(nodes);
        for (const auto& node : nodes) {
            if (node.tcp != 0 && first_.size() < kMaxListed) first_.push_back(to_enode(node));
        }
    }
}

void NodeFinder::moved(chain::ForkPosition head) {
    if (forks_ == nullptr) return;
    const bool same_id = forks_->at(head) == forks_->at(head_);
    head_ = head;
    if (same_id) return;
    const auto updated = service_->update_record(
        {{std::string{chain::kForkIdRecordKey}, chain::encode_fork_id_entry(forks_->at(head))}});
    if (!updated) log::warn("discovery", "record not updated: {}", updated.error().message());
}

void NodeFinder::reached(const Enode& node) {
    const auto address = IpAddress::parse(node.host);
    if (!address) return;
    const std::uint16_t udp = node.udp_port == 0 ? node.tcp_port : node.udp_port;
    database_.seen(discovery::make_node(node.id, {*address, udp}, node.tcp_port),
                   discovery::system_wall_clock()());
    changed_ = true;
}

void NodeFinder::served(const NodeId& id, std::uint64_t items) {
    if (items == 0) return;
    database_.served(id, items);
    changed_ = true;
}

void NodeFinder::failed(const Enode& node) {
    database_.failed(node.id);
    changed_ = true;
}

void NodeFinder::close() noexcept {
    closed_.open();
    if (dns_) dns_->close();
    if (names_) names_->close();
    service_->stop();
}

}  // namespace fastsync::daemon
