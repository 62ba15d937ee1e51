#include <charconv>

#include <arpa/inet.h>

#include <enode/enode.hpp>

namespace fastsync {
namespace {

constexpr std::string_view kScheme = "enode://";
constexpr std::string_view kDiscPort = "discport=";
constexpr std::size_t kMaxHost = 253;  // RFC 1035, section 2.3.4, as text
constexpr std::size_t kMaxLabel = 63;

Error malformed(const char* what) {
    return {Errc::kMalformed, std::string{"enode URL: "} + what};
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

template <int kFamily>
bool is_address(const std::string& text) {
    std::array<Byte, sizeof(in6_addr)> address{};
    return ::inet_pton(kFamily, text.c_str(), address.data()) == 1;
}

/// A label of a DNS name (RFC 1123, section 2.1).
bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' &&
           label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
               return is_alphanumeric(c) || c == '-';
           });
}

bool is_dns_name(std::string_view name) {
    if (name.size() > kMaxHost) return false;
    std::string_view rest = name;
    std::string_view label;
    do {
        const std::size_t dot = rest.find('.');
        label = rest.substr(0, dot);
        if (!is_label(label)) return false;
        rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
        // "a." would leave nothing behind the dot: no name here ends in one.
        if (dot != std::string_view::npos && rest.empty()) return false;
    } while (!rest.empty());
    // A last label of digits alone is a broken IPv4 address ("1.2.3.999"), never a name.
    return !std::all_of(label.begin(), label.end(), is_digit);
}

Result<std::uint16_t> parse_port(std::string_view text, const char* wrong) {
    std::uint16_t port = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, port);
    const bool padded = text.size() > 1 && text.front() == '0';
    if (text.empty() || padded || error != std::errc{} || stopped != end) return malformed(wrong);
    return port;
}

Result<NodeId> parse_id(std::string_view text) {
    // from_hex() would allow for "0x", which has no place here.
    const bool prefixed = text.starts_with("0x") || text.starts_with("0X");
    if (text.size() != 2 * NodeId::kSize || prefixed)
        return malformed("the id is not 128 hex digits");
    const auto id = fixed_from_hex<NodeId>(text);
    if (!id) return malformed("the id is not 128 hex digits");
    if (!crypto::check_public_key(*id)) return malformed("the id is no public key on the curve");
    return *id;
}

struct HostAndPort {
    std::string_view host;
    std::string_view port;
};

/// Splits `<host>:<port>`; the host keeps no brackets.
Result<HostAndPort> split_host(std::string_view text) {
    if (!text.starts_with('[')) {
        const std::size_t colon = text.rfind(':');
        if (colon == std::string_view::npos) return malformed("the port is missing");
        const std::string_view host = text.substr(0, colon);
        if (host.find(':') != std::string_view::npos)
            return malformed("an IPv6 host needs [brackets]");
        if (!is_address<AF_INET>(std::string{host}) && !is_dns_name(host))
            return malformed("the host is neither an IP address nor a DNS name");
        return HostAndPort{host, text.substr(colon + 1)};
    }
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return malformed("the host has no closing bracket");
    const std::string_view host = text.substr(1, bracket - 1);
    if (!is_address<AF_INET6>(std::string{host}))
        return malformed("the host in brackets is no IPv6 address");
    const std::string_view rest = text.substr(bracket + 1);
    if (!rest.starts_with(':')) return malformed("the port is missing");
    return HostAndPort{host, rest.substr(1)};
}

}  // namespace

Result<Enode> parse_enode(std::string_view url) {
    if (url.size() > kMaxEnodeUrl) return malformed("longer than any can be");
    // An embedded zero would end the text early for inet_pton().
    if (url.find('\0') != std::string_view::npos) return malformed("a zero byte inside");
    if (!url.starts_with(kScheme)) return malformed("does not start with enode://");
    url.remove_prefix(kScheme.size());

    const std::size_t at = url.find('@');
    if (at == std::string_view::npos) return malformed("the @ between id and host is missing");
    Enode out;
    FASTSYNC_TRY(out.id, parse_id(url.substr(0, at)));
    url.remove_prefix(at + 1);

    const std::size_t query = url.find('?');
    FASTSYNC_TRY(const HostAndPort where, split_host(url.substr(0, query)));
    out.host = where.host;
    FASTSYNC_TRY(out.tcp_port, parse_port(where.port, "the port is no number up to 65535"));
    out.udp_port = out.tcp_port;
    if (query != std::string_view::npos) {
        url.remove_prefix(query + 1);
        if (!url.starts_with(kDiscPort)) return malformed("only discport= may follow the ?");
        url.remove_prefix(kDiscPort.size());
        FASTSYNC_TRY(out.udp_port, parse_port(url, "the discport is no number up to 65535"));
    }
    if (out.tcp_port == 0 && out.udp_port == 0) return malformed("both ports are zero");
    return out;
}

std::string to_string(const Enode& enode) {
    const bool is_ipv6 = enode.host.find(':') != std::string::npos;
    std::string out{kScheme};
    out.append(to_hex(enode.id)).append("@");
    out.append(is_ipv6 ? "[" + enode.host + "]" : enode.host);
    out.append(":").append(std::to_string(enode.tcp_port));
    if (enode.udp_port != enode.tcp_port)
        out.append("?").append(kDiscPort).append(std::to_string(enode.udp_port));
    return out;
}

std::string short_id(const NodeId& id) {
    return to_hex(id.view().first(4));
}

}  // namespace fastsync
