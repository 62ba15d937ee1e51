#include <boost/asio/ip/address.hpp>

#include <daemon/own_status.hpp>
#include <status/http_client.hpp>

namespace fastsync::daemon {

bool status_is_told(const net::HostPort& address) {
    constexpr Duration kTimeout = std::chrono::seconds{1};
    constexpr unsigned kOk = 200;
    status::HttpOrigin origin{address.host, address.port};
    boost::system::error_code ignored;
    const auto ip = boost::asio::ip::make_address(origin.host, ignored);
    if (!ignored && ip.is_unspecified()) origin.host = ip.is_v6() ? "::1" : "127.0.0.1";
    const auto reply = status::http_get(origin, "/status", kTimeout);
    return reply && reply->status == kOk;
}

}  // namespace fastsync::daemon
