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

Result<void> check_disk_space(const std::filesystem::path& folder, std::uint64_t least) {
    const auto room = free_disk_space(folder);
    if (!room || *room >= least) return {};
    return Error{Errc::kStorage, "the disk is full: " + std::to_string(*room) +
                                     " bytes are free in " + folder.string() + ", " +
                                     std::to_string(least) + " are needed"};
}

}  // namespace fastsync::daemon
