#include <array>

#include <rlp/encode.hpp>

namespace fastsync::rlp {
namespace {

constexpr std::size_t kMaxShort = 55;
constexpr Byte kStringBase = 0x80;
constexpr Byte kListBase = 0xc0;

/// At most nine bytes that go in front of a payload.
struct Header {
    std::array<Byte, 1 + sizeof(std::uint64_t)> bytes{};
    std::size_t size = 0;

    [[nodiscard]] ByteView view() const noexcept { return ByteView{bytes}.first(size); }
};

/// Shortest big-endian form; empty for zero.
Header big_endian(std::uint64_t value) {
    Header out;
    for (int shift = 56; shift >= 0; shift -= 8) {
        const auto byte = static_cast<Byte>(value >> static_cast<unsigned>(shift));
        if (byte != 0 || out.size != 0) out.bytes[out.size++] = byte;
    }
    return out;
}

Header header_of(Byte base, std::size_t payload_size) {
    Header out;
    if (payload_size <= kMaxShort) {
        out.bytes[0] = static_cast<Byte>(base + payload_size);
        out.size = 1;
        return out;
    }
    const Header length = big_endian(payload_size);
    out.bytes[0] = static_cast<Byte>(base + kMaxShort + length.size);
    std::copy(length.view().begin(), length.view().end(), out.bytes.begin() + 1);
    out.size = 1 + length.size;
    return out;
}

}  // namespace

Encoder& Encoder::string(ByteView bytes) {
    const bool is_own_encoding = bytes.size() == 1 && bytes.front() < kStringBase;
    if (!is_own_encoding) append(out_, header_of(kStringBase, bytes.size()).view());
    append(out_, bytes);
    return *this;
}

Encoder& Encoder::uint(std::uint64_t value) {
    return string(big_endian(value).view());
}

Encoder& Encoder::uint(const U256& value) {
    return string(u256_to_be(value));
}

Encoder& Encoder::raw(ByteView encoded) {
    append(out_, encoded);
    return *this;
}

std::size_t Encoder::begin_list() {
    return out_.size();
}

Encoder& Encoder::end_list(std::size_t mark) {
    FASTSYNC_ASSERT(mark <= out_.size());
    const Header header = header_of(kListBase, out_.size() - mark);
    out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(mark), header.view().begin(),
                header.view().end());
    return *this;
}

Bytes encode_string(ByteView bytes) {
    return Encoder{}.string(bytes).take();
}

Bytes encode_uint(std::uint64_t value) {
    return Encoder{}.uint(value).take();
}

Bytes encode_list(std::initializer_list<ByteView> encoded_items) {
    Encoder out;
    const std::size_t mark = out.begin_list();
    for (const ByteView item : encoded_items)
        out.raw(item);
    return out.end_list(mark).take();
}

}  // namespace fastsync::rlp
