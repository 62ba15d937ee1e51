#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <common/bytes.hpp>

namespace fastsync::daemon {

/// A chain, as peers tell chains apart.
struct Network {
    std::string name;  ///< a preset's name, or "custom"
    std::uint64_t network_id = 0;
    Hash256 genesis_hash;

    friend bool operator==(const Network&, const Network&) = default;
};

/// Presets by name, in the order in which they are shown.
[[nodiscard]] std::span<const Network> known_networks();
/// Null when the name is not known.
[[nodiscard]] const Network* find_network(std::string_view name);

}  // namespace fastsync::daemon
