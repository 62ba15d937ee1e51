#pragma once

#include <cstddef>
#include <cstdint>

#include <common/bytes.hpp>
#include <common/u256.hpp>

/// Recursive Length Prefix decoding (Ethereum Yellow Paper, appendix B) over views: nothing is
/// copied, nothing is allocated unless it fails, nothing throws. Only canonical forms are accepted;
/// everything else is kMalformed with a sentence that says what.
namespace fastsync::rlp {

/// Lists nested deeper than this are refused by check_nested().
inline constexpr std::size_t kMaxDepth = 32;

enum class Kind : std::uint8_t { kString, kList };

/// One item: `payload` without its header, `raw` with it.
struct Item {
    Kind kind = Kind::kString;
    ByteView payload;
    ByteView raw;

    [[nodiscard]] bool is_list() const noexcept { return kind == Kind::kList; }
};

namespace detail {

/// take() for what its inline path does not handle: long lengths and every error.
[[nodiscard]] Result<Item> take_any(ByteView& in);
[[nodiscard]] Error not_a_string();
[[nodiscard]] Error not_a_list();

}  // namespace detail

/// Removes one item from the front of `in`; on error `in` is untouched.
[[nodiscard]] inline Result<Item> take(ByteView& in) {
    // Trie nodes are made of short items, and are items of less than 256 bytes, hundreds of
    // thousands a second: these stay inline.
    if (in.empty()) return detail::take_any(in);
    const Byte first = in.front();
    const bool single = first < 0x80;
    std::size_t payload = single ? 1U : first & 0x3fU;
    std::size_t header = single ? 0U : 1U;
    bool plain = single || payload <= 55;
    if (!single && payload == 56 && in.size() > 1) {  // one byte of length follows
        header = 2;
        payload = in[1];
        plain = payload > 55;
    }
    const bool padded = first == 0x81 && in.size() > 1 && in[1] < 0x80;
    if (!plain || header + payload > in.size() || padded) return detail::take_any(in);
    const ByteView raw = in.first(header + payload);
    in = in.subspan(raw.size());
    return Item{first < 0xc0 ? Kind::kString : Kind::kList, raw.subspan(header), raw};
}

/// As take(), and the item must be a string / a list; the result is its payload.
[[nodiscard]] inline Result<ByteView> take_string(ByteView& in) {
    ByteView rest = in;
    FASTSYNC_TRY(const Item item, take(rest));
    if (item.is_list()) return detail::not_a_string();
    in = rest;
    return item.payload;
}
[[nodiscard]] inline Result<ByteView> take_list(ByteView& in) {
    ByteView rest = in;
    FASTSYNC_TRY(const Item item, take(rest));
    if (!item.is_list()) return detail::not_a_list();
    in = rest;
    return item.payload;
}

/// An integer in shortest big-endian form; kMalformed on leading zeros, kTooLarge over the type.
[[nodiscard]] Result<std::uint64_t> take_uint64(ByteView& in);
[[nodiscard]] Result<U256> take_u256(ByteView& in);

/// A string of exactly the size of `Fixed`.
template <class Fixed>
[[nodiscard]] Result<Fixed> take_fixed(ByteView& in) {
    ByteView rest = in;
    FASTSYNC_TRY(const ByteView payload, take_string(rest));
    FASTSYNC_TRY(Fixed value, Fixed::from(payload));
    in = rest;
    return value;
}

/// `in` must be exactly one item and nothing after it.
[[nodiscard]] Result<Item> whole_item(ByteView in);
/// The payload of `in`, which must be exactly one list and nothing after it.
[[nodiscard]] Result<ByteView> whole_list(ByteView in);
/// The payload of `in`, which must be exactly one string and nothing after it.
[[nodiscard]] Result<ByteView> whole_string(ByteView in);
/// How many items a list payload holds. Walks headers only; kTooLarge beyond `limit`.
[[nodiscard]] Result<std::size_t> count_items(ByteView list_payload, std::size_t limit);
/// Checks that `in` is a sequence of canonical items all the way down, at most kMaxDepth lists
/// inside each other (kTooLarge beyond). Nothing at all is such a sequence too.
[[nodiscard]] Result<void> check_nested(ByteView in);

}  // namespace fastsync::rlp
