#include <string>
#include <system_error>

#include <daemon/disk_space.hpp>

namespace fastsync::daemon {

std::optional<std::uint64_t> free_disk_space(const std::filesystem::path& folder) {
    std::error_code failed;
    std::filesystem::path there = std::filesystem::absolute(folder, failed);
    while (!failed && there.has_relative_path() && !std::filesystem::exists(there, failed))
        there = there.parent_path();
    if (failed) return std::nullopt;
    const auto space = std::filesystem::space(there, failed);
    if (failed) return std::nullopt;
    return space.available;
}

Result<void> check_free(std::uint64_t free, const std::filesystem::path& folder,
                        std::uint64_t least) {
    if (free >= least) return {};
    return Error{Errc::kStorage, "the disk is full: " + std::to_string(free) +
                                     " bytes are free in " + folder.string() + ", " +
                                     std::to_string(least) + " are needed"};
}

Result<void> check_disk_space(const std::filesystem::path& folder, std::uint64_t least) {
    const auto room = free_disk_space(folder);
    if (!room) return {};
    return check_free(*room, folder, least);
}

}  // namespace fastsync::daemon
