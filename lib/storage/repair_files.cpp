#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/sst_file_reader.h>

#include <storage/data_folder.hpp>
#include <storage/repair_files.hpp>
#include <storage/rocks_files.hpp>
#include <storage/rocks_options.hpp>
#include <storage/rocks_status.hpp>
#include <storage/salvage.hpp>
#include <storage/schema.hpp>
#include <storage/watched_reads.hpp>

namespace fastsync::storage {
namespace {

namespace fs = std::filesystem;

// Room beyond that of a new table: a manifest, what was in logs.
constexpr std::uint64_t kSpareRoom = std::uint64_t{16} << 20U;

Error failure(std::string_view doing, const fs::path& path, const std::error_code& why) {
    return {Errc::kStorage, std::string{doing} + ' ' + path.string() + ": " + why.message()};
}

class FilesRepair {
  public:
    FilesRepair(const DataFolder& folder, const StoreOptions& options,
                const std::optional<ChainIdentity>& identity, FilesReport& report)
        : folder_{folder},
          identity_{identity},
          report_{report},
          careful_{make_careful_env(options.env)},
          env_{make_watched_env(careful_.get(), read_failure_)} {
        db_options_ = database_options(options);
        db_options_.env = env_.get();
        families_.emplace_back(std::string{schema::kItemFamily}, item_family_options(options));
        families_.emplace_back(std::string{schema::kMetaFamily}, meta_family_options());
        table_options_ = rocksdb::Options{db_options_, families_[0].options};
    }

    Result<void> run() {
        FASTSYNC_TRY(const bool again, folder_.repair_begun());
        begun_ = again;
        // What an interrupted repair leaves must not be opened: opening removes all tables that the
        // manifest, new and empty, does not name.
        if (again) {
            report_.rebuilt = "an earlier repair was interrupted";
            FASTSYNC_CHECK(take_back_lost());
        } else {
            FASTSYNC_CHECK(ask_manifest());
        }
        FASTSYNC_CHECK(list_tables());
        FASTSYNC_CHECK(mend_tables());
        if (report_.rebuilt.empty()) return {};
        return rebuild();
    }

  private:
    /// Before every change: from then on the folder must not be opened before the repair's end.
    Result<void> begin() {
        if (begun_) return {};
        FASTSYNC_CHECK(folder_.begin_repair());
        begun_ = true;
        return {};
    }

    /// Which tables the database holds, without a change to any file.
    Result<void> ask_manifest() {
        std::vector<rocksdb::ColumnFamilyHandle*> handles;
        rocksdb::DB* opened = nullptr;
        const auto status = rocksdb::DB::OpenForReadOnly(db_options_, folder_.database().string(),
                                                         families_, &handles, &opened);
        // It may have opened in spite of a read that failed: then, too, it is ours to close.
        const std::unique_ptr<rocksdb::DB> db{opened};
        auto done = status.ok() ? ask_opened(*db, handles[1]) : why_not_opened(status);
        for (rocksdb::ColumnFamilyHandle* handle : handles)
            db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
        return done;
    }

    Result<void> why_not_opened(const rocksdb::Status& status) {
        // Damage is what was read and is wrong, not what could not be read.
        FASTSYNC_CHECK(read_failure_->check());
        const Error error = to_open_error(status, "cannot open " + folder_.database().string());
        if (error.code != Errc::kCorrupt) return error;
        report_.rebuilt = "it does not open (" + status.ToString() + ")";
        return {};
    }

    Result<void> ask_opened(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* meta) {
        FASTSYNC_CHECK(read_failure_->check());
        std::vector<rocksdb::LiveFileMetaData> files;
        db.GetLiveFilesMetaData(&files);
        named_.emplace();
        for (const rocksdb::LiveFileMetaData& file : files)
            named_->insert(fs::path{file.name}.filename().string());
        return ask_identity(db, meta);
    }

    /// A database of a later program is none to mend. Whether there is an identity is seen later.
    Result<void> ask_identity(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* meta) const {
        std::string record;
        const std::string key{schema::kIdentityKey};
        const auto status = db.Get({}, meta, key, &record);
        FASTSYNC_CHECK(read_failure_->check());
        if (!status.ok()) return {};
        const auto identity = sound_identity(as_bytes(record), identity_);
        if (identity) return {};
        return Error{identity.error().code,
                     folder_.database().string() + ": " + identity.error().detail};
    }

