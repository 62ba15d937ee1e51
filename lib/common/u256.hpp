#pragma once

#include <boost/multiprecision/cpp_int.hpp>

#include <common/bytes.hpp>

namespace fastsync {

/// Unsigned 256-bit integer: balances, difficulties. Arithmetic wraps; compare before you add.
using U256 = boost::multiprecision::uint256_t;

/// Big-endian bytes, at most 32; kTooLarge otherwise.
[[nodiscard]] inline Result<U256> u256_from_be(ByteView bytes) {
    if (bytes.size() > 32) return Error{Errc::kTooLarge, "integer of more than 256 bits"};
    U256 value = 0;
    // Eight bytes at a time: shifting 256 bits for each byte is what decoding accounts cost.
    while (!bytes.empty()) {
        const std::size_t count = (bytes.size() - 1) % sizeof(std::uint64_t) + 1;
        std::uint64_t limb = 0;
        for (const Byte b : bytes.first(count))
            limb = (limb << 8U) | b;
        value = (value << 64) | limb;
        bytes = bytes.subspan(count);
    }
    return value;
}

/// Shortest big-endian form; empty for zero.
[[nodiscard]] inline Bytes u256_to_be(const U256& value) {
    Bytes out;
    if (value != 0) boost::multiprecision::export_bits(value, std::back_inserter(out), 8);
    return out;
}

}  // namespace fastsync
