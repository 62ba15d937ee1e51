#pragma once

#include <vector>

#include <daemon/config.hpp>
#include <discovery/dns_tree.hpp>
#include <enode/enode.hpp>

namespace fastsync::daemon {

/// Where discovery starts: the operator's nodes, else those that the network is known by.
[[nodiscard]] std::vector<Enode> bootnodes_for(const RunConfig& config);

/// The operator's lists, else the network's own, unless the operator has chosen other nodes.
[[nodiscard]] std::vector<discovery::DnsLink> dns_lists_for(const RunConfig& config);

}  // namespace fastsync::daemon
