#include <arpa/inet.h>

#include <common/ip_address.hpp>

namespace fastsync {
namespace {

/// The bits in front of an IPv4 address that stands in an IPv6 one (RFC 4291, section 2.5.5.2).
constexpr std::array<Byte, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// The first `bits` of an address, as a number: IPv4 whole, of IPv6 the first half.
struct Network {
    bool v4 = true;
    unsigned bits = 0;
    std::uint64_t prefix = 0;
};

constexpr unsigned kV4Bits = 32;
constexpr unsigned kV6Half = 64;

constexpr Network v4(unsigned bits, std::uint64_t a, std::uint64_t b = 0, std::uint64_t c = 0,
                     std::uint64_t d = 0) {
    return {true, bits, ((a << 24U) | (b << 16U) | (c << 8U) | d) >> (kV4Bits - bits)};
}
/// By its first four groups.
constexpr Network v6(unsigned bits, std::array<std::uint64_t, 4> groups) {
    const std::uint64_t half =
        (groups[0] << 48U) | (groups[1] << 32U) | (groups[2] << 16U) | groups[3];
    return {false, bits, half >> (kV6Half - bits)};
}

constexpr std::array kLocal{
    v4(8, 0),
    v4(8, 10),
    v4(10, 100, 64),
    v4(8, 127),
    v4(16, 169, 254),
    v4(12, 172, 16),
    v4(16, 192, 168),
    v6(10, {0xfe80, 0, 0, 0}),
    v6(7, {0xfc00, 0, 0, 0}),
};

constexpr std::array kSpecial{
    v4(29, 192, 0, 0, 0),
    v4(32, 192, 0, 0, 9),
    v4(32, 192, 0, 0, 170),
    v4(32, 192, 0, 0, 171),
    v4(24, 192, 0, 2),
    v4(24, 192, 31, 196),
    v4(24, 192, 52, 193),
    v4(24, 192, 88, 99),
    v4(24, 192, 175, 48),
    v4(15, 198, 18),
    v4(24, 198, 51, 100),
    v4(24, 203, 0, 113),
    v4(4, 240),
    v6(64, {0x0100, 0, 0, 0}),
    v6(32, {0x2001, 0, 0, 0}),
    v6(48, {0x2001, 2, 0, 0}),
    v6(32, {0x2001, 3, 0, 0}),
    v6(48, {0x2001, 4, 0x112, 0}),
    v6(32, {0x2001, 5, 0, 0}),
    v6(28, {0x2001, 0x10, 0, 0}),
    v6(28, {0x2001, 0x20, 0, 0}),
    v6(32, {0x2001, 0xdb8, 0, 0}),
    v6(16, {0x2002, 0, 0, 0}),
};

template <class Networks>
bool any_contains(const Networks& networks, const IpAddress& address) noexcept {
    const bool is_v4 = address.is_v4();
    const unsigned width = is_v4 ? kV4Bits : kV6Half;
    std::uint64_t value = 0;
    for (const Byte byte : address.bytes().first(width / 8))
        value = (value << 8U) | byte;
    return std::any_of(networks.begin(), networks.end(), [&](const Network& network) {
        return network.v4 == is_v4 && value >> (width - network.bits) == network.prefix;
    });
}

}  // namespace

Result<IpAddress> IpAddress::from(ByteView bytes) {
    if (bytes.size() == kV6Size && equal(bytes.first(kMappedPrefix.size()), kMappedPrefix))
        bytes = bytes.subspan(kMappedPrefix.size());
    if (bytes.size() != kV4Size && bytes.size() != kV6Size)
        return Error{Errc::kMalformed, "an IP address that is neither 4 nor 16 bytes"};
    IpAddress out;
    out.size_ = static_cast<std::uint8_t>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), out.data_.begin());
    return out;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
    const std::string copy{text};
    std::array<Byte, kV6Size> bytes{};
    // An embedded zero would end the text early for inet_pton().
    if (copy.find('\0') == std::string::npos) {
        if (::inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1)
            return from(ByteView{bytes}.first(kV4Size));
        if (::inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return from(bytes);
    }
    return Error{Errc::kMalformed, "not an IP address"};
}

bool IpAddress::is_unspecified() const noexcept {
    return data_ == std::array<Byte, kV6Size>{};
}

bool IpAddress::is_loopback() const noexcept {
    if (is_v4()) return data_[0] == 127;
    std::array<Byte, kV6Size> loopback{};
    loopback.back() = 1;
    return data_ == loopback;
}

bool IpAddress::is_multicast() const noexcept {
    return is_v4() ? (data_[0] & 0xf0U) == 0xe0 : data_[0] == 0xff;
}

bool IpAddress::is_local() const noexcept {
    return is_loopback() || any_contains(kLocal, *this);
}

bool IpAddress::is_special() const noexcept {
    return is_multicast() || any_contains(kSpecial, *this);
}

IpAddress IpAddress::masked(unsigned bits) const noexcept {
    IpAddress out = *this;
    for (unsigned i = 0; i < size_; ++i) {
        const unsigned kept = bits > 8 * i ? std::min(bits - 8 * i, 8U) : 0U;
        out.data_[i] = static_cast<Byte>(out.data_[i] & (0xff00U >> kept));
    }
    return out;
}

std::string to_string(const IpAddress& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const ByteView bytes = address.bytes();
    const int family = address.is_v4() ? AF_INET : AF_INET6;
    const char* written = ::inet_ntop(family, bytes.data(), text.data(), text.size());
    FASTSYNC_ASSERT(written != nullptr);
    return written;
}

std::string to_string(const IpEndpoint& endpoint) {
    const std::string address = to_string(endpoint.address);
    return (endpoint.address.is_v4() ? address : "[" + address + "]") + ":" +
           std::to_string(endpoint.port);
}

std::size_t IpAddressHasher::operator()(const IpAddress& address) const noexcept {
    static const std::uint64_t seed = process_seed();
    std::array<std::uint64_t, 2> words{};
    const ByteView bytes = address.bytes();
    std::memcpy(words.data(), bytes.data(), bytes.size());
    std::uint64_t mixed = seed + bytes.size();
    for (const std::uint64_t word : words) {
        mixed = (mixed ^ word) * 0x9e3779b97f4a7c15ULL;
        mixed ^= mixed >> 29U;
    }
    return mixed;
}

}  // namespace fastsync
