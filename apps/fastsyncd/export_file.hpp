#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include <common/result.hpp>

namespace fastsync::app {

/// Where rows go: a file, standard output, either compressed with zstd when the name ends in
/// ".zst".
class ExportFile {
  public:
    /// @param name  a file that is not there or empty, a device or pipe, or "-": standard output
    /// @return kConfig for a file that holds something, kStorage when it cannot be opened
    [[nodiscard]] static Result<ExportFile> open(const std::string& name);
    ExportFile(ExportFile&&) noexcept;
    ExportFile& operator=(ExportFile&&) noexcept;
    ~ExportFile();

    /// kStorage naming the file; kClosed when whoever reads standard output went away.
    [[nodiscard]] Result<void> write(std::string_view text);
    /// Writes what is held back; once, at the end.
    [[nodiscard]] Result<void> finish();

  private:
    struct Impl;
    explicit ExportFile(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

}  // namespace fastsync::app
