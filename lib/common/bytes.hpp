#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <common/result.hpp>

namespace fastsync {

using Byte = std::uint8_t;
using Bytes = std::vector<Byte>;
using ByteView = std::span<const Byte>;

/// A value of exactly N bytes. `Tag` keeps values of the same size but different meaning apart.
template <std::size_t N, class Tag>
struct FixedBytes {
    static constexpr std::size_t kSize = N;

    std::array<Byte, N> data{};

    friend bool operator==(const FixedBytes& a, const FixedBytes& b) noexcept {
        if constexpr (N % sizeof(std::uint64_t) == 0) {
            // Word by word: a call of memcmp costs more than the comparison of a hash.
            std::uint64_t differences = 0;
            for (std::size_t i = 0; i < N; i += sizeof differences) {
                std::uint64_t x = 0;
                std::uint64_t y = 0;
                std::memcpy(&x, a.data.data() + i, sizeof x);
                std::memcpy(&y, b.data.data() + i, sizeof y);
                differences |= x ^ y;
            }
            return differences == 0;
        } else {
            return a.data == b.data;
        }
    }
    friend std::strong_ordering operator<=>(const FixedBytes& a, const FixedBytes& b) {
        return std::memcmp(a.data.data(), b.data.data(), N) <=> 0;
    }

    [[nodiscard]] ByteView view() const noexcept { return data; }
    operator ByteView() const noexcept { return data; }  // NOLINT(google-explicit-constructor)

    /// kMalformed unless `bytes` is exactly N long.
    [[nodiscard]] static Result<FixedBytes> from(ByteView bytes) {
        if (bytes.size() != N) return Error{Errc::kMalformed, "wrong length of a fixed-size value"};
        FixedBytes out;
        std::copy(bytes.begin(), bytes.end(), out.data.begin());
        return out;
    }
};

/// A Keccak-256 hash: of a trie node, a contract code, a block header, an address or a slot.
using Hash256 = FixedBytes<32, struct Hash256Tag>;

/// The 20 bytes of an account address.
using Address = FixedBytes<20, struct AddressTag>;

[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}
[[nodiscard]] inline Bytes to_bytes(ByteView view) {
    return {view.begin(), view.end()};
}
[[nodiscard]] inline bool equal(ByteView a, ByteView b) noexcept {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}
inline void append(Bytes& out, ByteView tail) {
    out.insert(out.end(), tail.begin(), tail.end());
}

/// Lower-case hex without prefix.
[[nodiscard]] std::string to_hex(ByteView bytes);
/// Lower-case hex with "0x": the form of every hash we print.
[[nodiscard]] std::string to_hex0x(ByteView bytes);
/// Accepts an optional "0x"; kMalformed on an odd length or a character that is not hex.
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);

/// kMalformed unless `text` is exactly N bytes of hex, optionally with "0x".
template <class Fixed>
[[nodiscard]] Result<Fixed> fixed_from_hex(std::string_view text) {
    FASTSYNC_TRY(const Bytes bytes, from_hex(text));
    return Fixed::from(bytes);
}

/// Hash functor for tables keyed by values that are uniformly distributed already. The seed keeps a
/// peer from aiming at one bucket.
template <class Fixed>
struct FixedHasher {
    using is_avalanching = void;
    std::size_t operator()(const Fixed& value) const noexcept {
        std::uint64_t low = 0;
        std::uint64_t high = 0;
        std::memcpy(&low, value.data.data(), sizeof low);
        std::memcpy(&high, value.data.data() + sizeof low, sizeof high);
        const std::uint64_t mixed = (low ^ seed()) * 0x9e3779b97f4a7c15ULL;
        return mixed ^ (mixed >> 32U) ^ high;
    }
    static std::uint64_t seed() noexcept;
};

/// Random once per process.
[[nodiscard]] std::uint64_t process_seed() noexcept;

template <class Fixed>
std::uint64_t FixedHasher<Fixed>::seed() noexcept {
    static const std::uint64_t value = process_seed();
    return value;
}

}  // namespace fastsync
