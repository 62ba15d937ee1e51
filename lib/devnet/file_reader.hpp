#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string_view>

#include <common/bytes.hpp>

namespace fastsync::devnet {

/// Reads a file from front to back. Every error is kConfig, naming the file and a byte of it.
class FileReader {
  public:
    [[nodiscard]] static Result<FileReader> open(const std::filesystem::path& path);

    /// Fills `out`; false at the end of the file. An error when it ends in the midst of `out`.
    [[nodiscard]] Result<bool> read(std::span<Byte> out);
    /// All that is left; an error when it is more than `limit` bytes.
    [[nodiscard]] Result<Bytes> read_rest(std::size_t limit);

    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
    [[nodiscard]] Error wrong(std::uint64_t offset, std::string_view what) const;

  private:
    explicit FileReader(const std::filesystem::path& path) : path_(path) {}

    std::filesystem::path path_;
    std::ifstream in_;
    std::uint64_t offset_ = 0;
};

}  // namespace fastsync::devnet
