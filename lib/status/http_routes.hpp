#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <status/board.hpp>

namespace fastsync::status {

/// Names a client may call us by, besides IP addresses and "localhost". A web page that rebinds its
/// own name to our address reaches us from the operator's browser, but it cannot hide that name:
/// the Host header tells.
using HostNames = std::span<const std::string>;

/// The part of a request that decides the answer.
struct HttpRequest {
    std::string_view method;
    std::string_view target;             ///< as sent: "/status?x", or with "http://host" in front
    std::string_view host;               ///< the Host header; empty when there is none (HTTP/1.0)
    std::string_view content_type = {};  ///< the Content-Type header; empty when there is none
};

struct HttpAnswer {
    unsigned status = 200;
    std::string body;
    std::string_view allow = {};  ///< value of the Allow header; empty: no such header
    std::string_view type = "application/json";
    std::string_view policy = {};       ///< value of Content-Security-Policy; empty: no such header
    std::string_view retry_after = {};  ///< value of Retry-After, seconds; empty: no such header
};

/// Longest request target, bytes; a longer one is answered with 414.
inline constexpr std::size_t kMaxTargetSize = 1024;

/// Answers GET and HEAD of /status, /peers, /metrics, /livez, /readyz and /healthz from the board:
/// 200; 503 while nothing is published, from /livez and /healthz when the daemon has failed, from
/// /readyz until the state is complete. Otherwise 404 (path), 405 (method), 414 (target), 421
/// (Host).
[[nodiscard]] HttpAnswer answer(const HttpRequest& request, HostNames names,
                                const StatusBoard& board);
/// True for a POST to "/": it goes to the JSON-RPC handler if refuse_post() has nothing against it.
[[nodiscard]] bool is_post(const HttpRequest& request);
/// 414 and 421 as above; 415 unless the content is application/json: a form of a foreign web page
/// cannot have that type, and its script would have to ask first, which is never granted.
[[nodiscard]] std::optional<HttpAnswer> refuse_post(const HttpRequest& request, HostNames names);
/// The answer of a request that is refused for `sentence`.
[[nodiscard]] HttpAnswer refusal(unsigned status, std::string_view sentence);

/// True for an IP address, "localhost" or one of `names` (in any case), with or without a port.
[[nodiscard]] bool is_our_host(std::string_view host, HostNames names);

}  // namespace fastsync::status
