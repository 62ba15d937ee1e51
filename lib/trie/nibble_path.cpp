#include <bit>
#include <cstring>

#include <trie/nibble_path.hpp>

namespace fastsync::trie {

namespace {

constexpr Byte kLeafFlag = 0x20;
constexpr Byte kOddFlag = 0x10;

Byte high_nibble(Byte b) {
    return static_cast<Byte>(b >> 4U);
}
Byte low_nibble(Byte b) {
    return static_cast<Byte>(b & 0x0fU);
}
Byte pair(unsigned high, unsigned low) {
    return static_cast<Byte>((high << 4U) | low);
}

// Paths of odd length lie half a byte off: they are moved a word at a time.
constexpr std::size_t kWord = sizeof(std::uint64_t);

std::uint64_t load_word(const Byte* from) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, from, kWord);
    return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}
void store_word(Byte* to, std::uint64_t word) noexcept {
    if (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
    std::memcpy(to, &word, kWord);
}

/// 32 bytes and a few of room, moved by one nibble.
using Room = std::array<Byte, 32 + kWord>;

/// out[i] is made of the low nibble of in[i] and the high one of in[i + 1].
void move_up(const Room& in, std::array<Byte, 32>& out) noexcept {
    for (std::size_t i = 0; i < out.size(); i += kWord)
        store_word(out.data() + i, load_word(in.data() + i) << 4U | in[i + kWord] >> 4U);
}

/// out[i] is made of the low nibble of in[i - 1] and the high one of in[i].
void move_down(const std::array<Byte, 32>& in, Room& out) noexcept {
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < in.size(); i += kWord) {
        const std::uint64_t word = load_word(in.data() + i);
        store_word(out.data() + i, word >> 4U | before << 60U);
        before = word;
    }
    store_word(out.data() + in.size(), before << 60U);
}

}  // namespace

NibblePath NibblePath::of(const Hash256& key) noexcept {
    NibblePath path;
    path.packed_ = key.data;
    path.size_ = kMaxNibbles;
    return path;
}

Result<NibblePath> NibblePath::of_key(ByteView key) {
    if (key.size() > kMaxNibbles / 2) {
        return Error{Errc::kTooLarge, "trie key of more than 32 bytes"};
    }
    return from_bytes(key, 0, key.size() * 2);
}

NibblePath NibblePath::from_bytes(ByteView bytes, std::size_t first, std::size_t count) noexcept {
    FASTSYNC_ASSERT(count <= kMaxNibbles && first + count <= bytes.size() * 2);
    NibblePath path;
    path.size_ = static_cast<std::uint8_t>(count);
    const Byte* const in = bytes.data() + first / 2;
    const std::size_t whole = count / 2;
    if (first % 2 == 0) {
        std::copy_n(in, whole, path.packed_.begin());
        if (count % 2 != 0) path.packed_[whole] = static_cast<Byte>(in[whole] & 0xf0U);
    } else {
        Room from{};
        std::copy_n(in, (count + 2) / 2, from.begin());
        // What lies behind the path must be zero.
        if (count % 2 == 0) from[whole] = pair(high_nibble(from[whole]), 0);
        move_up(from, path.packed_);
    }
    return path;
}

NibblePath NibblePath::from(std::size_t first) const noexcept {
    FASTSYNC_ASSERT(first <= size_);
    return from_bytes(packed_, first, size_ - first);
}

NibblePath NibblePath::prefix(std::size_t count) const noexcept {
    FASTSYNC_ASSERT(count <= size_);
    return from_bytes(packed_, 0, count);
}

std::size_t NibblePath::common_prefix(const NibblePath& other) const noexcept {
    const std::size_t limit = std::min(size_, other.size_);
    std::size_t i = 0;
    while (i + 1 < limit && packed_[i / 2] == other.packed_[i / 2])
        i += 2;
    while (i < limit && (*this)[i] == other[i])
        ++i;
    return i;
}

Result<void> NibblePath::push(Byte nibble) noexcept {
    if (size_ == kMaxNibbles) return Error{Errc::kMalformed, "path of more than 64 nibbles"};
    FASTSYNC_ASSERT(nibble < 16);
    Byte& target = packed_[size_ / 2];
    target = size_ % 2 == 0 ? pair(nibble, 0) : static_cast<Byte>(target | nibble);
    ++size_;
    return {};
}

Result<void> NibblePath::push(const NibblePath& tail) noexcept {
    const std::size_t total = size_ + tail.size_;
    if (total > kMaxNibbles) return Error{Errc::kMalformed, "path of more than 64 nibbles"};
    const std::size_t at = size_ / 2;
    if (size_ % 2 == 0) {
        const ByteView bytes = tail.packed();
        std::copy(bytes.begin(), bytes.end(), packed_.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
        Room moved;
        move_down(tail.packed_, moved);
        packed_[at] = static_cast<Byte>(packed_[at] | moved[0]);
        std::copy_n(moved.begin() + 1, packed_.size() - at - 1,
                    packed_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
    size_ = static_cast<std::uint8_t>(total);
    return {};
}

Hash256 NibblePath::key() const noexcept {
    FASTSYNC_ASSERT(size_ == kMaxNibbles);
    return Hash256{packed_};
}

std::strong_ordering operator<=>(const NibblePath& a, const NibblePath& b) noexcept {
    // Padding is zero, so equal bytes mean that one is the other followed by zero nibbles.
    const int order = std::memcmp(a.packed_.data(), b.packed_.data(), a.packed_.size());
    return order != 0 ? order <=> 0 : a.size_ <=> b.size_;
}

Result<HexPrefix> decode_hex_prefix(ByteView encoded) {
    if (encoded.empty()) return Error{Errc::kMalformed, "empty hex-prefix path"};
    const Byte flags = encoded.front();
    if ((flags & ~(kLeafFlag | kOddFlag | 0x0fU)) != 0) {
        return Error{Errc::kMalformed, "unknown hex-prefix flag"};
    }
    const bool odd = (flags & kOddFlag) != 0;
    if (!odd && low_nibble(flags) != 0) {
        return Error{Errc::kMalformed, "hex-prefix padding is not zero"};
    }
    const std::size_t count = (encoded.size() - 1) * 2 + (odd ? 1U : 0U);
    if (count > kMaxNibbles) return Error{Errc::kMalformed, "path of more than 64 nibbles"};
    return HexPrefix{NibblePath::from_bytes(encoded, odd ? 1U : 2U, count),
                     (flags & kLeafFlag) != 0};
}

Bytes encode_hex_prefix(const NibblePath& path, bool leaf) {
    Bytes out;
    out.reserve(path.size() / 2 + 1);
    const bool odd = path.size() % 2 != 0;
    const unsigned flags = (leaf ? kLeafFlag : 0U) | (odd ? kOddFlag | path[0] : 0U);
    out.push_back(static_cast<Byte>(flags));
    append(out, path.from(odd ? 1U : 0U).packed());
    return out;
}

}  // namespace fastsync::trie
