#pragma once

#include <cstddef>
#include <optional>

#include <boost/unordered/unordered_flat_map.hpp>

#include <common/time.hpp>
#include <discovery/node.hpp>

namespace fastsync::discovery {

/// How long an endpoint proof lets a node be answered. Clients differ between 12 h
/// (devp2p discv4.md) and 24 h (go-ethereum); a stricter server would leave the latter unheard.
inline constexpr Duration kProofValid = std::chrono::hours{24};
/// After so long we prove anew, and no longer count on others to hold a proof of ours.
inline constexpr Duration kProofFresh = std::chrono::hours{12};
/// Endpoints remembered.
inline constexpr std::size_t kMaxProofs = 4096;
/// Of these, from one address outside local networks.
inline constexpr std::size_t kMaxProofsPerAddress = 16;

/// A node at an address. The port is left out: whoever answers there is no victim of the answers.
struct Whereabouts {
    NodeId id;
    IpAddress address;

    friend bool operator==(const Whereabouts&, const Whereabouts&) = default;
};

struct WhereaboutsHasher {
    using is_avalanching = void;
    std::size_t operator()(const Whereabouts& where) const noexcept {
        return FixedHasher<NodeId>{}(where.id) ^ IpAddressHasher {}(where.address);
    }
};

/// Who has shown to receive what we send to an address: by a Pong that holds the hash of our Ping.
/// Only that makes an entry, so a forged source address cannot fill it.
class EndpointProofs {
  public:
    /// A matching Pong came; `their_ping`: when the node last pinged us, if it did.
    void add(const Whereabouts& where, TimePoint now, std::optional<TimePoint> their_ping);
    /// It pinged us, and we answered. Counts only for endpoints that are proven.
    void pinged_us(const Whereabouts& where, TimePoint now);
    /// The node does not seem to remember us: it has to ping us anew before we ask it.
    void forgot_us(const Whereabouts& where);

    /// May be sent more than it sent.
    [[nodiscard]] bool is_proven(const Whereabouts& where, TimePoint now) const;
    /// Proven, and not about to expire.
    [[nodiscard]] bool is_fresh(const Whereabouts& where, TimePoint now) const;
    /// It holds a proof of us, so it will answer our questions.
    [[nodiscard]] bool knows_us(const Whereabouts& where, TimePoint now) const;
    /// Whether anybody has proven that address.
    [[nodiscard]] bool is_known(const IpAddress& address) const;

    [[nodiscard]] std::size_t size() const noexcept { return proofs_.size(); }

  private:
    struct Proof {
        TimePoint pong;
        std::optional<TimePoint> ping;
    };
    using Proofs = boost::unordered_flat_map<Whereabouts, Proof, WhereaboutsHasher>;

    void make_room(const IpAddress& address);
    void erase(Proofs::iterator proof);

    Proofs proofs_;
    boost::unordered_flat_map<IpAddress, std::size_t, IpAddressHasher> per_address_;
};

}  // namespace fastsync::discovery
