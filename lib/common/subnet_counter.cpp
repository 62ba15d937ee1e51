#include <span>

#include <common/subnet_counter.hpp>

namespace fastsync {
namespace {

struct Tier {
    unsigned bits = 0;
    std::size_t limit = 0;
};

struct Tiers {
    std::array<Tier, 2> all{};
    std::size_t count = 0;

    [[nodiscard]] std::span<const Tier> view() const { return std::span{all}.first(count); }
};

Tiers tiers_of(const SubnetLimit& limit, const IpAddress& address) {
    if (address.is_local()) return {};
    if (address.is_v4()) return {{Tier{24, limit.v4_24}}, 1};
    return {{Tier{64, limit.v6_64}, Tier{48, limit.v6_48}}, 2};
}

}  // namespace

bool SubnetCounter::has_room(const IpAddress& address) const {
    const Tiers tiers = tiers_of(limit_, address);
    for (const Tier& tier : tiers.view()) {
        const auto count = counts_.find({tier.bits, address.masked(tier.bits)});
        if (count != counts_.end() && count->second >= tier.limit) return false;
    }
    return true;
}

void SubnetCounter::add(const IpAddress& address) {
    const Tiers tiers = tiers_of(limit_, address);
    for (const Tier& tier : tiers.view())
        ++counts_[{tier.bits, address.masked(tier.bits)}];
}

void SubnetCounter::remove(const IpAddress& address) {
    const Tiers tiers = tiers_of(limit_, address);
    for (const Tier& tier : tiers.view()) {
        const auto count = counts_.find({tier.bits, address.masked(tier.bits)});
        FASTSYNC_ASSERT(count != counts_.end());
        if (--count->second == 0) counts_.erase(count);
    }
}

}  // namespace fastsync
