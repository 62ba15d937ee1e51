#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <storage/data_folder.hpp>

namespace fastsync::storage {
namespace {

namespace fs = std::filesystem;

// lost+found: the folder may be a disk of its own.
constexpr std::array<std::string_view, 6> kOwnNames = {"LOCK",    "db",        "db.new",
                                                       "staging", "repairing", "lost+found"};

Error failure(std::string_view doing, const fs::path& path, const std::error_code& why) {
    return {Errc::kStorage, std::string{doing} + ' ' + path.string() + ": " + why.message()};
}
Error last_failure(std::string_view doing, const fs::path& path) {
    return failure(doing, path, {errno, std::generic_category()});
}

bool is_known(const std::string& name, std::span<const std::string> neighbours) {
    return std::find(kOwnNames.begin(), kOwnNames.end(), name) != kOwnNames.end() ||
           std::find(neighbours.begin(), neighbours.end(), name) != neighbours.end();
}

/// kConfig when the folder holds a name that is neither ours nor a neighbour's.
Result<void> check_contents(const fs::path& path, std::span<const std::string> neighbours) {
    std::error_code error;
    fs::directory_iterator entry{path, error};
    for (; !error && entry != fs::directory_iterator{}; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (is_known(name, neighbours)) continue;
        return Error{Errc::kConfig, path.string() + " holds other files (" + name +
                                        ") and no database; give an empty or new folder"};
    }
    if (error) return failure("cannot read", path, error);
    return {};
}

Result<bool> is_there(const fs::path& path) {
    std::error_code error;
    const bool there = fs::exists(path, error);
    if (error) return failure("cannot look at", path, error);
    return there;
}

/// Makes sure that `path` is a folder in which a database is or may be made.
Result<void> prepare(const fs::path& path, DataFolder::IfAbsent if_absent,
                     std::span<const std::string> neighbours) {
    FASTSYNC_TRY(const bool there, is_there(path));
    std::error_code error;
    if (there && !fs::is_directory(path, error)) {
        return Error{Errc::kConfig, path.string() + " is not a folder"};
    }
    const bool may_create = if_absent == DataFolder::IfAbsent::kCreate;
    if (!there) {
        if (!may_create) return Error{Errc::kNotFound, "there is no folder " + path.string()};
        fs::create_directories(path, error);
        if (error) return failure("cannot create", path, error);
    }
    FASTSYNC_TRY(const bool database, is_there(path / "db"));
    if (database) return {};
    if (!may_create) return Error{Errc::kNotFound, "there is no database in " + path.string()};
    return check_contents(path, neighbours);
}

Result<int> take_lock(const fs::path& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return last_failure("cannot open", path);
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) return file;
    const int why = errno;
    ::close(file);
    if (why == EWOULDBLOCK) {
        return Error{Errc::kBusy, path.parent_path().string() + " is in use by another process"};
    }
    return failure("cannot lock", path, {why, std::generic_category()});
}

Result<void> remove_tree(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) return failure("cannot remove", path, error);
    return {};
}

}  // namespace

Result<void> sync_folder(const fs::path& path) {
    const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return last_failure("cannot open", path);
    const bool synced = ::fsync(folder) == 0;
    const Error error = last_failure("cannot sync", path);
    ::close(folder);
    if (!synced) return error;
    return {};
}

Result<DataFolder> DataFolder::acquire(const fs::path& path, IfAbsent if_absent,
                                       std::span<const std::string> neighbours) {
    FASTSYNC_CHECK(prepare(path, if_absent, neighbours));
    FASTSYNC_TRY(const int lock, take_lock(path / "LOCK"));
    return DataFolder{path, lock};
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_{std::move(other.path_)}, lock_{std::exchange(other.lock_, -1)} {}

DataFolder::~DataFolder() {
    // Closing gives the lock back. The file stays: removing it would race with a newcomer.
    if (lock_ >= 0) ::close(lock_);
}

Result<bool> DataFolder::has_database() const {
    return is_there(database());
}

Result<void> DataFolder::clear_unfinished() const {
    return remove_tree(unfinished_database());
}

Result<void> DataFolder::adopt_unfinished() const {
    std::error_code error;
    fs::rename(unfinished_database(), database(), error);
    if (error) return failure("cannot rename", unfinished_database(), error);
    return sync_folder(path_);
}

Result<void> DataFolder::clear_staging() const {
    FASTSYNC_CHECK(remove_tree(staging()));
    std::error_code error;
    fs::create_directory(staging(), error);
    if (error) return failure("cannot create", staging(), error);
    return {};
}

Result<bool> DataFolder::repair_begun() const {
    return is_there(repair_mark());
}

Result<void> DataFolder::begin_repair() const {
    const int file = ::open(repair_mark().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return last_failure("cannot create", repair_mark());
    const bool synced = ::fsync(file) == 0;
    const Error error = last_failure("cannot sync", repair_mark());
    ::close(file);
    if (!synced) return error;
    return sync_folder(path_);
}

Result<void> DataFolder::end_repair() const {
    FASTSYNC_CHECK(remove_tree(repair_mark()));
    return sync_folder(path_);
}

}  // namespace fastsync::storage
