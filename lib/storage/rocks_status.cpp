#include <string>

#include <rocksdb/status.h>

#include <storage/rocks_status.hpp>

namespace fastsync::storage {
namespace {

Errc code_of(const rocksdb::Status& status, std::string_view text) {
    if (status.IsCorruption()) return Errc::kCorrupt;
    if (status.IsNotFound()) return Errc::kNotFound;
    // RocksDB has no code of its own for a lock that another process holds.
    if (status.IsIOError() && text.find("lock ") != std::string_view::npos) return Errc::kBusy;
    return Errc::kStorage;
}

Error describe(Errc code, std::string_view doing, std::string_view text) {
    return {code, std::string{doing}.append(": ").append(text)};
}

}  // namespace

Error to_error(const rocksdb::Status& status, std::string_view doing) {
    const std::string text = status.ToString();
    if (status.IsNoSpace())
        return describe(Errc::kStorage, doing, "the disk is full (" + text + ")");
    return describe(code_of(status, text), doing, text);
}

Error to_open_error(const rocksdb::Status& status, std::string_view doing) {
    const std::string text = status.ToString();
    if (status.IsPathNotFound()) {
        return describe(Errc::kCorrupt, doing, "a file is missing (" + text + ")");
    }
    // What RocksDB says of a folder without CURRENT, as we never let it create one.
    if (status.IsInvalidArgument() && text.find("does not exist") != std::string::npos) {
        return describe(Errc::kCorrupt, doing, "its file CURRENT is missing");
    }
    // RocksDB (7.8) says so of any failure to open the file it tries that with.
    if (status.IsInvalidArgument() && text.find("Direct I/O") != std::string::npos) {
        return describe(Errc::kStorage, doing, text);
    }
    // Our arguments are always the same: it is the files that do not fit them.
    if (status.IsInvalidArgument()) return describe(Errc::kCorrupt, doing, text);
    return to_error(status, doing);
}

}  // namespace fastsync::storage
