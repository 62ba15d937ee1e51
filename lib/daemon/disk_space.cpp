#include <string>
#include <system_error>

#include <daemon/disk_space.hpp>

namespace fastsync::daemon {

Result<void> check_disk_space(const std::filesystem::path& folder, std::uint64_t least) {
    std::error_code failed;
    std::filesystem::path there = std::filesystem::absolute(folder, failed);
    while (!failed && there.has_relative_path() && !std::filesystem::exists(there, failed))
        there = there.parent_path();
    if (failed) return {};
    const auto space = std::filesystem::space(there, failed);
    if (failed || space.available >= least) return {};
    return Error{Errc::kStorage, "the disk is full: " + std::to_string(space.available) +
                                     " bytes are free in " + folder.string() + ", " +
                                     std::to_string(least) + " are needed"};
}

}  // namespace fastsync::daemon
