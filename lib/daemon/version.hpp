#pragma once

#include <string_view>

namespace fastsync::daemon {

/// Of this build, "1.2.3": shown by --version, in the status and to peers.
[[nodiscard]] std::string_view version() noexcept;

}  // namespace fastsync::daemon
