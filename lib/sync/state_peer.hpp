#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <async/task.hpp>
#include <chain/header.hpp>
#include <common/bytes.hpp>
#include <common/time.hpp>

namespace fastsync::sync {

/// One connection to one peer; a reconnect gets a new id.
enum class PeerId : std::uint64_t {};

/// Heads remembered of each peer.
inline constexpr std::size_t kMostHeads = 4;

/// Blobs as they came: one message and views into it. Moving it keeps the views.
struct NodeDataAnswer {
    Bytes message;
    std::vector<ByteView> blobs;
    TimePoint arrived;  ///< when the packet was complete, so that our own queues do not look like
                        ///< the peer's
};

struct HeaderRequest {
    std::variant<chain::BlockNumber, Hash256> origin;
    std::uint64_t amount = 1;
    std::uint64_t skip = 0;
    bool reverse = false;
};

/// Why a peer deserves less trust. What follows from it is decided where peers are kept.
enum class Misbehaviour : std::uint8_t {
    kMalformedBlob,   ///< bytes nobody asked for, again and again, or a broken message
    kStalling,        ///< requests of the smallest size time out
    kContradictsPin,  ///< its chain does not hold the block the operator pinned
    kForgedHeaders,   ///< headers that do not link
    kRootUnserved,    ///< does not have the state
};

/// A source of headers and state: an eth session behind the thread boundary, or a fake. Lives on
/// the sync thread.
class StatePeer {
  public:
    virtual ~StatePeer() = default;
    [[nodiscard]] virtual PeerId id() const noexcept = 0;
    [[nodiscard]] virtual std::string name() const = 0;
    /// The heads it told of, the last first, kMostHeads at most; that of the handshake is the last
    /// of them. And its total difficulty at the handshake.
    [[nodiscard]] virtual std::vector<Hash256> heads() const = 0;
    [[nodiscard]] virtual U256 total_difficulty() const = 0;
    /// kTimeout at `deadline`, kClosed when the peer is gone. A peer that has nothing answers with
    /// no blobs.
    [[nodiscard]] virtual async::Task<Result<NodeDataAnswer>> get_node_data(
        std::vector<Hash256> hashes, TimePoint deadline) = 0;
    [[nodiscard]] virtual async::Task<Result<std::vector<chain::BlockHeader>>> get_headers(
        HeaderRequest request, TimePoint deadline) = 0;
    virtual void report(Misbehaviour what) = 0;
    /// We need it no more: its open requests end with kClosed.
    virtual void release() = 0;
};

}  // namespace fastsync::sync
