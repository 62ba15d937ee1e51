#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <storage/watched_reads.hpp>

namespace fastsync::storage {
namespace {

using rocksdb::FileOptions;
using rocksdb::FSRandomAccessFile;
using rocksdb::FSRandomAccessFileOwnerWrapper;
using rocksdb::FSSequentialFile;
using rocksdb::FSSequentialFileOwnerWrapper;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr auto kLastOffset = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

class WatchedTable final : public FSRandomAccessFileOwnerWrapper {
  public:
    WatchedTable(std::unique_ptr<FSRandomAccessFile>&& file, std::shared_ptr<ReadFailure> failure)
        : FSRandomAccessFileOwnerWrapper(std::move(file)), failure_(std::move(failure)) {}

    IOStatus Read(std::uint64_t offset, std::size_t size, const IOOptions& options, Slice* out,
                  char* room, IODebugContext* debug) const override {
        // A damaged table may point there: no failure of the disk.
        if (offset > kLastOffset - std::min<std::uint64_t>(size, kLastOffset)) {
            *out = Slice{};
            return IOStatus::OK();
        }
        IOStatus read =
            FSRandomAccessFileOwnerWrapper::Read(offset, size, options, out, room, debug);
        if (!read.ok()) failure_->note(read.ToString());
        return read;
    }

  private:
    std::shared_ptr<ReadFailure> failure_;
};

class WatchedLog final : public FSSequentialFileOwnerWrapper {
  public:
    WatchedLog(std::unique_ptr<FSSequentialFile>&& file, std::shared_ptr<ReadFailure> failure)
        : FSSequentialFileOwnerWrapper(std::move(file)), failure_(std::move(failure)) {}

    IOStatus Read(std::size_t size, const IOOptions& options, Slice* out, char* room,
                  IODebugContext* debug) override {
        IOStatus read = FSSequentialFileOwnerWrapper::Read(size, options, out, room, debug);
        if (!read.ok()) failure_->note(read.ToString());
        return read;
    }

  private:
    std::shared_ptr<ReadFailure> failure_;
};

class WatchedFiles final : public rocksdb::FileSystemWrapper {
  public:
    WatchedFiles(const std::shared_ptr<rocksdb::FileSystem>& base,
                 std::shared_ptr<ReadFailure> failure)
        : FileSystemWrapper(base), failure_(std::move(failure)) {}

    [[nodiscard]] const char* Name() const override { return "WatchedFiles"; }

    IOStatus NewRandomAccessFile(const std::string& path, const FileOptions& options,
                                 std::unique_ptr<FSRandomAccessFile>* file,
                                 IODebugContext* debug) override {
        IOStatus opened = FileSystemWrapper::NewRandomAccessFile(path, options, file, debug);
        if (opened.ok()) *file = std::make_unique<WatchedTable>(std::move(*file), failure_);
        return noted(std::move(opened));
    }
    IOStatus NewSequentialFile(const std::string& path, const FileOptions& options,
                               std::unique_ptr<FSSequentialFile>* file,
                               IODebugContext* debug) override {
        IOStatus opened = FileSystemWrapper::NewSequentialFile(path, options, file, debug);
        if (opened.ok()) *file = std::make_unique<WatchedLog>(std::move(*file), failure_);
        return noted(std::move(opened));
    }

  private:
    /// That a file is not there is an answer.
    IOStatus noted(IOStatus status) {
        if (!status.ok() && !status.IsPathNotFound() && !status.IsNotFound())
            failure_->note(status.ToString());
        return status;
    }

    std::shared_ptr<ReadFailure> failure_;
};

}  // namespace

void ReadFailure::note(const std::string& what) {
    const std::lock_guard lock{mutex_};
    if (!what_) what_ = what;
}

Result<void> ReadFailure::check() const {
    const std::lock_guard lock{mutex_};
    if (!what_) return {};
    return Error{Errc::kStorage, "reading failed, nothing is judged by that: " + *what_};
}

std::unique_ptr<rocksdb::Env> make_watched_env(rocksdb::Env* base,
                                               std::shared_ptr<ReadFailure> failure) {
    return rocksdb::NewCompositeEnv(
        std::make_shared<WatchedFiles>(base->GetFileSystem(), std::move(failure)));
}

}  // namespace fastsync::storage
