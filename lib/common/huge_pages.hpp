#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

#include <sys/mman.h>

namespace fastsync {

/// The size of a huge page, bytes.
constexpr std::size_t kHugePage = std::size_t{2} << 20U;

/// Gives large arrays whole huge pages, if the system has them ("always" or "madvise" in
/// /sys/kernel/mm/transparent_hugepage/enabled): what is read at random then needs few translations
/// of addresses, and one page fault in place of 512. Anything less than a huge page is ordinary
/// memory.
template <class T>
class HugePageAllocator {
  public:
    using value_type = T;

    HugePageAllocator() = default;
    template <class U>
    HugePageAllocator(const HugePageAllocator<U>&) noexcept {}  // as allocators convert

    /// @throws std::bad_alloc, std::bad_array_new_length
    [[nodiscard]] T* allocate(std::size_t count) {
        if (!large(count)) return std::allocator<T>{}.allocate(count);
        if (count > SIZE_MAX / sizeof(T)) throw std::bad_array_new_length{};
        const std::size_t bytes = count * sizeof(T);
        void* const memory = ::operator new (bytes, std::align_val_t{kHugePage});
        // Whole pages alone: the memory behind belongs to others. A hint, which may be refused.
        (void)::madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t count) noexcept {
        if (large(count)) {
            ::operator delete (memory, std::align_val_t{kHugePage});
        } else {
            std::allocator<T>{}.deallocate(memory, count);
        }
    }

    friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) noexcept {
        return true;
    }

  private:
    static bool large(std::size_t count) noexcept { return count >= kHugePage / sizeof(T); }
};

template <class T>
using HugeVector = std::vector<T, HugePageAllocator<T>>;

}  // namespace fastsync
