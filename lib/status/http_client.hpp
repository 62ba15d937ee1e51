#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <common/result.hpp>
#include <common/time.hpp>

namespace fastsync::status {

/// Where a daemon tells its status.
struct HttpOrigin {
    std::string host;  ///< a name or an IP address, without brackets
    std::uint16_t port = 80;

    friend bool operator==(const HttpOrigin&, const HttpOrigin&) = default;
};

/// Reads "http://HOST:PORT" ("http://" and ":PORT" may be left out); kMalformed saying what is
/// wrong.
[[nodiscard]] Result<HttpOrigin> parse_http_origin(std::string_view url);

struct HttpReply {
    unsigned status = 0;
    std::string body;
};

/// Longest reply that is read, bytes.
inline constexpr std::size_t kMaxHttpReply = 4U * 1024 * 1024;

/// One GET over a connection of its own. Blocks the caller, `timeout` at most (name resolution
/// apart).
/// @return kConnect, kTimeout, kTooLarge, kMalformed (no HTTP)
[[nodiscard]] Result<HttpReply> http_get(const HttpOrigin& origin, std::string_view path,
                                         Duration timeout);

}  // namespace fastsync::status
