#include <crypto/keccak_vector.hpp>

#if defined(__x86_64__)

#include <bit>

#include <immintrin.h>

#include <crypto/keccak_lanes.hpp>

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12's own header of AVX-512 starts what it calls undefined with itself.
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace fastsync::crypto::detail {
namespace {

// As in keccak_x4.cpp: these functions alone may use AVX-512. Its rotation and its function of any
// three bits (vpternlog) save a third of the instructions, and 32 registers hold the state.
#define FASTSYNC_AVX512 __attribute__((target("avx512f,avx512bw")))
#define FASTSYNC_AVX512_INLINE __attribute__((target("avx512f,avx512bw"), always_inline)) inline

static_assert(std::endian::native == std::endian::little);
constexpr std::size_t kLanes = 8;

FASTSYNC_AVX512_INLINE __m512i xor3(__m512i a, __m512i b, __m512i c) {
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}

/// Step chi: a ^ (~b & c).
FASTSYNC_AVX512_INLINE __m512i chi(__m512i a, __m512i b, __m512i c) {
    return _mm512_ternarylogic_epi64(a, b, c, 0xd2);
}

FASTSYNC_AVX512_INLINE __m512i constant(std::uint64_t value) {
    return _mm512_set1_epi64(static_cast<long long>(value));
}

// --- eight messages at once: element l of word w belongs to message l

/// All words of eight sponges.
struct State {
    __m512i words[kWords];
};

template <std::size_t kX>
FASTSYNC_AVX512_INLINE __m512i parity(const State& state) {
    const __m512i* column = &state.words[kX];
    return xor3(xor3(column[0], column[5], column[10]), column[15], column[20]);
}

template <std::size_t... kW>
FASTSYNC_AVX512_INLINE void round(State& state, std::uint64_t round_constant,
                                  std::index_sequence<kW...>) {
    const __m512i c[5] = {parity<0>(state), parity<1>(state), parity<2>(state), parity<3>(state),
                          parity<4>(state)};
    const __m512i d[5] = {_mm512_rol_epi64(c[0], 1), _mm512_rol_epi64(c[1], 1),
                          _mm512_rol_epi64(c[2], 1), _mm512_rol_epi64(c[3], 1),
                          _mm512_rol_epi64(c[4], 1)};
    const __m512i moved[kWords] = {_mm512_rol_epi64(
        xor3(state.words[pi_source(kW)], c[(pi_source(kW) + 4) % 5], d[(pi_source(kW) + 1) % 5]),
        kRho[pi_source(kW)])...};
    ((state.words[kW] =
          chi(moved[kW], moved[kW / 5 * 5 + (kW + 1) % 5], moved[kW / 5 * 5 + (kW + 2) % 5])),
     ...);
    state.words[0] = _mm512_xor_si512(state.words[0], constant(round_constant));
}

/// Turns eight rows of eight words, one of each message, into eight words of all messages.
FASTSYNC_AVX512_INLINE void transpose(__m512i (&rows)[kLanes]) {
    __m512i pairs[kLanes];
    for (std::size_t i = 0; i < kLanes; i += 2) {
        pairs[i] = _mm512_unpacklo_epi64(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_epi64(rows[i], rows[i + 1]);
    }
    __m512i fours[kLanes];
    for (std::size_t i = 0; i < 2; ++i) {
        // Quarters of a register: 0x88 takes the even ones of both, 0xdd the odd ones.
        fours[i] = _mm512_shuffle_i64x2(pairs[i], pairs[i + 2], 0x88);
        fours[i + 2] = _mm512_shuffle_i64x2(pairs[i], pairs[i + 2], 0xdd);
        fours[i + 4] = _mm512_shuffle_i64x2(pairs[i + 4], pairs[i + 6], 0x88);
        fours[i + 6] = _mm512_shuffle_i64x2(pairs[i + 4], pairs[i + 6], 0xdd);
    }
    for (std::size_t i = 0; i < 4; ++i) {
        rows[i] = _mm512_shuffle_i64x2(fours[i], fours[i + 4], 0x88);
        rows[i + 4] = _mm512_shuffle_i64x2(fours[i], fours[i + 4], 0xdd);
    }
}

/// The 64 bytes at `at` of a block, padding included. Of a short one no byte beyond is read, and
/// nothing is copied together: loads would have to wait for what was just stored.
FASTSYNC_AVX512_INLINE __m512i load_row(const Block& block, std::size_t at) {
    if (!block.last()) return _mm512_loadu_si512(block.from + at);
    const std::size_t size = block.size > at ? std::min<std::size_t>(block.size - at, 64) : 0;
    const __mmask64 present = size == 64 ? ~__mmask64{0} : (__mmask64{1} << size) - 1;
    const __m512i bytes = _mm512_maskz_loadu_epi8(present, block.from + (size > 0 ? at : 0));
    const std::size_t end = block.size - at;  // beyond 63, "negative" too, it is not in this row
    const __mmask64 padding = end < 64 ? __mmask64{1} << end : 0;
    return _mm512_mask_blend_epi8(padding, bytes, _mm512_set1_epi8(0x01));
}

/// The last of a block's 17 words.
long long load_last_word(const Block& block) {
    constexpr std::size_t kAt = kRate - sizeof(std::uint64_t);
    std::uint64_t word = 0;
    if (!block.last()) {
        std::memcpy(&word, block.from + kAt, sizeof word);
    } else {
        if (block.size >= kAt) {
            std::memcpy(&word, block.from + kAt, block.size - kAt);
            word |= std::uint64_t{0x01} << 8 * (block.size - kAt);
        }
        word |= std::uint64_t{0x80} << 56U;
    }
    return static_cast<long long>(word);
}

/// Empties the sponges of the lanes that start a message, absorbs a block in each, permutes.
FASTSYNC_AVX512 void absorb(Sponges<kLanes>& sponges, std::span<const Block, kLanes> blocks,
                            unsigned starting) {
    const auto kept = static_cast<__mmask8>(~starting);
    State state;
    for (std::size_t w = 0; w < kWords; ++w)
        state.words[w] = _mm512_maskz_loadu_epi64(kept, sponges.words[w]);
    static_assert(kRateWords == 2 * kLanes + 1);
    for (std::size_t w = 0; w + 1 < kRateWords; w += kLanes) {
        __m512i rows[kLanes];
        for (std::size_t l = 0; l < kLanes; ++l)
            rows[l] = load_row(blocks[l], w * sizeof(std::uint64_t));
        transpose(rows);
        for (std::size_t i = 0; i < kLanes; ++i)
            state.words[w + i] = _mm512_xor_si512(state.words[w + i], rows[i]);
    }
    const auto last = [&](std::size_t l) { return load_last_word(blocks[l]); };
    state.words[kRateWords - 1] = _mm512_xor_si512(
        state.words[kRateWords - 1],
        _mm512_set_epi64(last(7), last(6), last(5), last(4), last(3), last(2), last(1), last(0)));
    for (const std::uint64_t round_constant : kRoundConstants)
        round(state, round_constant, std::make_index_sequence<kWords>{});
    for (std::size_t w = 0; w < kWords; ++w)
        _mm512_storeu_si512(sponges.words[w], state.words[w]);
}

// --- one message: element x of plane y is word x + 5y

constexpr __mmask8 kPlane = 0x1f;  // the elements of a register that are words

/// The amounts by which rho rotates plane kY.
template <std::size_t kY>
FASTSYNC_AVX512_INLINE __m512i rho() {
    return _mm512_set_epi64(0, 0, 0, kRho[5 * kY + 4], kRho[5 * kY + 3], kRho[5 * kY + 2],
                            kRho[5 * kY + 1], kRho[5 * kY]);
}

// Columns of what pi makes, as they lie in registers: besides its five rows, copies of three in
// the elements that are free. They spare shuffles when columns become planes.
constexpr std::size_t kRows[kLanes] = {0, 1, 2, 3, 4, 1, 0, 2};

/// Where in plane kX element kI of column kX of the result of pi lies.
template <std::size_t kX, std::size_t kI>
constexpr long long kPi = pi_source(kX + 5 * kRows[kI]) % 5;

/// Step pi: column kX consists of words of plane kX.
template <std::size_t kX>
FASTSYNC_AVX512_INLINE __m512i pi(__m512i plane) {
    static_assert(pi_source(kX) / 5 == kX);
    return _mm512_permutexvar_epi64(
        _mm512_set_epi64(kPi<kX, 7>, kPi<kX, 6>, kPi<kX, 5>, kPi<kX, 4>, kPi<kX, 3>, kPi<kX, 2>,
                         kPi<kX, 1>, kPi<kX, 0>),
        plane);
}

/// Two elements from kFrom on of the first pair of columns, two of the second, one from the first.
template <long long kFrom, long long kFifth>
FASTSYNC_AVX512_INLINE __m512i plane_of(__m512i columns01, __m512i columns23) {
    const __m512i places =
        _mm512_set_epi64(0, 0, 0, kFifth, kFrom + 9, kFrom + 8, kFrom + 1, kFrom);
    return _mm512_permutex2var_epi64(columns01, places, columns23);
}

struct Planes {
    __m512i y[5];
};

FASTSYNC_AVX512_INLINE void round(Planes& a, std::uint64_t round_constant) {
    const __m512i before = _mm512_set_epi64(0, 0, 0, 3, 2, 1, 0, 4);
    const __m512i after = _mm512_set_epi64(0, 0, 0, 0, 4, 3, 2, 1);
    const __m512i parity = xor3(xor3(a.y[1], a.y[2], a.y[3]), a.y[4], a.y[0]);
    const __m512i left = _mm512_permutexvar_epi64(before, parity);
    const __m512i right = _mm512_permutexvar_epi64(after, _mm512_rol_epi64(parity, 1));
    const __m512i b0 = pi<0>(_mm512_rolv_epi64(xor3(a.y[0], left, right), rho<0>()));
    const __m512i b1 = pi<1>(_mm512_rolv_epi64(xor3(a.y[1], left, right), rho<1>()));
    const __m512i b2 = pi<2>(_mm512_rolv_epi64(xor3(a.y[2], left, right), rho<2>()));
    const __m512i b3 = pi<3>(_mm512_rolv_epi64(xor3(a.y[3], left, right), rho<3>()));
    const __m512i b4 = pi<4>(_mm512_rolv_epi64(xor3(a.y[4], left, right), rho<4>()));
    const __m512i c0 = chi(b0, b1, b2);
    const __m512i c1 = chi(b1, b2, b3);
    const __m512i c2 = chi(b2, b3, b4);
    const __m512i c3 = chi(b3, b4, b0);
    const __m512i c4 = chi(b4, b0, b1);
    // Rows 0, 2 and 4, and 1 and 3, of two columns; of column 4 rows 0 and 2, and 1, beside them.
    const __m512i even01 = _mm512_mask_blend_epi64(0xc0, _mm512_unpacklo_epi64(c0, c1), c4);
    const __m512i odd01 = _mm512_mask_blend_epi64(0x20, _mm512_unpackhi_epi64(c0, c1), c4);
    const __m512i even23 = _mm512_unpacklo_epi64(c2, c3);
    const __m512i odd23 = _mm512_unpackhi_epi64(c2, c3);
    const __m512i fifth3 = _mm512_permutexvar_epi64(_mm512_set1_epi64(3), c4);
    a.y[0] = _mm512_xor_si512(plane_of<0, 6>(even01, even23),
                              _mm512_maskz_set1_epi64(1, static_cast<long long>(round_constant)));
    a.y[1] = plane_of<0, 5>(odd01, odd23);
    a.y[2] = plane_of<2, 7>(even01, even23);
    a.y[3] = _mm512_mask_blend_epi64(0x10, plane_of<2, 0>(odd01, odd23), fifth3);
    a.y[4] = _mm512_mask_blend_epi64(0x10, plane_of<4, 0>(even01, even23), c4);
}

}  // namespace

bool can_hash_avx512() noexcept {
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0;
}

void keccak256_batch_x8(std::span<const ByteView> messages, std::span<Hash256> out) {
    hash_in_lanes<kLanes>(messages, out, absorb);
}

FASTSYNC_AVX512 void absorb_avx512(std::span<std::uint64_t, kWords> words, const Byte* blocks,
                                   std::size_t count) {
    Planes a;
    for (std::size_t y = 0; y < 5; ++y)
        a.y[y] = _mm512_maskz_loadu_epi64(kPlane, &words[5 * y]);
    for (std::size_t i = 0; i < count; ++i, blocks += kRate) {
        static_assert(kRateWords == 3 * 5 + 2);
        for (std::size_t y = 0; y < 3; ++y) {
            const __m512i part = _mm512_maskz_loadu_epi64(kPlane, blocks + 40 * y);
            a.y[y] = _mm512_xor_si512(a.y[y], part);
        }
        a.y[3] = _mm512_xor_si512(a.y[3], _mm512_maskz_loadu_epi64(0x03, blocks + 120));
        for (const std::uint64_t round_constant : kRoundConstants)
            round(a, round_constant);
    }
    for (std::size_t y = 0; y < 5; ++y)
        _mm512_mask_storeu_epi64(&words[5 * y], kPlane, a.y[y]);
}

}  // namespace fastsync::crypto::detail

#else

namespace fastsync::crypto::detail {

bool can_hash_avx512() noexcept {
    return false;
}

void keccak256_batch_x8(std::span<const ByteView>, std::span<Hash256>) {
    FASTSYNC_ASSERT(can_hash_avx512());
}

void absorb_avx512(std::span<std::uint64_t, kWords>, const Byte*, std::size_t) {
    FASTSYNC_ASSERT(can_hash_avx512());
}

}  // namespace fastsync::crypto::detail

#endif
