#pragma once

#include <filesystem>
#include <optional>

#include <status/snapshot.hpp>

namespace fastsync::daemon {

/// What this process takes of the machine now; nothing where the system does not tell all of it.
/// @param folder  whose free space is told; need not be there yet
[[nodiscard]] std::optional<status::ProcessStatus> process_figures(
    const std::filesystem::path& folder);

}  // namespace fastsync::daemon
