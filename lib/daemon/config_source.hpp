#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <common/result.hpp>

namespace fastsync::daemon {

/// A key with its value and where it stands: "--http" or "fastsyncd.conf:12: http", the beginning
/// of every error about it.
struct GivenValue {
    std::string key;
    std::string value;
    std::string origin;
};

/// Longest configuration file, bytes.
inline constexpr std::size_t kMaxConfigFile = 1U << 20U;

/// What a source of settings may hold.
struct KnownKey {
    enum class Kind { kValue, kSwitch, kRepeatable };
    std::string_view key;
    Kind kind = Kind::kValue;
};

/// Reads lines `key = value`; `#` starts a comment at the start of a line or after a blank.
/// @return kConfig naming file, line and key: unknown key, no `=`, no value, a key given twice
[[nodiscard]] Result<std::vector<GivenValue>> parse_config_text(std::string_view text,
                                                                std::string_view file_name,
                                                                std::span<const KnownKey> keys);
/// The same from a file. kConfig when it cannot be read.
[[nodiscard]] Result<std::vector<GivenValue>> read_config_file(const std::filesystem::path& file,
                                                               std::span<const KnownKey> keys);
/// Reads `--key VALUE`, `--key=VALUE` and, for a switch, `--key` alone (which means "true").
/// @return kConfig naming the option
[[nodiscard]] Result<std::vector<GivenValue>> parse_arguments(
    std::span<const std::string> arguments, std::span<const KnownKey> keys);

}  // namespace fastsync::daemon
