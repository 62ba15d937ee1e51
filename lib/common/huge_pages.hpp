#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include <sys/mman.h>

namespace fastsync {

/// The size of a huge page, bytes.
constexpr std::size_t kHugePage = std::size_t{2} << 20U;

namespace detail {

// An address sanitizer does not watch what is mapped, and looks for pointers to the heap in vain
// there.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kMapLargeArrays = false;
#elif defined(__has_feature)
inline constexpr bool kMapLargeArrays = !__has_feature(address_sanitizer);
#else
inline constexpr bool kMapLargeArrays = true;
#endif

/// Memory of its own for `bytes` (a multiple of the page size), from a huge page's beginning on.
[[nodiscard]] inline void* map_huge(std::size_t bytes) {
    void* const all = ::mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) throw std::bad_alloc{};
    auto* const begin = static_cast<std::byte*>(all);
    const std::size_t before =
        (kHugePage - reinterpret_cast<std::uintptr_t>(all) % kHugePage) % kHugePage;
    if (before > 0) (void)::munmap(begin, before);
    if (before < kHugePage) (void)::munmap(begin + before + bytes, kHugePage - before);
    // A hint, which may be refused.
    (void)::madvise(begin + before, bytes, MADV_HUGEPAGE);
    return begin + before;
}

}  // namespace detail

/// Gives large arrays whole huge pages, if the system has them ("always" or "madvise" in
/// /sys/kernel/mm/transparent_hugepage/enabled): what is read at random then needs few translations
/// of addresses, and one page fault in place of 512. What is freed goes back to the system at once.
/// Anything less than a huge page is ordinary memory.
template <class T>
class HugePageAllocator {
  public:
    using value_type = T;

    HugePageAllocator() = default;
    template <class U>
    HugePageAllocator(const HugePageAllocator<U>&) noexcept {}  // as allocators convert

    /// @throws std::bad_alloc, std::bad_array_new_length
    [[nodiscard]] T* allocate(std::size_t count) {
        if (count > (SIZE_MAX / 2) / sizeof(T)) throw std::bad_array_new_length{};
        if (!mapped(count)) return std::allocator<T>{}.allocate(count);
        return static_cast<T*>(detail::map_huge(whole_pages(count)));
    }
    void deallocate(T* memory, std::size_t count) noexcept {
        if (mapped(count)) {
            (void)::munmap(memory, whole_pages(count));
        } else {
            std::allocator<T>{}.deallocate(memory, count);
        }
    }

    friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) noexcept {
        return true;
    }

  private:
    static bool mapped(std::size_t count) noexcept {
        return detail::kMapLargeArrays && count * sizeof(T) >= kHugePage;
    }
    static std::size_t whole_pages(std::size_t count) noexcept {
        constexpr std::size_t kPage = std::size_t{64} << 10U;  // of any Linux
        return (count * sizeof(T) + kPage - 1) / kPage * kPage;
    }
};

template <class T>
using HugeVector = std::vector<T, HugePageAllocator<T>>;

}  // namespace fastsync
