#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <async/task.hpp>
#include <crypto/entropy.hpp>
#include <discovery/dns_tree.hpp>
#include <enode/node_record.hpp>
#include <net/txt_resolver.hpp>

namespace fastsync::discovery {

/// Lists read in one round, those that others link to among them.
inline constexpr std::size_t kMaxDnsLists = 16;
/// Records wanted of one list in one round: a random part of it is as good as all.
inline constexpr std::size_t kDnsEnough = 128;
/// How long one list is read at most.
inline constexpr Duration kDnsPatience = std::chrono::minutes{1};
/// From one round to the next.
inline constexpr Duration kDnsRefresh = std::chrono::minutes{30};
/// The same after a round that brought nothing; doubled each time, up to kDnsRefresh.
inline constexpr Duration kDnsRetry = std::chrono::minutes{1};

struct DnsSourceStats {
    std::uint64_t lists = 0;     ///< read
    std::uint64_t failures = 0;  ///< lists that could not be read
    std::uint64_t records = 0;   ///< handed on
};

/// Reads lists of nodes in the Domain Name System (EIP-1459), and those they link to, again and
/// again. Lives on one executor.
class DnsSource {
  public:
    /// Gets what one list brought, on the executor.
    using Take = std::function<void(const std::vector<NodeRecord>&)>;

    DnsSource(async::Executor executor, async::Clock& clock, crypto::EntropySource& entropy,
              std::unique_ptr<net::TxtResolver> resolver, std::vector<DnsLink> lists, Take take);

    /// Reads until close(). Once.
    [[nodiscard]] async::Task<void> run();
    /// Idempotent.
    void close() noexcept;

    [[nodiscard]] const DnsSourceStats& stats() const noexcept { return stats_; }

  private:
    [[nodiscard]] async::Task<bool> read_round();
    [[nodiscard]] async::Task<bool> read_one(DnsLink list, std::vector<DnsLink>& lists);

    async::Clock& clock_;
    crypto::EntropySource& entropy_;
    std::unique_ptr<net::TxtResolver> resolver_;
    std::vector<DnsLink> lists_;
    Take take_;
    DnsSourceStats stats_;
    async::Gate closed_;
};

}  // namespace fastsync::discovery
