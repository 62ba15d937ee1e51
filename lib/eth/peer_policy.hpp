#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <common/error.hpp>
#include <common/time.hpp>
#include <rlpx/hello.hpp>

namespace fastsync::eth {

/// What a node did that costs it trust.
enum class Fault : std::uint8_t {
    kWrongChain,        ///< another network, genesis or fork, or it contradicts a required block
    kBrokenHandshake,   ///< garbage, a false MAC or a false identity before Hello was over
    kBrokenProtocol,    ///< a message that breaks its specification, or came at the wrong time
    kFlood,             ///< more requests or unasked answers than anyone needs
    kUnrequestedItems,  ///< node data nobody asked for, again and again
    kForgedHeaders,     ///< headers that do not link, or are not those asked for
    kContradictsPin,    ///< its chain does not hold the block the operator pinned
    kStalling,          ///< requests of the smallest size time out
    kUseless,           ///< connected for a while and gave nothing, while others wait for its place
    kRootUnserved,      ///< does not have the state that is synced
    kComesAndGoes,      ///< came by itself, gave nothing and left within kShortVisit
};

/// What follows from a fault.
struct Reaction {
    Fault fault;
    std::string_view words;  ///< for logs and the status page
    /// Added to the node's penalty; at kBanPenalty it is banned.
    double penalty = 0;
    /// What the peer is told before it is let go; nothing: it stays, unless it is banned by now.
    std::optional<rlpx::DisconnectReason> goodbye;
};

/// Penalty at which a node is banned; penalties halve every kPenaltyHalfLife.
inline constexpr double kBanPenalty = 100;
inline constexpr Duration kPenaltyHalfLife = std::chrono::minutes{10};
/// The first ban; every further one is twice as long, up to the longest.
inline constexpr Duration kFirstBan = std::chrono::minutes{30};
inline constexpr Duration kLongestBan = std::chrono::hours{24};
/// Who wanted something of us stays longer than that; each visit costs us a handshake.
inline constexpr Duration kShortVisit = std::chrono::seconds{5};

/// The one table of what follows from what. A row for each fault.
[[nodiscard]] std::span<const Reaction> peer_policy() noexcept;
[[nodiscard]] const Reaction& reaction_to(Fault fault) noexcept;

/// Which side of Hello a connection ended on.
enum class ConnectionStage : std::uint8_t { kHandshake, kSession };

/// The peer's fault in the end of a connection, if it was one: an end of the line, a full peer or
/// a slow one is none, nor is one of a fork that we do not know.
[[nodiscard]] std::optional<Fault> fault_in(const Error& end, ConnectionStage stage) noexcept;

}  // namespace fastsync::eth
