#include <crypto/keccak_x4.hpp>

#if defined(__x86_64__)

#include <array>
#include <utility>

#include <immintrin.h>

namespace fastsync::crypto::detail {
namespace {

// Only these functions may use AVX2: the file is compiled for any x86-64, so that no inline
// function of a shared header is emitted with instructions the CPU may lack.
#define FASTSYNC_AVX2 __attribute__((target("avx2")))
#define FASTSYNC_AVX2_INLINE __attribute__((target("avx2"), always_inline)) inline

constexpr std::size_t kLanes = 4;
constexpr std::size_t kWords = 25;
constexpr std::size_t kRate = 136;  // bytes absorbed per permutation at 256 bits of output
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

/// Four sponges: word w of message l is the 64-bit element l of words[w].
struct Sponges {
    __m256i words[kWords];
};

template <int kBits>
FASTSYNC_AVX2_INLINE __m256i rotate_left(__m256i value) {
    if constexpr (kBits == 0) {
        return value;
    } else {
        return _mm256_or_si256(_mm256_slli_epi64(value, kBits),
                               _mm256_srli_epi64(value, 64 - kBits));
    }
}

FASTSYNC_AVX2_INLINE __m256i xor3(__m256i a, __m256i b, __m256i c) {
    return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
}

/// What step theta adds to each column.
struct ThetaChange {
    __m256i columns[5];
};

template <std::size_t... kX>
FASTSYNC_AVX2_INLINE ThetaChange theta(const Sponges& in, std::index_sequence<kX...>) {
    const __m256i parity[5] = {xor3(xor3(in.words[kX], in.words[kX + 5], in.words[kX + 10]),
                                    in.words[kX + 15], in.words[kX + 20])...};
    return {{_mm256_xor_si256(parity[(kX + 4) % 5], rotate_left<1>(parity[(kX + 1) % 5]))...}};
}

/// Theta, rho, pi and chi for the five words of plane kY of the result. Plane by plane, because
/// sixteen registers hold a plane and the change but never the state.
template <std::size_t kY, std::size_t... kX>
FASTSYNC_AVX2_INLINE void plane(const Sponges& in, Sponges& out, const ThetaChange& change,
                                std::index_sequence<kX...>) {
    const __m256i moved[5] = {rotate_left<kRho[pi_source(5 * kY + kX)]>(_mm256_xor_si256(
        in.words[pi_source(5 * kY + kX)], change.columns[pi_source(5 * kY + kX) % 5]))...};
    ((out.words[5 * kY + kX] = _mm256_xor_si256(
          moved[kX], _mm256_andnot_si256(moved[(kX + 1) % 5], moved[(kX + 2) % 5]))),
     ...);
}

FASTSYNC_AVX2_INLINE void round(const Sponges& in, Sponges& out, std::uint64_t constant) {
    constexpr std::make_index_sequence<5> kEach{};
    const ThetaChange change = theta(in, kEach);
    plane<0>(in, out, change, kEach);
    plane<1>(in, out, change, kEach);
    plane<2>(in, out, change, kEach);
    plane<3>(in, out, change, kEach);
    plane<4>(in, out, change, kEach);
    out.words[0] =
        _mm256_xor_si256(out.words[0], _mm256_set1_epi64x(static_cast<long long>(constant)));
}

FASTSYNC_AVX2 void permute(Sponges& state) {
    Sponges half;
    for (std::size_t i = 0; i < kRoundConstants.size(); i += 2) {
        round(state, half, kRoundConstants[i]);
        round(half, state, kRoundConstants[i + 1]);
    }
}

/// One message on its way through a lane, or none.
struct Lane {
    ByteView rest;
    Hash256* out = nullptr;          ///< null: the lane is idle and what it computes is ignored
    bool starts = false;             ///< the next block is the first: the sponge must be emptied
    bool ends = false;               ///< the block just taken is the last
    std::array<Byte, kRate> last{};  ///< the padded last block
};

/// The next 136 bytes to absorb.
const Byte* next_block(Lane& lane) {
    if (lane.rest.size() >= kRate) {
        const Byte* block = lane.rest.data();
        lane.rest = lane.rest.subspan(kRate);
        return block;
    }
    lane.last.fill(0);
    std::copy(lane.rest.begin(), lane.rest.end(), lane.last.begin());
    lane.last[lane.rest.size()] = 0x01;  // Keccak's own padding; SHA3 has 0x06 here
    lane.last[kRate - 1] |= 0x80;
    lane.ends = true;
    return lane.last.data();
}

long long load_word(const Byte* from) {
    long long word = 0;
    std::memcpy(&word, from, sizeof word);
    return word;
}

FASTSYNC_AVX2 void absorb(Sponges& state, std::span<const Byte* const, kLanes> blocks) {
    for (std::size_t w = 0; w < kRateWords; ++w) {
        const std::size_t at = w * sizeof(std::uint64_t);
        const __m256i word =
            _mm256_set_epi64x(load_word(blocks[3] + at), load_word(blocks[2] + at),
                              load_word(blocks[1] + at), load_word(blocks[0] + at));
        state.words[w] = _mm256_xor_si256(state.words[w], word);
    }
}

/// Empties the sponges of the lanes that start a message.
FASTSYNC_AVX2 void clear_starting(Sponges& state, std::span<Lane, kLanes> lanes) {
    const auto keep = [&lanes](std::size_t l) { return lanes[l].starts ? 0LL : -1LL; };
    const __m256i mask = _mm256_set_epi64x(keep(3), keep(2), keep(1), keep(0));
    for (__m256i& word : state.words)
        word = _mm256_and_si256(word, mask);
    for (Lane& lane : lanes)
        lane.starts = false;
}

Hash256 squeeze(const Sponges& state, std::size_t lane) {
    Hash256 out;
    for (std::size_t w = 0; w < 4; ++w) {
        const auto* word = reinterpret_cast<const Byte*>(&state.words[w]) + 8 * lane;
        std::memcpy(out.data.data() + 8 * w, word, 8);
    }
    return out;
}

}  // namespace

bool can_hash_x4() noexcept {
    return __builtin_cpu_supports("avx2") != 0;
}

FASTSYNC_AVX2 void keccak256_batch_x4(std::span<const ByteView> messages, std::span<Hash256> out) {
    FASTSYNC_ASSERT(messages.size() == out.size());
    // A lane takes the next message as soon as its own ends, whatever the other lanes do: messages
    // of any mix of lengths keep all four busy until the batch runs out.
    Sponges state{};
    std::array<Lane, kLanes> lanes;
    std::array<const Byte*, kLanes> blocks{};
    std::size_t next = 0;
    std::size_t done = 0;
    while (done < messages.size()) {
        bool any_starts = false;
        for (std::size_t l = 0; l < kLanes; ++l) {
            if (lanes[l].out == nullptr && next < messages.size()) {
                lanes[l].rest = messages[next];
                lanes[l].out = &out[next++];
                lanes[l].starts = any_starts = true;
            }
            blocks[l] = next_block(lanes[l]);
        }
        if (any_starts) clear_starting(state, lanes);
        absorb(state, blocks);
        permute(state);
        for (std::size_t l = 0; l < kLanes; ++l) {
            if (!std::exchange(lanes[l].ends, false)) continue;
            if (lanes[l].out == nullptr) continue;
            *std::exchange(lanes[l].out, nullptr) = squeeze(state, l);
            ++done;
        }
    }
}

}  // namespace fastsync::crypto::detail

#else

namespace fastsync::crypto::detail {

bool can_hash_x4() noexcept {
    return false;
}

void keccak256_batch_x4(std::span<const ByteView>, std::span<Hash256>) {
    FASTSYNC_ASSERT(can_hash_x4());
}

}  // namespace fastsync::crypto::detail

#endif
