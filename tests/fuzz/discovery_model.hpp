#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include <crypto/secp256k1.hpp>
#include <discovery/engine.hpp>

/// What the fuzzer of the discovery engine knows of the world around it.
namespace fastsync::fuzz {

/// A node that may talk with the engine.
struct Stranger {
    NodeId id;
    Bytes record;  ///< signed by it
};

/// Number 0 is the engine itself.
[[nodiscard]] const std::vector<Stranger>& strangers();

/// A datagram of type and content `content`, whose hash fits.
[[nodiscard]] Bytes signed_by(const Stranger& who, ByteView content);

/// The input, read from the front; zeros once it is at its end.
class Input {
  public:
    explicit Input(ByteView bytes) : left_(bytes) {}

    [[nodiscard]] bool empty() const noexcept { return left_.empty(); }
    [[nodiscard]] Byte byte();
    /// As many as the next two bytes say; at most a little more than a packet may have.
    [[nodiscard]] ByteView bytes();
    [[nodiscard]] const Stranger& stranger();
    /// Of a network and a host of it: the internet's v4 and v6, local ones, ones that do not exist.
    [[nodiscard]] IpEndpoint endpoint();

  private:
    ByteView left_;
};

/// An engine, the clock, and the accounts of what went to and fro.
class EngineModel {
  public:
    /// Bytes sent for each byte received of an address that has proven nothing: a Ping is answered
    /// with a Pong and a Ping of ours, each a third longer than the shortest Ping there is.
    static constexpr std::size_t kMostForOne = 3;

    explicit EngineModel(Byte seed);
    EngineModel(const EngineModel&) = delete;
    EngineModel& operator=(const EngineModel&) = delete;

    [[nodiscard]] const discovery::Moment& now() const noexcept { return now_; }
    void receive(const IpEndpoint& from, ByteView datagram);
    void receive_packet(const Stranger& who, const IpEndpoint& from,
                        const discovery::Packet& packet);
    void pass(Duration time);
    void suggest(const discovery::Node& node);
    void take_found(std::size_t most);

    /// The hash of the last Ping, or question, that went to an address; zeros where none did.
    [[nodiscard]] Hash256 last_ping(const IpAddress& address) const;
    [[nodiscard]] Hash256 last_ask(const IpAddress& address) const;

    /// Everything that is too slow to be looked at after each step.
    void check_all() const;

  private:
    /// An address as we see it.
    struct Account {
        std::size_t received = 0;
        std::size_t sent = 0;
        std::vector<Hash256> pings;  ///< to it
        Hash256 last_ask;
        std::map<NodeId, TimePoint> proven;  ///< who answered a Ping from there, and when last
        bool named = false;                  ///< somebody told the engine to go there
    };

    void settle();
    void note_received(const IpAddress& from, const discovery::SignedPacket& packet);
    void note_sent(const discovery::Outgoing& out);
    [[nodiscard]] bool is_proven(const Account& account) const;
    void check() const;

    std::unique_ptr<discovery::Identity> identity_;
    std::unique_ptr<crypto::EntropySource> entropy_;
    discovery::Moment now_;
    std::unique_ptr<discovery::Engine> engine_;
    std::map<IpAddress, Account> accounts_;
};

}  // namespace fastsync::fuzz
