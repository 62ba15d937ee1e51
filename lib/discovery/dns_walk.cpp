#include <discovery/dns_walk.hpp>

namespace fastsync::discovery {
namespace {

std::uint64_t draw(crypto::EntropySource& entropy) {
    std::array<Byte, sizeof(std::uint64_t)> bytes{};
    entropy.fill(bytes);
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

async::Task<Result<DnsRoot>> read_root(net::TxtResolver& resolver, const DnsLink& list,
                                       TimePoint deadline) {
    const auto texts = co_await resolver.resolve_txt(list.domain, deadline);
    if (!texts) co_return texts.error();
    Error why{Errc::kNotFound, "DNS list: no root at " + list.domain};
    for (const std::string& text : *texts) {
        if (!is_dns_root(text)) continue;
        auto root = parse_dns_root(text, list.key);
        if (root) co_return root;
        why = root.error();
    }
    co_return why;
}

}  // namespace

DnsWalk::DnsWalk(DnsLink list, const DnsRoot& root) : list_(std::move(list)) {
    want(root.nodes);
    want(root.links);
}

void DnsWalk::want(const std::string& name) {
    if (waiting_.size() < kMaxDnsWaiting && seen_.size() < kMaxDnsWaiting &&
        seen_.insert(name).second)
        waiting_.push_back(name);
}

std::string DnsWalk::next(std::uint64_t random) {
    if (waiting_.empty() || asked_ >= kMaxDnsQuestions || records_.size() >= kMaxDnsRecords)
        return {};
    ++asked_;
    std::swap(waiting_[random % waiting_.size()], waiting_.back());
    std::string out = std::move(waiting_.back());
    waiting_.pop_back();
    return out;
}

Result<void> DnsWalk::answered(std::string_view name, const std::vector<std::string>& texts) {
    Error why{Errc::kNotFound, "DNS list: nothing below a name"};
    for (const std::string& text : texts) {
        auto entry = parse_dns_entry(text, name);
        if (entry) {
            take(*std::move(entry));
            return {};
        }
        why = entry.error();
    }
    return why;
}

void DnsWalk::take(DnsEntry entry) {
    if (const auto* branch = std::get_if<DnsBranch>(&entry)) {
        for (const std::string& child : branch->children)
            want(child);
    } else if (const auto* link = std::get_if<DnsLink>(&entry)) {
        if (links_.size() < kMaxDnsLinks) links_.push_back(*link);
    } else if (auto* record = std::get_if<NodeRecord>(&entry)) {
        records_.push_back(std::move(*record));
    }
}

async::Task<Result<DnsNodes>> read_dns_list(net::TxtResolver& resolver,
                                            crypto::EntropySource& entropy, DnsLink list,
                                            std::size_t enough, TimePoint deadline) {
    FASTSYNC_CO_TRY(const DnsRoot root, co_await read_root(resolver, list, deadline));
    DnsWalk walk{list, root};
    DnsNodes out;
    out.sequence = root.sequence;
    while (walk.records().size() < enough && out.failures < kMaxDnsFailures) {
        const std::string name = walk.next(draw(entropy));
        if (name.empty()) break;
        const auto texts = co_await resolver.resolve_txt(name + "." + list.domain, deadline);
        const bool over =
            !texts && (texts.error().code == Errc::kTimeout || texts.error().code == Errc::kClosed);
        if (over) break;
        if (!texts || !walk.answered(name, *texts)) ++out.failures;
    }
    out.records = walk.records();
    out.links = walk.links();
    co_return out;
}

std::vector<Node> nodes_of(const std::vector<NodeRecord>& records) {
    std::vector<Node> out;
    for (const NodeRecord& record : records) {
        const auto enode = enode_of(record);
        if (!enode || enode->udp_port == 0) continue;
        const auto address = IpAddress::parse(enode->host);
        // A list may name local addresses; whoever publishes it is not in our network.
        if (!address || address->is_local() || address->is_special()) continue;
        out.push_back(make_node(enode->id, {*address, enode->udp_port}, enode->tcp_port));
    }
    return out;
}

}  // namespace fastsync::discovery
