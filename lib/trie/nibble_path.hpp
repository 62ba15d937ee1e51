#pragma once

#include <array>
#include <compare>
#include <cstddef>

#include <common/bytes.hpp>

namespace fastsync::trie {

/// Nibbles in a key of 32 bytes: no path in a state trie is longer.
inline constexpr std::size_t kMaxNibbles = 64;

/// A path of 0 to 64 nibbles, packed, in 33 bytes.
class NibblePath {
  public:
    NibblePath() = default;
    /// All 64 nibbles of a hashed key.
    [[nodiscard]] static NibblePath of(const Hash256& key) noexcept;
    /// All nibbles of a key of at most 32 bytes; kTooLarge over that.
    [[nodiscard]] static Result<NibblePath> of_key(ByteView key);
    /// `count` (at most 64) nibbles of `bytes`, from nibble `first` on; all of them must be there.
    [[nodiscard]] static NibblePath from_bytes(ByteView bytes, std::size_t first,
                                               std::size_t count) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// Nibble `i`, i < size().
    [[nodiscard]] Byte operator[](std::size_t i) const noexcept {
        const Byte b = packed_[i / 2];
        return i % 2 == 0 ? static_cast<Byte>(b >> 4U) : static_cast<Byte>(b & 0x0fU);
    }
    /// The nibbles from `first` (at most size()) to the end.
    [[nodiscard]] NibblePath from(std::size_t first) const noexcept;
    /// The first `count` (at most size()) nibbles.
    [[nodiscard]] NibblePath prefix(std::size_t count) const noexcept;
    /// How many nibbles both have in common at their front.
    [[nodiscard]] std::size_t common_prefix(const NibblePath& other) const noexcept;

    /// kMalformed when the path would be longer than 64.
    [[nodiscard]] Result<void> push(Byte nibble) noexcept;
    [[nodiscard]] Result<void> push(const NibblePath& tail) noexcept;
    /// The key, when size() == 64.
    [[nodiscard]] Hash256 key() const noexcept;
    /// The nibbles two to a byte; the last byte of an odd path is filled with a zero nibble.
    [[nodiscard]] ByteView packed() const noexcept {
        return ByteView{packed_}.first((size_ + 1U) / 2U);
    }

    friend bool operator==(const NibblePath&, const NibblePath&) = default;
    /// Order of the key space: by nibbles, a prefix before what extends it.
    friend std::strong_ordering operator<=>(const NibblePath& a, const NibblePath& b) noexcept;

  private:
    std::array<Byte, 32> packed_{};  // unused nibbles are zero
    std::uint8_t size_ = 0;
};

/// Hex-prefix encoding (Yellow Paper appendix C): nibbles with a flag that tells leaf from
/// extension.
struct HexPrefix {
    NibblePath path;
    bool leaf = false;
};
/// kMalformed: empty, unknown flag, padding nibble not zero, more than 64 nibbles.
[[nodiscard]] Result<HexPrefix> decode_hex_prefix(ByteView encoded);
[[nodiscard]] Bytes encode_hex_prefix(const NibblePath& path, bool leaf);

}  // namespace fastsync::trie
