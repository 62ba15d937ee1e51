#include <common/assert.hpp>
#include <status/post_places.hpp>

namespace fastsync::status {
namespace {

namespace ip = boost::asio::ip;

/// A socket of both families tells IPv4 addresses in the form of IPv6.
ip::address plain(const ip::address& from) {
    if (!from.is_v6() || !from.to_v6().is_v4_mapped()) return from;
    return ip::make_address_v4(ip::v4_mapped, from.to_v6());
}

}  // namespace

bool PostPlaces::enter(const ip::address& from) {
    const ip::address who = plain(from);
    if (taken_ >= kMaxPosts) return false;
    const auto at = held_.find(who);
    if (at != held_.end() && at->second >= kMaxPostsOfAddress && !who.is_loopback()) return false;
    ++held_[who];
    ++taken_;
    return true;
}

void PostPlaces::leave(const ip::address& from) {
    const auto at = held_.find(plain(from));
    FASTSYNC_ASSERT(at != held_.end());
    if (--at->second == 0) held_.erase(at);
    --taken_;
}

}  // namespace fastsync::status
