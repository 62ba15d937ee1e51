#include <atomic>
#include <string>
#include <string_view>
#include <utility>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <storage/rocks_files.hpp>

namespace fastsync::storage {
namespace {

using rocksdb::FileOptions;
using rocksdb::FSWritableFile;
using rocksdb::FSWritableFileOwnerWrapper;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

/// Set once and for all: a manifest of later is sound, but knows nothing of what the earlier one
/// says.
using Doubt = std::atomic<bool>;

std::string_view base_name(std::string_view path) {
    return path.substr(path.find_last_of('/') + 1);
}

/// Notes what fails.
class WatchedFile final : public FSWritableFileOwnerWrapper {
  public:
    WatchedFile(std::unique_ptr<FSWritableFile>&& file, std::shared_ptr<Doubt> doubt)
        : FSWritableFileOwnerWrapper(std::move(file)), doubt_(std::move(doubt)) {}

    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
        return noted(FSWritableFileOwnerWrapper::Append(data, options, debug));
    }
    IOStatus Append(const Slice& data, const IOOptions& options,
                    const rocksdb::DataVerificationInfo& check, IODebugContext* debug) override {
        return noted(FSWritableFileOwnerWrapper::Append(data, options, check, debug));
    }
    IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
        return noted(FSWritableFileOwnerWrapper::Flush(options, debug));
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
        return noted(FSWritableFileOwnerWrapper::Sync(options, debug));
    }
    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
        return noted(FSWritableFileOwnerWrapper::Fsync(options, debug));
    }

  private:
    IOStatus noted(IOStatus status) {
        if (!status.ok()) doubt_->store(true);
        return status;
    }

    std::shared_ptr<Doubt> doubt_;
};

class CarefulFiles final : public rocksdb::FileSystemWrapper {
  public:
    explicit CarefulFiles(const std::shared_ptr<rocksdb::FileSystem>& base)
        : FileSystemWrapper(base) {}

    [[nodiscard]] const char* Name() const override { return "CarefulFiles"; }

    IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                             std::unique_ptr<FSWritableFile>* file,
                             IODebugContext* debug) override {
        IOStatus made = FileSystemWrapper::NewWritableFile(path, options, file, debug);
        if (made.ok() && base_name(path).starts_with("MANIFEST"))
            *file = std::make_unique<WatchedFile>(std::move(*file), doubt_);
        return made;
    }

    IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                        IODebugContext* debug) override {
        if (doubt_->load() && path.ends_with(".sst")) return IOStatus::OK();
        return FileSystemWrapper::DeleteFile(path, options, debug);
    }

  private:
    std::shared_ptr<Doubt> doubt_ = std::make_shared<Doubt>(false);
};

}  // namespace

std::unique_ptr<rocksdb::Env> make_careful_env(rocksdb::Env* base) {
    rocksdb::Env* const env = base != nullptr ? base : rocksdb::Env::Default();
    return rocksdb::NewCompositeEnv(std::make_shared<CarefulFiles>(env->GetFileSystem()));
}

}  // namespace fastsync::storage
