#pragma once

#include <span>
#include <string>
#include <string_view>

#include <common/bytes.hpp>
#include <common/error.hpp>

namespace fastsync::app {

/// How the process ends: what scripts and service managers may rely on.
enum ExitCode : int {
    kDone = 0,      ///< done, or asked to stop
    kConfig = 1,    ///< the command line or the configuration is wrong
    kStorage = 2,   ///< the database failed, is damaged or incomplete
    kInternal = 3,  ///< anything else
};

using Arguments = std::span<const std::string>;

/// One command: `fastsyncd NAME ...`.
struct Command {
    std::string_view name;
    std::string_view summary;
    std::string (*help)();
    /// Takes what follows the name; returns an ExitCode.
    int (*run)(Arguments arguments);
};

[[nodiscard]] Command run_command();
[[nodiscard]] Command status_command();
[[nodiscard]] Command config_command();
[[nodiscard]] Command verify_command();
[[nodiscard]] Command account_command();
[[nodiscard]] Command stats_command();
[[nodiscard]] Command export_command();
[[nodiscard]] Command devnet_command();

/// What a person is told where a database turns out to be damaged.
inline constexpr std::string_view kMendable = "; fastsyncd verify --repair mends it";
/// Adds that to an error that means damage, unless it speaks of repairs already.
[[nodiscard]] Error with_repair_hint(Error error);

/// Prints "fastsyncd COMMAND: sentence" to standard error and returns the code for its kind.
[[nodiscard]] int fail(std::string_view command, const Error& error);

}  // namespace fastsync::app
