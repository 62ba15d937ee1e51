#pragma once

namespace fastsync {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace fastsync

/// Checks our own reasoning, in every build type. Never used on input: a peer must not be able to
/// reach it.
#define FASTSYNC_ASSERT(condition)          \
    (static_cast<bool>(condition) ? void(0) \
                                  : ::fastsync::assertion_failed(#condition, __FILE__, __LINE__))
