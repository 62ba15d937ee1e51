#pragma once

#include <common/assert.hpp>

// What tests/support says in Catch2's words, for programs that are no Catch2 tests: a fuzzer has no
// test to fail, so a requirement that does not hold ends it.
#define REQUIRE(...) FASTSYNC_ASSERT((__VA_ARGS__))
#define REQUIRE_FALSE(...) FASTSYNC_ASSERT(!(__VA_ARGS__))
#define CHECK(...) FASTSYNC_ASSERT((__VA_ARGS__))
#define FAIL(...) ::fastsync::assertion_failed(#__VA_ARGS__, __FILE__, __LINE__)
#define UNSCOPED_INFO(...) void(0)
