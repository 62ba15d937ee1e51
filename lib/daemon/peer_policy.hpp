#pragma once

#include <optional>
#include <string_view>

#include <rlpx/hello.hpp>
#include <sync/state_peer.hpp>

namespace fastsync::daemon {

/// What follows from a peer's misbehaviour, in one table: the reason it is disconnected with, or
/// nothing when it stays.
[[nodiscard]] std::optional<rlpx::DisconnectReason> reaction_to(sync::Misbehaviour what) noexcept;

[[nodiscard]] std::string_view to_string(sync::Misbehaviour what) noexcept;

}  // namespace fastsync::daemon
