// Whether a sanitizer watches: everything takes several times as long then.
#pragma once

namespace fastsync::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
inline constexpr bool kSanitized =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool kSanitized = false;
#endif

/// How often to repeat something: a sanitizer looks for faults that the first few repeats show, and
/// the plain build for the rest.
[[nodiscard]] constexpr unsigned repeats(unsigned plain, unsigned sanitized) {
    return kSanitized ? sanitized : plain;
}

}  // namespace fastsync::test
