#include <fstream>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

#include <daemon/disk_space.hpp>
#include <daemon/process_figures.hpp>

namespace fastsync::daemon {
namespace {

/// Resident pages are the second number of /proc/self/statm.
std::optional<std::uint64_t> resident_bytes() {
    std::ifstream statm{"/proc/self/statm"};
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    const long page = ::sysconf(_SC_PAGESIZE);
    if (!(statm >> size >> resident) || page <= 0) return std::nullopt;
    return resident * static_cast<std::uint64_t>(page);
}

std::optional<std::uint64_t> open_files() {
    std::error_code failed;
    std::uint64_t count = 0;
    std::filesystem::directory_iterator at{"/proc/self/fd", failed};
    for (; !failed && at != std::filesystem::directory_iterator{}; at.increment(failed))
        ++count;
    if (failed || count == 0) return std::nullopt;
    return count - 1;  // the folder itself is open while it is read
}

double cpu_seconds() {
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

std::optional<status::ProcessStatus> process_figures(const std::filesystem::path& folder) {
    const auto resident = resident_bytes();
    const auto files = open_files();
    const auto room = free_disk_space(folder);
    if (!resident || !files || !room) return std::nullopt;
    return status::ProcessStatus{cpu_seconds(), *resident, *files, *room};
}

}  // namespace fastsync::daemon
