#include <daemon/peer_policy.hpp>

namespace fastsync::daemon {

using rlpx::DisconnectReason;
using sync::Misbehaviour;

std::optional<DisconnectReason> reaction_to(Misbehaviour what) noexcept {
    switch (what) {
        case Misbehaviour::kMalformedBlob:
            return DisconnectReason::kSubprotocolError;
        case Misbehaviour::kStalling:
            return DisconnectReason::kUselessPeer;
        case Misbehaviour::kContradictsPin:
            return DisconnectReason::kUselessPeer;
        case Misbehaviour::kForgedHeaders:
            return DisconnectReason::kSubprotocolError;
        // It may serve the next root.
        case Misbehaviour::kRootUnserved:
            return std::nullopt;
    }
    return std::nullopt;
}

std::string_view to_string(Misbehaviour what) noexcept {
    switch (what) {
        case Misbehaviour::kMalformedBlob:
            return "sends items nobody asked for";
        case Misbehaviour::kStalling:
            return "does not answer the smallest requests";
        case Misbehaviour::kContradictsPin:
            return "contradicts the pinned block";
        case Misbehaviour::kForgedHeaders:
            return "sends headers that do not link";
        case Misbehaviour::kRootUnserved:
            return "does not serve the state root";
    }
    return "unknown";
}

}  // namespace fastsync::daemon
