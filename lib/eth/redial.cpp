#include <algorithm>

#include <boost/asio/ip/address.hpp>

#include <eth/redial.hpp>

namespace fastsync::eth {
namespace {

namespace ip = boost::asio::ip;

bool is_private(const ip::address_v4& address) {
    const auto bytes = address.to_bytes();
    if (bytes[0] == 10 || bytes[0] == 127) return true;
    if (bytes[0] == 172 && (bytes[1] & 0xf0U) == 16) return true;
    return (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 169 && bytes[1] == 254);
}

bool is_private(const ip::address_v6& address) {
    if (address.is_v4_mapped()) return is_private(ip::make_address_v4(ip::v4_mapped, address));
    const bool unique_local = (address.to_bytes()[0] & 0xfeU) == 0xfc;
    return address.is_loopback() || address.is_link_local() || unique_local;
}

}  // namespace

bool is_private_address(std::string_view host) {
    boost::system::error_code failed;
    const ip::address address = ip::make_address(std::string{host}, failed);
    if (failed) return false;
    return address.is_v4() ? is_private(address.to_v4()) : is_private(address.to_v6());
}

DialState::DialState(std::string_view host)
    : shortest_(is_private_address(host) ? kFirstPause : kPublicPause), pause_(shortest_) {}

void DialState::joined() {
    failures_ = 0;
    last_error_.clear();
}

Duration DialState::ended(const Error& why, std::optional<Duration> stood, double chance) {
    last_error_ = why.message();
    if (!stood) ++failures_;
    if (stood && *stood >= kGoodConnection) pause_ = shortest_;
    const Duration pause = pause_ + from_seconds(to_seconds(pause_) * chance / 4);
    pause_ = std::min(2 * pause_, kLongestPause);
    return pause;
}

}  // namespace fastsync::eth
