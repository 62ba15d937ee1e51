#include <crypto/keccak_vector.hpp>

#if defined(__x86_64__)

#include <bit>

#include <immintrin.h>

#include <crypto/keccak_lanes.hpp>

namespace fastsync::crypto::detail {
namespace {

// Only these functions may use AVX2: the file is compiled for any x86-64, so that no inline
// function of a shared header is emitted with instructions the CPU may lack.
#define FASTSYNC_AVX2 __attribute__((target("avx2")))
#define FASTSYNC_AVX2_INLINE __attribute__((target("avx2"), always_inline)) inline

static_assert(std::endian::native == std::endian::little);
constexpr std::size_t kLanes = 4;

/// All words of four sponges.
struct State {
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
FASTSYNC_AVX2_INLINE ThetaChange theta(const State& in, std::index_sequence<kX...>) {
    const __m256i parity[5] = {xor3(xor3(in.words[kX], in.words[kX + 5], in.words[kX + 10]),
                                    in.words[kX + 15], in.words[kX + 20])...};
    return {{_mm256_xor_si256(parity[(kX + 4) % 5], rotate_left<1>(parity[(kX + 1) % 5]))...}};
}

/// Theta, rho, pi and chi for the five words of plane kY of the result. Plane by plane, because
/// sixteen registers hold a plane and the change but never the state.
template <std::size_t kY, std::size_t... kX>
FASTSYNC_AVX2_INLINE void plane(const State& in, State& out, const ThetaChange& change,
                                std::index_sequence<kX...>) {
    const __m256i moved[5] = {rotate_left<kRho[pi_source(5 * kY + kX)]>(_mm256_xor_si256(
        in.words[pi_source(5 * kY + kX)], change.columns[pi_source(5 * kY + kX) % 5]))...};
    ((out.words[5 * kY + kX] = _mm256_xor_si256(
          moved[kX], _mm256_andnot_si256(moved[(kX + 1) % 5], moved[(kX + 2) % 5]))),
     ...);
}

FASTSYNC_AVX2_INLINE void round(const State& in, State& out, std::uint64_t constant) {
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

long long load_word(const Byte* from) {
    long long word = 0;
    std::memcpy(&word, from, sizeof word);
    return word;
}

/// Empties the sponges of the lanes that start a message, absorbs a block in each, permutes.
FASTSYNC_AVX2 void absorb(Sponges<kLanes>& sponges, std::span<const Block, kLanes> blocks,
                          unsigned starting) {
    std::array<std::array<Byte, kRate>, kLanes> lasts;
    std::array<const Byte*, kLanes> from{};
    for (std::size_t l = 0; l < kLanes; ++l) {
        from[l] = blocks[l].from;
        if (!blocks[l].last()) continue;
        lasts[l] = padded({blocks[l].from, blocks[l].size});
        from[l] = lasts[l].data();
    }
    const auto keep = [starting](unsigned l) { return (starting >> l & 1U) != 0 ? 0LL : -1LL; };
    const __m256i kept = _mm256_set_epi64x(keep(3), keep(2), keep(1), keep(0));
    State state;
    for (std::size_t w = 0; w < kWords; ++w) {
        const auto* word = reinterpret_cast<const __m256i*>(sponges.words[w]);
        state.words[w] = _mm256_and_si256(_mm256_load_si256(word), kept);
    }
    for (std::size_t w = 0; w < kRateWords; ++w) {
        const std::size_t at = w * sizeof(std::uint64_t);
        const __m256i word = _mm256_set_epi64x(load_word(from[3] + at), load_word(from[2] + at),
                                               load_word(from[1] + at), load_word(from[0] + at));
        state.words[w] = _mm256_xor_si256(state.words[w], word);
    }
    State half;
    for (std::size_t i = 0; i < kRoundConstants.size(); i += 2) {
        round(state, half, kRoundConstants[i]);
        round(half, state, kRoundConstants[i + 1]);
    }
    for (std::size_t w = 0; w < kWords; ++w)
        _mm256_store_si256(reinterpret_cast<__m256i*>(sponges.words[w]), state.words[w]);
}

}  // namespace

bool can_hash_x4() noexcept {
    return __builtin_cpu_supports("avx2") != 0;
}

void keccak256_batch_x4(std::span<const ByteView> messages, std::span<Hash256> out) {
    hash_in_lanes<kLanes>(messages, out, absorb);
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
