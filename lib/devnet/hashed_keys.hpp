#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include <common/bytes.hpp>
#include <crypto/keccak.hpp>

namespace fastsync::devnet {

/// A trie key and which of the hashed values it belongs to.
struct HashedKey {
    Hash256 key;
    std::uint32_t index = 0;
};

/// The Keccak-256 hashes of `values` in ascending order: the order a trie is built in. Of equal
/// values one is left.
template <class Fixed>
[[nodiscard]] std::vector<HashedKey> hash_and_sort(const std::vector<Fixed>& values) {
    constexpr std::size_t kBatch = 256;
    std::array<ByteView, kBatch> messages;
    std::array<Hash256, kBatch> hashes;
    std::vector<HashedKey> keys;
    keys.reserve(values.size());
    for (std::size_t done = 0; done < values.size();) {
        const std::size_t count = std::min(kBatch, values.size() - done);
        for (std::size_t i = 0; i < count; ++i)
            messages[i] = values[done + i];
        crypto::keccak256_batch(std::span{messages}.first(count), std::span{hashes}.first(count));
        for (std::size_t i = 0; i < count; ++i)
            keys.push_back({hashes[i], static_cast<std::uint32_t>(done + i)});
        done += count;
    }
    std::sort(keys.begin(), keys.end(), [](const HashedKey& a, const HashedKey& b) {
        return a.key != b.key ? a.key < b.key : a.index < b.index;
    });
    const auto same_key = [](const HashedKey& a, const HashedKey& b) { return a.key == b.key; };
    keys.erase(std::unique(keys.begin(), keys.end(), same_key), keys.end());
    return keys;
}

}  // namespace fastsync::devnet
