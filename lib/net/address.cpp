#include <charconv>

#include <net/address.hpp>

namespace fastsync::net {
namespace {

// RFC 1035: no name is longer.
constexpr std::size_t kMaxHostLength = 253;

Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* end = text.data() + text.size();
    const auto [stop, failed] = std::from_chars(text.data(), end, port);
    if (text.empty() || failed != std::errc{} || stop != end)
        return Error{Errc::kMalformed, "the port is not a number from 0 to 65535"};
    return port;
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return Error{Errc::kMalformed, "ADDR:PORT without a port"};
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (host.empty() || host.size() > kMaxHostLength)
        return Error{Errc::kMalformed, "the address before the port is empty or too long"};
    if (host.find_first_of("[] \t") != std::string_view::npos)
        return Error{Errc::kMalformed, "a character that no address holds"};
    if (!bracketed && host.find(':') != std::string_view::npos)
        return Error{Errc::kMalformed, "an IPv6 address needs brackets: [ADDR]:PORT"};
    if (bracketed && host.find(':') == std::string_view::npos)
        return Error{Errc::kMalformed, "brackets around what is no IPv6 address"};
    FASTSYNC_TRY(const std::uint16_t port, parse_port(text.substr(colon + 1)));
    return HostPort{std::string{host}, port};
}

std::string to_string(const HostPort& address) {
    const bool v6 = address.host.find(':') != std::string::npos;
    return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace fastsync::net
