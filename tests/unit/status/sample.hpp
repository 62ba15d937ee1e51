#pragma once

#include <status/snapshot.hpp>

namespace fastsync::test {

/// A snapshot in which every field has a value of its own.
[[nodiscard]] status::StatusSnapshot full_snapshot();

}  // namespace fastsync::test