    Result<void> list_tables() {
        std::error_code error;
        fs::directory_iterator entry{folder_.database(), error};
        for (; !error && entry != fs::directory_iterator{}; entry.increment(error)) {
            if (entry->path().extension() != ".sst") continue;
            tables_[entry->path().filename().string()] = entry->file_size(error);
        }
        if (error) return failure("cannot read", folder_.database(), error);
        return {};
    }

    [[nodiscard]] bool is_unnamed(const std::string& table) const {
        return named_ && !named_->contains(table);
    }

    Result<void> mend_tables() {
        for (const auto& [name, size] : tables_) {
            const auto status = check(folder_.database() / name);
            FASTSYNC_CHECK(read_failure_->check());
            if (!status.ok() && !status.IsCorruption())
                return to_error(status, "cannot read " + (folder_.database() / name).string());
            if (is_unnamed(name) && !status.ok()) {
                // An output of a merge that was cut short; the next opening removes it.
                leftovers_.push_back(folder_.database() / name);
                continue;
            }
            ++report_.tables;
            report_.bytes += size;
            if (is_unnamed(name)) report_.rebuilt = "its MANIFEST does not know " + name;
            if (!status.ok()) FASTSYNC_CHECK(mend(name, size, status.ToString()));
        }
        return {};
    }

    rocksdb::Status check(const fs::path& table) const {
        rocksdb::SstFileReader reader{table_options_};
        auto status = reader.Open(table.string());
        return status.ok() ? reader.VerifyChecksum() : status;
    }

    Result<void> mend(const std::string& name, std::uint64_t size, std::string damage) {
        if (report_.rebuilt.empty()) report_.rebuilt = name + " is damaged";
        FASTSYNC_TRY(const Salvaged kept, rewrite(name, size, Loss::kAllowed));
        report_.damaged.push_back({name, std::move(damage), kept.entries, kept.gaps});
        return {};
    }

    enum class Loss { kAllowed, kRefused };

    /// Replaces a table by one of all entries that can be read.
    Result<Salvaged> rewrite(const std::string& name, std::uint64_t size, Loss loss) {
        std::error_code error;
        const auto space = fs::space(folder_.path(), error);
        if (!error && space.available < size + kSpareRoom) {
            return Error{Errc::kStorage,
                         "no room to mend " + name + ": " + std::to_string(space.available) +
                             " bytes are free in " + folder_.path().string() + ", " +
                             std::to_string(size + kSpareRoom) + " are needed"};
        }
        FASTSYNC_CHECK(folder_.clear_staging());
        const fs::path table = folder_.database() / name;
        const fs::path mended = folder_.staging() / name;
        FASTSYNC_TRY(const Salvaged kept, salvage_table(table_options_, table, mended));
        FASTSYNC_CHECK(read_failure_->check());
        if (loss == Loss::kRefused && (kept.gaps > 0 || kept.entries == 0)) {
            return Error{Errc::kStorage, "what was read of " + table.string() +
                                             " before cannot be read any more; it stays as it is"};
        }
        FASTSYNC_CHECK(begin());
        // In one step: there is always one of the two.
        if (kept.entries > 0) {
            fs::rename(mended, table, error);
        } else {
            fs::remove(table, error);
        }
        if (error) return failure("cannot replace", table, error);
        FASTSYNC_CHECK(sync_folder(folder_.database()));
        return kept;
    }

    /// Written by us for the database to take over, not by a flush or a merge of RocksDB: its
    /// entries have no age. Nor has what is removed an age that counts: a table of nothing else
    /// says only that.
    struct Ages {
        bool none = false;
        bool only_removals = false;
    };
    Result<Ages> ages_of(const fs::path& table) const {
        rocksdb::SstFileReader reader{table_options_};
        if (const auto status = reader.Open(table.string()); !status.ok())
            return Error{Errc::kStorage,
                         "cannot read again " + table.string() + ": " + status.ToString()};
        FASTSYNC_CHECK(read_failure_->check());
        const auto properties = reader.GetTableProperties();
        if (properties == nullptr)
            return Error{Errc::kStorage, "cannot read again the properties of " + table.string()};
        return Ages{
            properties->user_collected_properties.contains("rocksdb.external_sst_file.version"),
            properties->num_deletions == properties->num_entries};
    }

