#include <array>

#include <rlp/decode.hpp>

namespace fastsync::rlp {
namespace {

constexpr Byte kShortString = 0x80;  // 0x80..0xb7: up to 55 bytes
constexpr Byte kLongString = 0xb8;   // 0xb8..0xbf: 1 to 8 bytes of length
constexpr Byte kShortList = 0xc0;
constexpr Byte kLongList = 0xf8;
constexpr std::uint64_t kMaxShort = 55;

Error malformed(const char* what) {
    return {Errc::kMalformed, what};
}

/// Of an item: where its payload starts and how long it claims to be.
struct Header {
    Kind kind = Kind::kString;
    std::size_t size = 0;
    std::uint64_t payload = 0;
};

/// Shortest big-endian form of at most 8 bytes.
Result<std::uint64_t> read_uint64(ByteView bytes) {
    if (!bytes.empty() && bytes.front() == 0)
        return malformed("RLP integer with a leading zero byte");
    if (bytes.size() > sizeof(std::uint64_t))
        return Error{Errc::kTooLarge, "RLP integer of more than 64 bits"};
    std::uint64_t value = 0;
    for (const Byte b : bytes)
        value = (value << 8U) | b;
    return value;
}

Result<Header> read_long_header(ByteView in, Kind kind, std::size_t length_size) {
    if (in.size() < 1 + length_size) return malformed("RLP input ends inside a length");
    FASTSYNC_TRY(const std::uint64_t payload, read_uint64(in.subspan(1, length_size)));
    if (payload <= kMaxShort) return malformed("RLP length in long form though it fits the short");
    return Header{kind, 1 + length_size, payload};
}

Result<Header> read_header(ByteView in) {
    if (in.empty()) return malformed("RLP item missing: the input ends");
    const Byte first = in.front();
    if (first < kShortString) return Header{Kind::kString, 0, 1};
    if (first < kLongString) return Header{Kind::kString, 1, first - std::uint64_t{kShortString}};
    if (first < kShortList) return read_long_header(in, Kind::kString, first - kLongString + 1U);
    if (first < kLongList) return Header{Kind::kList, 1, first - std::uint64_t{kShortList}};
    return read_long_header(in, Kind::kList, first - kLongList + 1U);
}

}  // namespace

namespace detail {

Result<Item> take_any(ByteView& in) {
    FASTSYNC_TRY(const Header header, read_header(in));
    // Compared this way round because header + payload may overflow: a length of 2^64 - 1 is legal
    // to write.
    if (header.payload > in.size() - header.size)
        return malformed("RLP item longer than what is left of the input");
    const auto payload = static_cast<std::size_t>(header.payload);
    const ByteView raw = in.first(header.size + payload);
    if (raw.size() == 2 && raw[0] == kShortString + 1 && raw[1] < kShortString)
        return malformed("RLP string header before a byte that is its own encoding");
    in = in.subspan(raw.size());
    return Item{header.kind, raw.subspan(header.size), raw};
}

Error not_a_string() {
    return malformed("RLP list where a string is expected");
}
Error not_a_list() {
    return malformed("RLP string where a list is expected");
}

}  // namespace detail

Result<std::uint64_t> take_uint64(ByteView& in) {
    ByteView rest = in;
    FASTSYNC_TRY(const ByteView payload, take_string(rest));
    FASTSYNC_TRY(const std::uint64_t value, read_uint64(payload));
    in = rest;
    return value;
}

Result<U256> take_u256(ByteView& in) {
    ByteView rest = in;
    FASTSYNC_TRY(const ByteView payload, take_string(rest));
    if (!payload.empty() && payload.front() == 0)
        return malformed("RLP integer with a leading zero byte");
    FASTSYNC_TRY(U256 value, u256_from_be(payload));
    in = rest;
    return value;
}

Result<Item> whole_item(ByteView in) {
    FASTSYNC_TRY(const Item item, take(in));
    if (!in.empty()) return malformed("trailing bytes after the RLP item");
    return item;
}

Result<ByteView> whole_list(ByteView in) {
    FASTSYNC_TRY(const Item item, whole_item(in));
    if (!item.is_list()) return detail::not_a_list();
    return item.payload;
}

Result<ByteView> whole_string(ByteView in) {
    FASTSYNC_TRY(const Item item, whole_item(in));
    if (item.is_list()) return detail::not_a_string();
    return item.payload;
}

Result<std::size_t> count_items(ByteView list_payload, std::size_t limit) {
    std::size_t count = 0;
    while (!list_payload.empty()) {
        if (count == limit)
            return Error{Errc::kTooLarge,
                         "RLP list of more than " + std::to_string(limit) + " items"};
        FASTSYNC_CHECK(take(list_payload));
        ++count;
    }
    return count;
}

Result<void> check_nested(ByteView in) {
    // What is left to read of each open list, the outermost first: our own stack, so that a peer
    // cannot use up the thread's.
    std::array<ByteView, kMaxDepth + 1> open{};
    std::size_t depth = 0;
    open[0] = in;
    while (true) {
        if (open[depth].empty()) {
            if (depth == 0) return {};
            --depth;
            continue;
        }
        FASTSYNC_TRY(const Item item, take(open[depth]));
        if (!item.is_list()) continue;
        if (depth == kMaxDepth) return Error{Errc::kTooLarge, "RLP lists nested too deep"};
        open[++depth] = item.payload;
    }
}

}  // namespace fastsync::rlp
