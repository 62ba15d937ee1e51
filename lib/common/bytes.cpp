#include <random>

#include <common/bytes.hpp>

namespace fastsync {
namespace {

int nibble_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string to_hex(ByteView bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const Byte b : bytes) {
        out.push_back(kDigits[b >> 4U]);
        out.push_back(kDigits[b & 0x0fU]);
    }
    return out;
}

std::string to_hex0x(ByteView bytes) {
    return "0x" + to_hex(bytes);
}

Result<Bytes> from_hex(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    if (text.size() % 2 != 0) return Error{Errc::kMalformed, "hex text of odd length"};
    Bytes out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = nibble_value(text[i]);
        const int low = nibble_value(text[i + 1]);
        if (high < 0 || low < 0) return Error{Errc::kMalformed, "a character that is not hex"};
        out.push_back(static_cast<Byte>((high << 4) | low));
    }
    return out;
}

std::uint64_t process_seed() noexcept {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32U) | device();
}

}  // namespace fastsync
