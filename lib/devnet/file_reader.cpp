#include <algorithm>
#include <cerrno>
#include <cstring>

#include <devnet/file_reader.hpp>

namespace fastsync::devnet {
namespace {

constexpr std::size_t kPiece = 1024 * 1024;

}  // namespace

Result<FileReader> FileReader::open(const std::filesystem::path& path) {
    FileReader file{path};
    errno = 0;
    file.in_.open(path, std::ios::binary);
    if (!file.in_) {
        return Error{Errc::kConfig, "cannot open " + path.string() + ": " + std::strerror(errno)};
    }
    return file;
}

Error FileReader::wrong(std::uint64_t offset, std::string_view what) const {
    return {Errc::kConfig,
            path_.string() + ", byte " + std::to_string(offset) + ": " + std::string{what}};
}

Result<bool> FileReader::read(std::span<Byte> out) {
    in_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    const auto got = static_cast<std::size_t>(in_.gcount());
    if (in_.bad()) return wrong(offset_, "cannot be read");
    if (got != out.size() && got != 0) return wrong(offset_ + got, "the file ends too early");
    offset_ += got;
    return got == out.size();
}

Result<Bytes> FileReader::read_rest(std::size_t limit) {
    Bytes all;
    while (in_) {
        const std::size_t had = all.size();
        all.resize(had + kPiece);
        in_.read(reinterpret_cast<char*>(all.data() + had), kPiece);
        all.resize(had + static_cast<std::size_t>(in_.gcount()));
        if (all.size() > limit) {
            return wrong(offset_ + limit, "more than " + std::to_string(limit) + " bytes");
        }
    }
    if (in_.bad()) return wrong(offset_ + all.size(), "cannot be read");
    offset_ += all.size();
    return all;
}

}  // namespace fastsync::devnet
