#pragma once

#include <string>
#include <string_view>

namespace fastsync::daemon {

/// Of this build, "1.2.3": shown by --version, in the status and to peers.
[[nodiscard]] std::string_view version() noexcept;
/// "fastsyncd/v1.2.3/linux": what peers and JSON-RPC clients are told.
[[nodiscard]] std::string client_name();

}  // namespace fastsync::daemon
