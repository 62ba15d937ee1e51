#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <common/result.hpp>

namespace fastsync::net {

/// "ADDR:PORT" taken apart. The host carries no brackets.
struct HostPort {
    std::string host;
    std::uint16_t port = 0;

    friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// "127.0.0.1:30303", "[::1]:30303", "example.org:30303". Port 0 is allowed (the system chooses).
/// kMalformed, naming the part that is wrong.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text);
/// With brackets around an IPv6 address.
[[nodiscard]] std::string to_string(const HostPort& address);

}  // namespace fastsync::net