    Result<void> forget_ages() {
        tables_.clear();
        FASTSYNC_CHECK(list_tables());
        for (const auto& [name, size] : tables_) {
            const fs::path table = folder_.database() / name;
            FASTSYNC_TRY(const Ages ages, ages_of(table));
            if (ages.none) continue;
            FASTSYNC_TRY([[maybe_unused]] const Salvaged kept,
                         rewrite(name, size, ages.only_removals ? Loss::kAllowed : Loss::kRefused));
        }
        return {};
    }

    Result<void> rebuild() {
        FASTSYNC_CHECK(begin());
        std::error_code error;
        for (const fs::path& leftover : leftovers_) {
            fs::remove(leftover, error);
            if (error) return failure("cannot remove", leftover, error);
        }
        const fs::path database = folder_.database();
        auto status = rocksdb::RepairDB(database.string(), db_options_, families_);
        FASTSYNC_CHECK(check_lost());
        if (status.IsCorruption()) {
            // RepairDB puts all tables side by side, and then may find their ages contradictory:
            // those of one run overlap, and of a log that was read before a kill there are two
            // tables. An item is never another, and records are judged by the items: ages may go.
            FASTSYNC_CHECK(forget_ages());
            status = rocksdb::RepairDB(database.string(), db_options_, families_);
            FASTSYNC_CHECK(check_lost());
        }
        if (!status.ok()) return to_error(status, "cannot repair " + database.string());
        fs::remove_all(lost(), error);
        if (error) return failure("cannot remove", lost(), error);
        return {};
    }

    /// Where RepairDB puts manifests and logs that are of no use any more, and tables and logs that
    /// it could not read.
    [[nodiscard]] fs::path lost() const { return folder_.database() / "lost"; }

    template <class Visit>
    Result<void> for_each_lost(const std::string& extension, const Visit& visit) const {
        std::error_code error;
        fs::directory_iterator file{lost(), error};
        if (error == std::errc::no_such_file_or_directory) return {};
        std::vector<fs::path> found;
        for (; !error && file != fs::directory_iterator{}; file.increment(error)) {
            if (file->path().extension() == extension) found.push_back(file->path());
        }
        if (error) return failure("cannot read", lost(), error);
        for (const fs::path& path : found)
            FASTSYNC_CHECK(visit(path));
        return {};
    }

    /// RepairDB was given sound tables only: what it could not read is kept for the next attempt.
    Result<void> check_lost() const {
        FASTSYNC_CHECK(read_failure_->check());
        return for_each_lost(".sst", [](const fs::path& table) -> Result<void> {
            return Error{Errc::kStorage, "RepairDB cannot read a sound table; it is kept as " +
                                             table.string() + ": repair again"};
        });
    }

    /// What an interrupted repair put aside; a table that is damaged will be found to be.
    Result<void> take_back_lost() const {
        const auto take_back = [&](const fs::path& file) -> Result<void> {
            const fs::path to = folder_.database() / file.filename();
            std::error_code error;
            if (fs::exists(to, error)) {
                return Error{Errc::kStorage,
                             "there are both " + to.string() + " and " + file.string()};
            }
            if (!error) fs::rename(file, to, error);
            if (error) return failure("cannot take back", file, error);
            return {};
        };
        FASTSYNC_CHECK(for_each_lost(".sst", take_back));
        FASTSYNC_CHECK(for_each_lost(".log", take_back));
        return sync_folder(folder_.database());
    }

    const DataFolder& folder_;
    const std::optional<ChainIdentity>& identity_;  // as the user says
    FilesReport& report_;
    std::shared_ptr<ReadFailure> read_failure_ = std::make_shared<ReadFailure>();
    std::unique_ptr<rocksdb::Env> careful_;
    std::unique_ptr<rocksdb::Env> env_;
    rocksdb::DBOptions db_options_;
    std::vector<rocksdb::ColumnFamilyDescriptor> families_;
    rocksdb::Options table_options_;
    std::optional<std::set<std::string>> named_;  // by the manifest, where it can be read
    std::map<std::string, std::uint64_t> tables_;
    std::vector<fs::path> leftovers_;
    bool begun_ = false;
};

}  // namespace

Result<void> repair_files(const DataFolder& folder, const StoreOptions& options,
                          const std::optional<ChainIdentity>& identity, FilesReport& report) {
    return FilesRepair{folder, options, identity, report}.run();
}

}  // namespace fastsync::storage
