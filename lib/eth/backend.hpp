#pragma once

#include <memory>
#include <variant>
#include <vector>

#include <async/task.hpp>
#include <chain/fork_id.hpp>
#include <chain/header.hpp>
#include <common/bytes.hpp>

namespace fastsync::eth {

/// eth.md "GetBlockHeaders (0x03)".
struct HeaderQuery {
    std::variant<chain::BlockNumber, Hash256> origin;
    std::uint64_t amount = 1;
    std::uint64_t skip = 0;
    bool reverse = false;

    friend bool operator==(const HeaderQuery&, const HeaderQuery&) = default;
};

/// What we tell peers about ourselves in Status.
struct ChainIdentity {
    std::uint64_t network_id = 0;
    Hash256 genesis_hash;
    Hash256
        head_hash;  ///< the genesis for a daemon that only syncs (it must not look ahead of anyone)
    U256 total_difficulty = 0;
    /// The forks of the chain; null when only its genesis is known. Without them a peer is believed
    /// its fork id, and told the same one.
    std::shared_ptr<const chain::ForkLadder> forks{};
    chain::ForkPosition head{};  ///< where the head stands among the forks
};

/// Items an answer holds at most, and bytes after which an answer is closed: what go-ethereum
/// serves.
inline constexpr std::size_t kMaxNodeDataServed = 384;
inline constexpr std::size_t kMaxHeadersServed = 192;
inline constexpr std::size_t kSoftResponseLimit = 2U * 1024 * 1024;

/// What we serve to others. Called on the net thread; an implementation that touches disk hops to
/// its own executor. Never fails: what is not there is left out.
class Backend {
  public:
    virtual ~Backend() = default;
    [[nodiscard]] virtual ChainIdentity identity() const = 0;
    /// Raw header RLPs in the query's order, within the limits above.
    [[nodiscard]] virtual async::Task<std::vector<Bytes>> headers(HeaderQuery query) = 0;
    /// The RLP payload of a NodeData list's items: for each hash that is known as node or code, its
    /// RLP string, in the order asked, within the limits above.
    [[nodiscard]] virtual async::Task<Bytes> node_data(std::vector<Hash256> hashes) = 0;
};

}  // namespace fastsync::eth
