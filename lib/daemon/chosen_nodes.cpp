#include <daemon/chosen_nodes.hpp>

namespace fastsync::daemon {

std::vector<Enode> bootnodes_for(const RunConfig& config) {
    if (!config.bootnodes.empty()) return config.bootnodes;
    std::vector<Enode> nodes;
    for (const std::string& url : config.network.bootnodes) {
        auto enode = parse_enode(url);
        if (enode && enode->udp_port != 0) nodes.push_back(*std::move(enode));
    }
    return nodes;
}

std::vector<discovery::DnsLink> dns_lists_for(const RunConfig& config) {
    if (config.dns_lists) return *config.dns_lists;
    if (!config.bootnodes.empty() || config.network.dns_tree.empty()) return {};
    const auto link = discovery::parse_dns_link(config.network.dns_tree);
    return link ? std::vector{*link} : std::vector<discovery::DnsLink>{};
}

}  // namespace fastsync::daemon
