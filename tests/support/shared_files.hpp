#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <common/bytes.hpp>

namespace fastsync::test {

/// A file of the folder `shared` beside the checkout (or FASTSYNC_SHARED_DIR), e.g.
/// "vectors/rlpx.json". Nothing when it is not there, after a Catch2 warning that says so: the
/// caller returns, the test is skipped.
[[nodiscard]] std::optional<std::filesystem::path> shared_file(std::string_view relative);

[[nodiscard]] Bytes read_file(const std::filesystem::path& path);
[[nodiscard]] std::string read_text(const std::filesystem::path& path);

/// Bytes of hex that must be valid.
[[nodiscard]] Bytes hex(std::string_view text);
[[nodiscard]] Hash256 hash_of(std::string_view hex_text);

/// A folder that is removed, with everything in it, at the end of the scope.
class TempDir {
  public:
    TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir();
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace fastsync::test
