#include <enode/base_text.hpp>

namespace fastsync::enode {
namespace {

constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr unsigned kByteBits = 8;

/// `Bits` of each character; `alphabet` has 2^Bits.
template <unsigned kBits>
std::string encode(ByteView bytes, std::string_view alphabet) {
    std::string out;
    out.reserve((bytes.size() * kByteBits + kBits - 1) / kBits);
    const unsigned mask = (1U << kBits) - 1;
    unsigned held = 0;
    unsigned held_bits = 0;
    for (const Byte byte : bytes) {
        held = ((held << kByteBits) | byte) & 0xffffU;
        held_bits += kByteBits;
        while (held_bits >= kBits) {
            held_bits -= kBits;
            out.push_back(alphabet[(held >> held_bits) & mask]);
        }
    }
    if (held_bits != 0) out.push_back(alphabet[(held << (kBits - held_bits)) & mask]);
    return out;
}

template <unsigned kBits>
Result<Bytes> decode(std::string_view text, std::string_view alphabet) {
    Bytes out;
    out.reserve(text.size() * kBits / kByteBits);
    unsigned held = 0;
    unsigned held_bits = 0;
    for (const char c : text) {
        const std::size_t value = alphabet.find(c);
        if (value == std::string_view::npos)
            return Error{Errc::kMalformed, "a character outside the alphabet of its text form"};
        held = ((held << kBits) | static_cast<unsigned>(value)) & 0xffffU;
        held_bits += kBits;
        if (held_bits < kByteBits) continue;
        held_bits -= kByteBits;
        out.push_back(static_cast<Byte>(held >> held_bits));
    }
    // What is left must be less than a character and zero: one text for each value.
    if (held_bits >= kBits) return Error{Errc::kMalformed, "text form of an impossible length"};
    if ((held & ((1U << held_bits) - 1)) != 0)
        return Error{Errc::kMalformed, "text form whose spare bits are set"};
    return out;
}

}  // namespace

std::string to_base64url(ByteView bytes) {
    return encode<6>(bytes, kBase64Url);
}
Result<Bytes> from_base64url(std::string_view text) {
    return decode<6>(text, kBase64Url);
}
std::string to_base32(ByteView bytes) {
    return encode<5>(bytes, kBase32);
}
Result<Bytes> from_base32(std::string_view text) {
    return decode<5>(text, kBase32);
}

}  // namespace fastsync::enode
