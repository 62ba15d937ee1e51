#pragma once

#include <string>
#include <vector>

namespace fastsync::daemon {

/// The environment of this process: words NAME=VALUE.
[[nodiscard]] std::vector<std::string> process_environment();

}  // namespace fastsync::daemon
