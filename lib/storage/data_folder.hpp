#pragma once

#include <filesystem>
#include <span>
#include <string>

#include <common/result.hpp>

namespace fastsync::storage {

/// Makes names that were added to a folder or taken from it durable. kStorage.
[[nodiscard]] Result<void> sync_folder(const std::filesystem::path& path);

/// The folder a store owns, held by one process at a time (an advisory lock on its file LOCK).
///
/// Layout: `db` is the database; `db.new` one in the making, which becomes `db` in one step when it
/// is whole; `staging` holds table files being written, of no worth after a restart; `repairing` is
/// there from the first change of a repair to its last.
class DataFolder {
  public:
    enum class IfAbsent { kCreate, kFail };

    /// @param neighbours  names of further files that may lie in the folder
    /// @return kBusy: another process holds it; kNotFound: not there, or no database in it, and
    ///         `if_absent` is kFail; kConfig: it has no database but other files, or is no folder;
    ///         kStorage: no permission, disk failure
    [[nodiscard]] static Result<DataFolder> acquire(const std::filesystem::path& path,
                                                    IfAbsent if_absent,
                                                    std::span<const std::string> neighbours);
    DataFolder(DataFolder&& other) noexcept;
    DataFolder& operator=(DataFolder&&) = delete;
    ~DataFolder();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path database() const { return path_ / "db"; }
    [[nodiscard]] std::filesystem::path unfinished_database() const { return path_ / "db.new"; }
    [[nodiscard]] std::filesystem::path staging() const { return path_ / "staging"; }

    /// Whether there is a database. An unfinished one is none.
    [[nodiscard]] Result<bool> has_database() const;
    /// Removes what is left of an unfinished database. kStorage.
    [[nodiscard]] Result<void> clear_unfinished() const;
    /// Makes the unfinished database the database, durably. kStorage.
    [[nodiscard]] Result<void> adopt_unfinished() const;
    /// An empty staging folder, whatever was in it. kStorage.
    [[nodiscard]] Result<void> clear_staging() const;

    /// A repair was begun and did not come to its end. kStorage.
    [[nodiscard]] Result<bool> repair_begun() const;
    /// Durable before it returns, as is its end. kStorage.
    [[nodiscard]] Result<void> begin_repair() const;
    [[nodiscard]] Result<void> end_repair() const;

  private:
    [[nodiscard]] std::filesystem::path repair_mark() const { return path_ / "repairing"; }
    DataFolder(std::filesystem::path path, int lock) : path_{std::move(path)}, lock_{lock} {}

    std::filesystem::path path_;
    int lock_ = -1;
};

}  // namespace fastsync::storage
