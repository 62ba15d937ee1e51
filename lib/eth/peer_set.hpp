#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <common/ip_address.hpp>
#include <common/subnet_counter.hpp>
#include <common/time.hpp>
#include <enode/enode.hpp>
#include <eth/session.hpp>

namespace fastsync::eth {

enum class Direction : std::uint8_t { kInbound, kOutbound };

[[nodiscard]] constexpr Direction opposite(Direction direction) noexcept {
    return direction == Direction::kInbound ? Direction::kOutbound : Direction::kInbound;
}

/// One connection to one peer; a reconnect gets another number.
struct Peer {
    std::uint64_t number = 0;
    Enode enode;  ///< as it was dialed; of an incoming one where it came from and its listen port
    Direction direction = Direction::kOutbound;
    TimePoint since{};
    std::shared_ptr<Session> session;
};

/// Who is connected: each node once, a bounded number of them. Two that dial each other at the same
/// moment have two connections for a while, one each way: both may go on until the second session
/// stands, then the one that prefers() says stays. It says the same at both ends. A go-ethereum
/// node keeps the connection that is ready first and sends no Status over the other, so that this
/// one never gets so far.
class PeerSet {
  public:
    /// Why a connection finds no place.
    enum class Refusal : std::uint8_t { kSelf, kAlreadyConnected, kTooMany, kTooManyOfNetwork };
    /// A static peer finds a place however many there are.
    enum class Rank : std::uint8_t { kOrdinary, kStatic };
    /// Ordinary peers of one network of the internet: nobody fills the places from a single one.
    static constexpr SubnetLimit kSubnetLimit{4, 4, 8};

    PeerSet(const NodeId& self, std::size_t most) : self_(self), most_(most) {}

    /// Holds a place for a connection whose handshake goes on, or says why there is none; two that
    /// go opposite ways share one. It is given back by release().
    /// @param address  whose network the place counts for; 0.0.0.0: for none
    /// @return kAlreadyConnected: there is another one of the same direction, or one that stands
    /// and is not to be replaced
    [[nodiscard]] std::optional<Refusal> reserve(const NodeId& id, Direction direction, Rank rank,
                                                 const IpAddress& address = {});
    void release(const NodeId& id, Direction direction);
    /// True when a connection of that direction stays and one of the other way goes: the one that
    /// was dialed by the node of the greater id.
    [[nodiscard]] bool prefers(const NodeId& id, Direction direction) const noexcept {
        return (self_ > id) == (direction == Direction::kOutbound);
    }

    /// Enters a peer whose place was reserved and gives it its number.
    const Peer& add(Peer peer);
    /// Takes a peer out, and its place.
    void remove(std::uint64_t number);

    /// Null when no session of that direction stands.
    [[nodiscard]] const Peer* find(const NodeId& id, Direction direction) const;
    /// True for a node that is connected or about to be.
    [[nodiscard]] bool holds(const NodeId& id) const { return places_.contains(id); }
    [[nodiscard]] std::size_t size() const noexcept { return peers_.size(); }
    [[nodiscard]] const std::map<std::uint64_t, Peer>& all() const noexcept { return peers_; }

  private:
    struct Place {
        IpAddress counted;
        std::set<Direction> connections;
    };

    NodeId self_;
    std::size_t most_;
    std::map<NodeId, Place> places_;
    SubnetCounter subnets_{kSubnetLimit};
    std::map<std::uint64_t, Peer> peers_;
    std::uint64_t last_number_ = 0;
};

}  // namespace fastsync::eth
