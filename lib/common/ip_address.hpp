#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include <common/bytes.hpp>

namespace fastsync {

/// An IPv4 or IPv6 address. An IPv4 address mapped into IPv6 (::ffff:a.b.c.d) is the IPv4 address.
class IpAddress {
  public:
    /// 0.0.0.0
    IpAddress() = default;
    /// kMalformed unless `bytes` are 4 (IPv4) or 16 (IPv6), in network order.
    [[nodiscard]] static Result<IpAddress> from(ByteView bytes);
    /// The text form of either family, without brackets, zone or port; else kMalformed.
    [[nodiscard]] static Result<IpAddress> parse(std::string_view text);

    [[nodiscard]] bool is_v4() const noexcept { return size_ == kV4Size; }
    /// 4 or 16 bytes, in network order.
    [[nodiscard]] ByteView bytes() const noexcept { return ByteView{data_}.first(size_); }

    [[nodiscard]] bool is_unspecified() const noexcept;
    [[nodiscard]] bool is_loopback() const noexcept;
    [[nodiscard]] bool is_multicast() const noexcept;
    /// Loopback, link-local, private use, shared (carrier) or "this network": nothing that routers
    /// of the internet carry.
    [[nodiscard]] bool is_local() const noexcept;
    /// Multicast, broadcast, documentation, benchmarking, relay prefixes: no host has one of these
    /// (IANA special-purpose registries).
    [[nodiscard]] bool is_special() const noexcept;
    /// The first `bits` of it, the others zero; at most all of them.
    [[nodiscard]] IpAddress masked(unsigned bits) const noexcept;

    friend bool operator==(const IpAddress&, const IpAddress&) = default;
    friend std::strong_ordering operator<=>(const IpAddress&, const IpAddress&) =
        default;  // NOLINT(modernize-use-nullptr)

  private:
    static constexpr std::uint8_t kV4Size = 4;
    static constexpr std::uint8_t kV6Size = 16;

    std::uint8_t size_ = kV4Size;
    std::array<Byte, kV6Size> data_{};
};

/// Where datagrams come from and go to.
struct IpEndpoint {
    IpAddress address;
    std::uint16_t port = 0;

    friend bool operator==(const IpEndpoint&, const IpEndpoint&) = default;
    friend std::strong_ordering operator<=>(const IpEndpoint&, const IpEndpoint&) =
        default;  // NOLINT(modernize-use-nullptr)
};

[[nodiscard]] std::string to_string(const IpAddress& address);
/// "127.0.0.1:30303", "[::1]:30303"
[[nodiscard]] std::string to_string(const IpEndpoint& endpoint);

/// Hash functor for tables keyed by addresses; seeded, so that nobody can aim at one bucket.
struct IpAddressHasher {
    using is_avalanching = void;
    std::size_t operator()(const IpAddress& address) const noexcept;
};

}  // namespace fastsync
