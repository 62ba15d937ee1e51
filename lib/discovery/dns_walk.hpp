#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <async/task.hpp>
#include <crypto/entropy.hpp>
#include <discovery/dns_tree.hpp>
#include <discovery/node.hpp>
#include <net/txt_resolver.hpp>

namespace fastsync::discovery {

/// Names asked for in one walk.
inline constexpr std::size_t kMaxDnsQuestions = 2048;
/// Names waiting to be asked for.
inline constexpr std::size_t kMaxDnsWaiting = 4096;
/// Records and links taken from one list.
inline constexpr std::size_t kMaxDnsRecords = 512;
inline constexpr std::size_t kMaxDnsLinks = 16;
/// Questions that may fail in one walk before it is given up.
inline constexpr std::size_t kMaxDnsFailures = 16;

/// Walks one list, in random order, so that many daemons do not all meet its first nodes. No clock,
/// no sockets. Asked nothing twice, a list cannot lead it in circles.
class DnsWalk {
  public:
    DnsWalk(DnsLink list, const DnsRoot& root);

    /// A name below the domain to ask for, without the domain; empty when the walk is over.
    [[nodiscard]] std::string next(std::uint64_t random);
    /// What the name given last has: the text with the hash that fits counts, the others are not
    /// ours. @return as parse_dns_entry() when none fits or the one that fits cannot be used
    [[nodiscard]] Result<void> answered(std::string_view name,
                                        const std::vector<std::string>& texts);

    [[nodiscard]] const std::vector<NodeRecord>& records() const noexcept { return records_; }
    [[nodiscard]] const std::vector<DnsLink>& links() const noexcept { return links_; }

  private:
    void want(const std::string& name);
    void take(DnsEntry entry);

    DnsLink list_;
    std::vector<std::string> waiting_;
    std::set<std::string> seen_;
    std::vector<NodeRecord> records_;
    std::vector<DnsLink> links_;
    std::size_t asked_ = 0;
};

/// What a walk brought.
struct DnsNodes {
    std::vector<NodeRecord> records;
    std::vector<DnsLink> links;
    std::uint64_t sequence = 0;
    std::size_t failures = 0;  ///< names without a usable entry
};

/// Reads at least `enough` records of a list, or all it has, or what came until `deadline`.
/// @return errors of the root: kNotFound, kMalformed, kUnauthenticated, kTimeout, kConnect; an
/// entry that cannot be had is counted and left out
[[nodiscard]] async::Task<Result<DnsNodes>> read_dns_list(net::TxtResolver& resolver,
                                                          crypto::EntropySource& entropy,
                                                          DnsLink list, std::size_t enough,
                                                          TimePoint deadline);

/// The nodes among records that discovery can reach.
[[nodiscard]] std::vector<Node> nodes_of(const std::vector<NodeRecord>& records);

}  // namespace fastsync::discovery
