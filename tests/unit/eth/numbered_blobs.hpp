#pragma once

#include <cstdint>
#include <vector>

#include <crypto/keccak.hpp>

namespace fastsync::test {

/// The blob number `n`, and its hash.
inline Bytes blob_of(std::uint32_t n) {
    return {0xb0, static_cast<Byte>(n >> 16U), static_cast<Byte>(n >> 8U), static_cast<Byte>(n)};
}
inline Hash256 hash_of(std::uint32_t n) {
    return crypto::keccak256(blob_of(n));
}
inline std::vector<Hash256> hashes_of(const std::vector<std::uint32_t>& numbers) {
    std::vector<Hash256> out;
    for (const std::uint32_t n : numbers)
        out.push_back(hash_of(n));
    return out;
}

}  // namespace fastsync::test
