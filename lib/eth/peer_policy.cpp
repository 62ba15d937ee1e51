#include <array>

#include <common/assert.hpp>
#include <eth/peer_policy.hpp>

namespace fastsync::eth {
namespace {

using rlpx::DisconnectReason;

// In the order of the enumeration.
constexpr std::array kPolicy{
    Reaction{Fault::kWrongChain, "is on another chain", 100, DisconnectReason::kSubprotocolError},
    Reaction{Fault::kBrokenHandshake, "breaks the handshake", 40,
             DisconnectReason::kBreachOfProtocol},
    // More than half of a ban: penalties fade, and the second time is to be the last.
    Reaction{Fault::kBrokenProtocol, "breaks the protocol", 60,
             DisconnectReason::kBreachOfProtocol},
    Reaction{Fault::kFlood, "floods us", 60, DisconnectReason::kBreachOfProtocol},
    Reaction{Fault::kUnrequestedItems, "sends items nobody asked for", 100,
             DisconnectReason::kSubprotocolError},
    Reaction{Fault::kForgedHeaders, "sends headers that do not link", 100,
             DisconnectReason::kSubprotocolError},
    Reaction{Fault::kContradictsPin, "contradicts the pinned block", 100,
             DisconnectReason::kUselessPeer},
    Reaction{Fault::kStalling, "does not answer the smallest requests", 20,
             DisconnectReason::kUselessPeer},
    Reaction{Fault::kUseless, "gave nothing while others wait", 10,
             DisconnectReason::kTooManyPeers},
    // It may serve the next root.
    Reaction{Fault::kRootUnserved, "does not serve the state root", 0, std::nullopt},
    // A client that tries us every half minute, as go-ethereum does, may do so for 20 minutes.
    Reaction{Fault::kComesAndGoes, "comes and goes", 5, std::nullopt},
};

}  // namespace

std::span<const Reaction> peer_policy() noexcept {
    return kPolicy;
}

const Reaction& reaction_to(Fault fault) noexcept {
    const auto row = static_cast<std::size_t>(fault);
    FASTSYNC_ASSERT(row < kPolicy.size() && kPolicy[row].fault == fault);
    return kPolicy[row];
}

std::optional<Fault> fault_in(const Error& end, ConnectionStage stage) noexcept {
    switch (end.code) {
        case Errc::kIncompatible:
            return Fault::kWrongChain;
        case Errc::kMalformed:
        case Errc::kProtocol:
        case Errc::kTooLarge:
        case Errc::kUnauthenticated:
            return stage == ConnectionStage::kHandshake ? Fault::kBrokenHandshake
                                                        : Fault::kBrokenProtocol;
        case Errc::kOverloaded:
            return Fault::kFlood;
        default:
            return std::nullopt;
    }
}

}  // namespace fastsync::eth
