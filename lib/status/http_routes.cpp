#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/core.h>

#include <common/ip_address.hpp>
#include <status/http_routes.hpp>
#include <status/json.hpp>
#include <status/metrics.hpp>
#include <status/page.hpp>

namespace fastsync::status {
namespace {

constexpr std::string_view kMethods = "GET, HEAD";

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

bool is_port(std::string_view text) noexcept {
    return text.size() <= 5 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

struct Target {
    std::string_view authority;  ///< empty unless the absolute form was used
    std::string_view path;
};

/// Takes the scheme and authority of the absolute form (RFC 9112 section 3.2.2) and the query off.
Target split(std::string_view target) {
    Target out;
    constexpr std::string_view kScheme = "http://";
    if (equal_ignoring_case(target.substr(0, kScheme.size()), kScheme)) {
        target.remove_prefix(kScheme.size());
        const std::size_t slash = std::min(target.find_first_of("/?"), target.size());
        out.authority = target.substr(0, slash);
        target.remove_prefix(slash);
    }
    out.path = target.substr(0, std::min(target.find('?'), target.size()));
    return out;
}

HttpAnswer health(const StatusSnapshot& snapshot) {
    if (snapshot.phase == Phase::kFailed) return refusal(503, "the daemon has failed");
    return {200, R"({"healthy":true})"};
}

/// Alive as long as it can say so: whoever restarts what is not alive should do it for a failure
/// alone, which ends the process anyway.
HttpAnswer show_live(const StatusSnapshot& snapshot) {
    if (snapshot.phase == Phase::kFailed) return refusal(503, "the daemon has failed");
    return {200, R"({"live":true})"};
}

/// Ready once a state is whole: it is served to peers and can be asked, whatever else goes on.
HttpAnswer show_ready(const StatusSnapshot& snapshot) {
    const bool ends = snapshot.phase == Phase::kStopping || snapshot.phase == Phase::kFailed;
    if (snapshot.completed && !ends) return {200, R"({"ready":true})"};
    std::string why = ends ? "the daemon ends: " : "no state is complete: ";
    why += to_string(snapshot.phase);
    if (snapshot.phase == Phase::kSyncing)
        why += fmt::format(", {:.2f} %", std::floor(1e4 * snapshot.progress.fraction) / 100);
    if (!snapshot.waiting_for.empty()) why += ", waiting: " + snapshot.waiting_for;
    return refusal(503, why);
}

HttpAnswer show_metrics(const StatusSnapshot& snapshot) {
    return {200, to_metrics(snapshot), {}, kMetricsType};
}

HttpAnswer show_status(const StatusSnapshot& snapshot) {
    return {200, to_json(snapshot)};
}

HttpAnswer show_peers(const StatusSnapshot& snapshot) {
    return {200, peers_to_json(snapshot.report)};
}

HttpAnswer show_page(const StatusSnapshot& /*snapshot*/) {
    const StatusPage& page = status_page();
    return {200, page.html, {}, "text/html; charset=utf-8", page.policy};
}

struct Route {
    std::string_view path;
    HttpAnswer (*show)(const StatusSnapshot&);
};

constexpr std::array<Route, 7> kRoutes{{
    {"/", show_page},
    {"/status", show_status},
    {"/peers", show_peers},
    {"/metrics", show_metrics},
    {"/livez", show_live},
    {"/readyz", show_ready},
    {"/healthz", health},
}};

}  // namespace

HttpAnswer refusal(unsigned status, std::string_view sentence) {
    return {status, error_to_json(sentence)};
}

bool is_our_host(std::string_view host, HostNames names) {
    if (host.starts_with('[')) {
        const std::size_t end = host.find(']');
        if (end == std::string_view::npos) return false;
        const std::string_view rest = host.substr(end + 1);
        const std::string_view inside = host.substr(1, end - 1);
        return (rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)))) &&
               inside.find(':') != std::string_view::npos && IpAddress::parse(inside).has_value();
    }
    if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos) {
        if (!is_port(host.substr(colon + 1))) return false;
        host = host.substr(0, colon);
    }
    if (host.find(':') != std::string_view::npos) return false;
    const bool named = std::any_of(names.begin(), names.end(), [host](const std::string& name) {
        return equal_ignoring_case(host, name);
    });
    return named || equal_ignoring_case(host, "localhost") || IpAddress::parse(host).has_value();
}

namespace {

/// What every request must be.
std::optional<HttpAnswer> refuse_any(const HttpRequest& request, HostNames names) {
    if (request.target.size() > kMaxTargetSize)
        return refusal(414, "the request target is too long");
    const Target target = split(request.target);
    // RFC 9112: the authority of an absolute target replaces the Host header.
    const std::string_view host = target.authority.empty() ? request.host : target.authority;
    if (host.empty() || is_our_host(host, names)) return std::nullopt;
    return refusal(421,
                   "this server answers to an IP address, localhost and the names it was told "
                   "(http-host), not to the name in the Host header");
}

}  // namespace

bool is_post(const HttpRequest& request) {
    return request.method == "POST" && split(request.target).path == "/";
}

std::optional<HttpAnswer> refuse_post(const HttpRequest& request, HostNames names) {
    if (auto refused = refuse_any(request, names)) return refused;
    std::string_view type = request.content_type.substr(0, request.content_type.find(';'));
    while (type.ends_with(' ') || type.ends_with('\t'))
        type.remove_suffix(1);
    if (equal_ignoring_case(type, "application/json")) return std::nullopt;
    return refusal(415, "JSON-RPC is taken as Content-Type: application/json alone");
}

HttpAnswer answer(const HttpRequest& request, HostNames names, const StatusBoard& board) {
    if (auto refused = refuse_any(request, names)) return *std::move(refused);
    const Target target = split(request.target);
    const auto route = std::find_if(kRoutes.begin(), kRoutes.end(),
                                    [&](const Route& r) { return r.path == target.path; });
    if (route == kRoutes.end()) {
        return refusal(404,
                       "no such path; there are /, /status, /peers, /metrics, /livez, /readyz and "
                       "/healthz");
    }
    if (request.method != "GET" && request.method != "HEAD") {
        HttpAnswer refused = refusal(405, "only GET and HEAD are answered");
        refused.allow = kMethods;
        return refused;
    }
    const auto snapshot = board.read();
    if (!snapshot) return refusal(503, "the daemon is starting");
    return route->show(*snapshot);
}

}  // namespace fastsync::status
