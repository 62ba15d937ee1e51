#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include <common/result.hpp>

namespace fastsync::daemon {

/// Room that is left alone, bytes: what a database needs to close in order, and to open again.
inline constexpr std::uint64_t kLeastDiskSpace = std::uint64_t{8} << 20U;

/// Bytes that are free for us in `folder`, which need not be there yet; nothing where the file
/// system does not tell.
[[nodiscard]] std::optional<std::uint64_t> free_disk_space(const std::filesystem::path& folder);

/// @return kStorage naming folder and bytes when less than `least` of them is free
[[nodiscard]] Result<void> check_free(std::uint64_t free, const std::filesystem::path& folder,
                                      std::uint64_t least = kLeastDiskSpace);
/// @param folder  need not be there yet
/// @return kStorage naming folder and bytes when less than `least` is free; nothing is said of a
/// file system that does not tell
[[nodiscard]] Result<void> check_disk_space(const std::filesystem::path& folder,
                                            std::uint64_t least = kLeastDiskSpace);

}  // namespace fastsync::daemon
