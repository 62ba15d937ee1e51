#pragma once

#include <cstddef>
#include <cstdint>

#include <common/bytes.hpp>
#include <common/u256.hpp>

/// Recursive Length Prefix decoding (Ethereum Yellow Paper, appendix B) over views: nothing is
/// copied, nothing is allocated, nothing throws. Only canonical forms are accepted; everything else
/// is kMalformed with a sentence that says what.
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

/// Removes one item from the front of `in`; on error `in` is untouched.
[[nodiscard]] Result<Item> take(ByteView& in);
/// As take(), and the item must be a string / a list; the result is its payload.
[[nodiscard]] Result<ByteView> take_string(ByteView& in);
[[nodiscard]] Result<ByteView> take_list(ByteView& in);
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

/// The payload of `in`, which must be exactly one list and nothing after it.
[[nodiscard]] Result<ByteView> whole_list(ByteView in);
/// The payload of `in`, which must be exactly one string and nothing after it.
[[nodiscard]] Result<ByteView> whole_string(ByteView in);
/// How many items a list payload holds. Walks headers only; kTooLarge beyond `limit`.
[[nodiscard]] Result<std::size_t> count_items(ByteView list_payload, std::size_t limit);
/// Checks that `in` is a sequence of canonical items all the way down, at most kMaxDepth deep.
[[nodiscard]] Result<void> check_nested(ByteView in);

}  // namespace fastsync::rlp
