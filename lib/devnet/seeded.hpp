#pragma once

#include <cstdint>
#include <span>

#include <common/bytes.hpp>

namespace fastsync::devnet {

/// Numbers that look random and are the same everywhere: SplitMix64. Each purpose and index has a
/// sequence of its own, so that nothing depends on the order in which things are made.
class Seeded {
  public:
    enum class Purpose : std::uint64_t {
        kAddress = 1,
        kAccount,
        kCode,
        kCodeChoice,
        kStorage,
        kSlot,
        kBlock
    };

    Seeded(std::uint64_t seed, Purpose purpose, std::uint64_t index) noexcept
        : state_(mix(mix(seed) ^ (static_cast<std::uint64_t>(purpose) << 56U)) ^ mix(~index)) {}

    [[nodiscard]] std::uint64_t next() noexcept { return mix(state_ += kStep); }
    /// 0 ... bound - 1; close enough to even.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
    void fill(std::span<Byte> out) noexcept {
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < out.size(); ++i, word >>= 8U) {
            if (i % sizeof word == 0) word = next();
            out[i] = static_cast<Byte>(word);
        }
    }
    template <class Fixed>
    [[nodiscard]] Fixed draw() noexcept {
        Fixed value;
        fill(value.data);
        return value;
    }

  private:
    static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15ULL;

    static constexpr std::uint64_t mix(std::uint64_t z) noexcept {
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31U);
    }

    std::uint64_t state_;
};

}  // namespace fastsync::devnet
