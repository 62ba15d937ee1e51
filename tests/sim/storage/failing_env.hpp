#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

namespace fastsync::test {

/// What goes wrong on the disk.
enum class Fault : std::uint8_t {
    kNone,
    kWriteError,  ///< EIO when something is written
    kNoSpace,     ///< no room for what is written, nor for new files
    kSyncError,   ///< EIO when something is to be made durable
    kReadError,   ///< EIO when a table is read
    kSlowSync,    ///< making something durable takes its time
};

/// RocksDB's file system over the real one, with a fault that begins at the n-th operation it
/// concerns and lasts until heal().
class FailingFiles final : public rocksdb::FileSystemWrapper {
  public:
    FailingFiles() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

    /// @param after  operations of the kind that still succeed
    void fail(Fault fault, std::uint64_t after) {
        left_ = after;
        fault_ = fault;
    }
    void heal() { fault_ = Fault::kNone; }
    /// Operations that failed, or were slow, so far.
    [[nodiscard]] std::uint64_t failures() const { return failures_; }

    /// What an operation that `fault` concerns gives.
    rocksdb::IOStatus attempt(Fault fault, const std::string& file);
    rocksdb::IOStatus attempt_write(const std::string& file);

    [[nodiscard]] const char* Name() const override { return "FailingFiles"; }
    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus ReopenWritableFile(const std::string& name,
                                         const rocksdb::FileOptions& options,
                                         std::unique_ptr<rocksdb::FSWritableFile>* file,
                                         rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                          const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                          rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                                 const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  private:
    static constexpr std::chrono::milliseconds kSlowness{30};

    std::atomic<Fault> fault_{Fault::kNone};
    std::atomic<std::uint64_t> left_{0};
    std::atomic<std::uint64_t> failures_{0};
};

}  // namespace fastsync::test
