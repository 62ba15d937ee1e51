#include <algorithm>
#include <utility>

#include <common/log.hpp>
#include <discovery/dns_source.hpp>
#include <discovery/dns_walk.hpp>

namespace fastsync::discovery {

using async::Task;

namespace {

/// Keeps each list once: links may lead in circles.
void add_list(std::vector<DnsLink>& lists, const DnsLink& link) {
    const bool known = std::any_of(lists.begin(), lists.end(),
                                   [&](const DnsLink& l) { return l.domain == link.domain; });
    if (!known && lists.size() < kMaxDnsLists) lists.push_back(link);
}

}  // namespace

DnsSource::DnsSource(async::Executor executor, async::Clock& clock, crypto::EntropySource& entropy,
                     std::unique_ptr<net::TxtResolver> resolver, std::vector<DnsLink> lists,
                     Take take)
    : clock_(clock),
      entropy_(entropy),
      resolver_(std::move(resolver)),
      lists_(std::move(lists)),
      take_(std::move(take)),
      closed_(std::move(executor)) {}

Task<void> DnsSource::run() {
    Duration retry = kDnsRetry;
    while (!closed_.is_open()) {
        const bool brought = co_await read_round();
        const Duration pause = brought ? kDnsRefresh : retry;
        retry = brought ? kDnsRetry : std::min(2 * retry, kDnsRefresh);
        (void)co_await clock_.sleep_until(clock_.now() + pause, &closed_);
    }
}

/// True if any list could be read.
Task<bool> DnsSource::read_round() {
    std::vector<DnsLink> lists;
    for (const DnsLink& list : lists_)
        add_list(lists, list);
    bool any = false;
    // Grows as it goes.
    for (std::size_t i = 0; i < lists.size(); ++i) {
        if (closed_.is_open()) break;
        const bool read = co_await read_one(lists[i], lists);
        any = any || read;
    }
    co_return any;
}

Task<bool> DnsSource::read_one(DnsLink list, std::vector<DnsLink>& lists) {
    const auto got =
        co_await read_dns_list(*resolver_, entropy_, list, kDnsEnough, clock_.now() + kDnsPatience);
    if (closed_.is_open()) co_return false;
    if (!got) {
        ++stats_.failures;
        log::info("discovery", "dns list not read domain={} reason=\"{}\"", list.domain,
                  got.error().message());
        co_return false;
    }
    ++stats_.lists;
    stats_.records += got->records.size();
    log::info("discovery", "dns list read domain={} sequence={} records={} links={} failures={}",
              list.domain, got->sequence, got->records.size(), got->links.size(), got->failures);
    for (const DnsLink& link : got->links)
        add_list(lists, link);
    take_(got->records);
    co_return true;
}

void DnsSource::close() noexcept {
    closed_.open();
    resolver_->close();
}

}  // namespace fastsync::discovery
