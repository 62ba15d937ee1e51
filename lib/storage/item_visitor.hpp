#pragma once

#include <functional>

#include <common/bytes.hpp>

namespace fastsync::storage {

enum class Visit { kContinue, kStop };

/// Called once per item; the view lives until it returns.
using ItemVisitor = std::function<Visit(const Hash256& hash, ByteView blob)>;

}  // namespace fastsync::storage
