#pragma once

#include <span>

#include <daemon/config.hpp>
#include <daemon/config_source.hpp>

namespace fastsync::daemon {

/// A key of the configuration and what it does.
struct ConfigKey {
    Setting setting;
    /// Checks one value and puts it in place; kConfig beginning with where it was given.
    Result<void> (*apply)(RunConfig&, const GivenValue&);
};

/// In the order of the help, in which they are also applied.
[[nodiscard]] std::span<const ConfigKey> config_keys();

}  // namespace fastsync::daemon
