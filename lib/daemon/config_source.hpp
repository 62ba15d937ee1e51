#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <common/result.hpp>

namespace fastsync::daemon {

/// A key with its value and where it stands.
struct GivenValue {
    std::string key;
    std::string value;
    std::string origin;    ///< "--http", "fastsyncd.toml:12: http": the beginning of every error
    std::string source{};  ///< "command line", "fastsyncd.toml:12": for who asks why it holds
};

/// Longest configuration file, bytes.
inline constexpr std::size_t kMaxConfigFile = 1U << 20U;
/// Arrays and inline tables in each other. Ours are lists of texts: one.
inline constexpr std::size_t kMaxConfigNesting = 4;
/// Dots in one line of a configuration file: `a.a.a = 1` is a table in a table in a table, and
/// what takes those apart calls itself for each.
inline constexpr std::size_t kMaxConfigDots = 256;

/// What a source of settings may hold. On the command line and in the environment everything is
/// text; in a file the kind is the type of the value.
struct KnownKey {
    enum class Kind { kValue, kNumber, kNumberOrText, kSwitch, kRepeatable };
    std::string_view key;
    Kind kind = Kind::kValue;
};

/// Null when no key has this name.
[[nodiscard]] const KnownKey* find_key(std::span<const KnownKey> keys, std::string_view key);

/// Adds `next`; kConfig when its key takes one value and has it already.
[[nodiscard]] Result<void> add_given(std::vector<GivenValue>& so_far, GivenValue next,
                                     std::span<const KnownKey> keys);

/// Reads TOML: `key = value` at the top level; a repeatable key takes a list.
/// @return kConfig naming file, line and key: no TOML, an unknown key, a wrong type, nested too
///         deep, a zero byte
[[nodiscard]] Result<std::vector<GivenValue>> parse_config_text(std::string_view text,
                                                                std::string_view file_name,
                                                                std::span<const KnownKey> keys);
/// The same from a regular file. kConfig when it cannot be read.
[[nodiscard]] Result<std::vector<GivenValue>> read_config_file(const std::filesystem::path& file,
                                                               std::span<const KnownKey> keys);

/// `text` as TOML writes it, quotes included.
[[nodiscard]] std::string toml_text(std::string_view text);

/// Reads `--key VALUE`, `--key=VALUE` and, for a switch, `--key` alone (which means "true").
/// @return kConfig naming the option
[[nodiscard]] Result<std::vector<GivenValue>> parse_arguments(
    std::span<const std::string> arguments, std::span<const KnownKey> keys);

/// "FASTSYNCD_MAX_PEERS" for "max-peers".
[[nodiscard]] std::string environment_name(std::string_view key);

/// Reads words NAME=VALUE whose name is that of a key; a repeatable key takes a list with commas.
/// Empty is as if it were not there. Other names are passed over, unless they begin like ours.
/// @return kConfig naming the variable
[[nodiscard]] Result<std::vector<GivenValue>> parse_environment(
    std::span<const std::string> environment, std::span<const KnownKey> keys);

}  // namespace fastsync::daemon
