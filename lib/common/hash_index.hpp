#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <common/assert.hpp>
#include <common/huge_pages.hpp>

namespace fastsync {

/// Finds the place of a value in somebody else's array by a 64-bit digest of its key: 8 bytes a
/// slot, one cache line for nearly every question, and that line can be fetched ahead. A table of a
/// library hides where an answer will lie, and waiting for memory is most of what a look-up costs
/// among millions of keys.
///
/// Open addressing with linear probing; a slot holds 32 bits of digest and the place. Digests must
/// be spread evenly and unforeseeable to whoever chooses the keys (FixedHasher is both). No
/// place is inserted twice.
class HashIndex {
  public:
    using Place = std::uint32_t;
    static constexpr Place kNone = UINT32_MAX;

    /// Hints that `digest` will be asked for soon.
    void prefetch(std::uint64_t digest) const noexcept {
        if (!slots_.empty()) __builtin_prefetch(&slots_[home(tag_of(digest))]);
    }

    /// The place for which `is_it(place)` holds among those of this digest; kNone.
    template <class IsIt>
    [[nodiscard]] Place find(std::uint64_t digest, IsIt&& is_it) const {
        if (slots_.empty()) return kNone;
        const std::uint32_t tag = tag_of(digest);
        for (std::size_t at = home(tag);; at = next(at)) {
            const Slot slot = slots_[at];
            if (slot.place == kNone) return kNone;
            if (slot.tag == tag && is_it(slot.place)) return slot.place;
        }
    }

    /// Very likely the place of this digest, or kNone, without a look at the key.
    [[nodiscard]] Place guess(std::uint64_t digest) const noexcept {
        return find(digest, [](Place) { return true; });
    }

    /// @param place  below kNone, of a key that is not in the index
    void insert(std::uint64_t digest, Place place) {
        FASTSYNC_ASSERT(place != kNone);
        if ((size_ + 1) * 4 > slots_.size() * 3) grow();
        put({tag_of(digest), place});
        ++size_;
    }

    /// Removes a place that is in the index under this digest.
    void erase(std::uint64_t digest, Place place) {
        std::size_t hole = home(tag_of(digest));
        while (slots_[hole].place != place) {
            FASTSYNC_ASSERT(slots_[hole].place != kNone);
            hole = next(hole);
        }
        // Whatever was pushed past the hole moves back, so that no search ends early.
        for (std::size_t at = next(hole); slots_[at].place != kNone; at = next(at)) {
            const std::size_t wanted = home(slots_[at].tag);
            const std::size_t mask = slots_.size() - 1;
            if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
            slots_[hole] = slots_[at];
            hole = at;
        }
        slots_[hole] = Slot{};
        --size_;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return slots_.size() * sizeof(Slot); }
    /// Keeps the memory for the next filling.
    void clear() noexcept {
        std::fill(slots_.begin(), slots_.end(), Slot{});
        size_ = 0;
    }

  private:
    struct Slot {
        std::uint32_t tag = 0;
        Place place = kNone;
    };
    static constexpr std::size_t kFirstSlots = 64;

    [[nodiscard]] static std::uint32_t tag_of(std::uint64_t digest) noexcept {
        return static_cast<std::uint32_t>(digest >> 32U);
    }
    /// The upper bits of the tag: a slot tells its home without its key.
    [[nodiscard]] std::size_t home(std::uint32_t tag) const noexcept { return tag >> shift_; }
    [[nodiscard]] std::size_t next(std::size_t at) const noexcept {
        return (at + 1) & (slots_.size() - 1);
    }

    void put(Slot slot) noexcept {
        std::size_t at = home(slot.tag);
        while (slots_[at].place != kNone)
            at = next(at);
        slots_[at] = slot;
    }

    void grow() {
        const std::size_t size = slots_.empty() ? kFirstSlots : slots_.size() * 2;
        // Beyond this a tag no longer tells slots apart; 2^31 places are 16 GiB of slots.
        FASTSYNC_ASSERT(size <= std::size_t{1} << 32U);
        HugeVector<Slot> old(size);
        old.swap(slots_);
        shift_ = 32U - static_cast<unsigned>(std::countr_zero(size));
        for (const Slot& slot : old) {
            if (slot.place != kNone) put(slot);
        }
    }

    HugeVector<Slot> slots_;
    unsigned shift_ = 0;
    std::size_t size_ = 0;
};

}  // namespace fastsync
