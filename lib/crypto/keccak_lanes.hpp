#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>

#include <crypto/keccak_vector.hpp>

/// What the vectorised Keccak permutations share; part of their sources only.
namespace fastsync::crypto::detail {

constexpr std::size_t kRateWords = kRate / sizeof(std::uint64_t);

// FIPS 202, section 3.2.5.
constexpr std::array<std::uint64_t, 24> kRoundConstants{
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};
// Section 3.2.2: by how much word x + 5y is rotated.
constexpr std::array<int, kWords> kRho{0,  1,  62, 28, 27, 36, 44, 6,  55, 20, 3,  10, 43,
                                       25, 39, 41, 45, 15, 21, 8,  18, 2,  61, 56, 14};

/// Which word step pi moves to word x + 5y (section 3.2.3).
constexpr std::size_t pi_source(std::size_t word) {
    const std::size_t x = word % 5;
    const std::size_t y = word / 5;
    return (x + 3 * y) % 5 + 5 * x;
}

/// The padded last block of a message that ends with these less than 136 bytes.
inline std::array<Byte, kRate> padded(ByteView rest) {
    std::array<Byte, kRate> out{};
    std::copy(rest.begin(), rest.end(), out.begin());
    out[rest.size()] = 0x01;  // Keccak's own padding; SHA3 has 0x06 here
    out[kRate - 1] |= 0x80;
    return out;
}

/// As many sponges as a register has 64-bit elements: word w of message l is words[w][l].
template <std::size_t kLanes>
struct Sponges {
    alignas(64) std::uint64_t words[kWords][kLanes];
};

/// What a lane absorbs next: 136 bytes, or the less than 136 with which a message ends, to be
/// padded.
struct Block {
    const Byte* from = nullptr;
    std::size_t size = 0;

    [[nodiscard]] bool last() const noexcept { return size < kRate; }
};

/// One message on its way through a lane, or none.
struct Lane {
    ByteView rest;
    Hash256* out = nullptr;  ///< null: the lane is idle and what it computes is ignored

    Block next_block() {
        // Loading nothing from address 0 is allowed, but slow.
        static constexpr std::array<Byte, 64> kNothing{};
        if (rest.empty()) return {kNothing.data(), 0};
        const Block block{rest.data(), std::min(rest.size(), kRate)};
        rest = rest.subspan(block.size);
        return block;
    }
};

template <std::size_t kLanes>
Hash256 squeeze(const Sponges<kLanes>& state, std::size_t lane) {
    Hash256 out;
    for (std::size_t w = 0; w < 4; ++w)
        std::memcpy(out.data.data() + 8 * w, &state.words[w][lane], 8);
    return out;
}

/// Hashes messages in lanes. A lane takes the next message as soon as its own ends, whatever the
/// others do: messages of any mix of lengths keep all of them busy until the batch runs out.
/// @param step  absorbs a block in every lane: (Sponges&, blocks of all lanes, starting). Bit l of
///              `starting` says that lane l starts a message: its sponge is to be emptied first
template <std::size_t kLanes, class Step>
void hash_in_lanes(std::span<const ByteView> messages, std::span<Hash256> out, Step&& step) {
    FASTSYNC_ASSERT(messages.size() == out.size());
    Sponges<kLanes> state{};
    std::array<Lane, kLanes> lanes;
    std::array<Block, kLanes> blocks{};
    std::size_t next = 0;
    std::size_t done = 0;
    while (done < messages.size()) {
        unsigned starting = 0;
        for (std::size_t l = 0; l < kLanes; ++l) {
            if (lanes[l].out == nullptr && next < messages.size()) {
                lanes[l].rest = messages[next];
                lanes[l].out = &out[next++];
                starting |= 1U << l;
            }
            blocks[l] = lanes[l].next_block();
        }
        step(state, blocks, starting);
        for (std::size_t l = 0; l < kLanes; ++l) {
            if (lanes[l].out == nullptr || !blocks[l].last()) continue;
            *std::exchange(lanes[l].out, nullptr) = squeeze(state, l);
            ++done;
        }
    }
}

}  // namespace fastsync::crypto::detail
