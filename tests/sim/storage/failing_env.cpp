#include "failing_env.hpp"

#include <thread>
#include <utility>

namespace fastsync::test {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

class FailingWriter final : public rocksdb::FSWritableFileOwnerWrapper {
  public:
    FailingWriter(FailingFiles& files, std::string name,
                  std::unique_ptr<rocksdb::FSWritableFile>&& file)
        : FSWritableFileOwnerWrapper(std::move(file)), files_(files), name_(std::move(name)) {}

    IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                    IODebugContext* debug) override {
        IOStatus done = files_.attempt_write(name_);
        return done.ok() ? FSWritableFileOwnerWrapper::Append(data, options, debug) : done;
    }
    IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                    const rocksdb::DataVerificationInfo&, IODebugContext* debug) override {
        return Append(data, options, debug);
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
        IOStatus done = files_.attempt(Fault::kSyncError, name_);
        return done.ok() ? FSWritableFileOwnerWrapper::Sync(options, debug) : done;
    }
    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
        IOStatus done = files_.attempt(Fault::kSyncError, name_);
        return done.ok() ? FSWritableFileOwnerWrapper::Fsync(options, debug) : done;
    }

  private:
    FailingFiles& files_;
    std::string name_;
};

class FailingReader final : public rocksdb::FSRandomAccessFileOwnerWrapper {
  public:
    FailingReader(FailingFiles& files, std::string name,
                  std::unique_ptr<rocksdb::FSRandomAccessFile>&& file)
        : FSRandomAccessFileOwnerWrapper(std::move(file)), files_(files), name_(std::move(name)) {}

    IOStatus Read(std::uint64_t offset, std::size_t size, const IOOptions& options,
                  rocksdb::Slice* out, char* scratch, IODebugContext* debug) const override {
        IOStatus done = files_.attempt(Fault::kReadError, name_);
        if (!done.ok()) return done;
        return FSRandomAccessFileOwnerWrapper::Read(offset, size, options, out, scratch, debug);
    }
    IOStatus MultiRead(rocksdb::FSReadRequest* requests, std::size_t count,
                       const IOOptions& options, IODebugContext* debug) override {
        IOStatus done = files_.attempt(Fault::kReadError, name_);
        if (!done.ok()) {
            for (std::size_t i = 0; i < count; ++i)
                requests[i].status = done;
            return done;
        }
        return FSRandomAccessFileOwnerWrapper::MultiRead(requests, count, options, debug);
    }

  private:
    FailingFiles& files_;
    std::string name_;
};

/// RocksDB's log for people: what fails there is nobody's loss.
bool is_info_log(const std::string& name) {
    const std::string base = name.substr(name.find_last_of('/') + 1);
    return base.starts_with("LOG");
}

}  // namespace

IOStatus FailingFiles::attempt(Fault fault, const std::string& file) {
    const Fault now = fault_;
    const bool slow = now == Fault::kSlowSync && fault == Fault::kSyncError;
    if ((now != fault && !slow) || is_info_log(file)) return IOStatus::OK();
    if (left_ > 0) {
        --left_;
        return IOStatus::OK();
    }
    ++failures_;
    if (slow) {
        std::this_thread::sleep_for(kSlowness);
        return IOStatus::OK();
    }
    if (fault == Fault::kNoSpace) return IOStatus::NoSpace("No space left on device", file);
    return IOStatus::IOError("Input/output error", file);
}

IOStatus FailingFiles::attempt_write(const std::string& file) {
    IOStatus done = attempt(Fault::kWriteError, file);
    return done.ok() ? attempt(Fault::kNoSpace, file) : done;
}

IOStatus FailingFiles::NewWritableFile(const std::string& name, const FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       IODebugContext* debug) {
    if (IOStatus done = attempt(Fault::kNoSpace, name); !done.ok()) return done;
    IOStatus made = FileSystemWrapper::NewWritableFile(name, options, file, debug);
    if (made.ok()) *file = std::make_unique<FailingWriter>(*this, name, std::move(*file));
    return made;
}

IOStatus FailingFiles::ReopenWritableFile(const std::string& name, const FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* file,
                                          IODebugContext* debug) {
    if (IOStatus done = attempt(Fault::kNoSpace, name); !done.ok()) return done;
    IOStatus made = FileSystemWrapper::ReopenWritableFile(name, options, file, debug);
    if (made.ok()) *file = std::make_unique<FailingWriter>(*this, name, std::move(*file));
    return made;
}

IOStatus FailingFiles::NewRandomAccessFile(const std::string& name, const FileOptions& options,
                                           std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                           IODebugContext* debug) {
    IOStatus made = FileSystemWrapper::NewRandomAccessFile(name, options, file, debug);
    if (made.ok()) *file = std::make_unique<FailingReader>(*this, name, std::move(*file));
    return made;
}

IOStatus FailingFiles::RenameFile(const std::string& from, const std::string& to,
                                  const IOOptions& options, IODebugContext* debug) {
    IOStatus done = attempt_write(to);
    return done.ok() ? FileSystemWrapper::RenameFile(from, to, options, debug) : done;
}

IOStatus FailingFiles::LinkFile(const std::string& from, const std::string& to,
                                const IOOptions& options, IODebugContext* debug) {
    IOStatus done = attempt_write(to);
    return done.ok() ? FileSystemWrapper::LinkFile(from, to, options, debug) : done;
}

}  // namespace fastsync::test
