#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <vector>

#include <discovery/engine.hpp>

#include "paper_identity.hpp"

namespace fastsync::test {

using discovery::Moment;

/// The moment `after` the start of every test.
[[nodiscard]] Moment at(Duration after);
[[nodiscard]] IpAddress ip(std::string_view text);
[[nodiscard]] IpEndpoint endpoint(std::string_view address, std::uint16_t port = 30303);

/// A node of key number `seed`.
[[nodiscard]] discovery::Node seeded_node(std::uint64_t seed, const IpEndpoint& udp);
/// A public address whose /24 is the node's own.
[[nodiscard]] IpAddress own_subnet(std::size_t index);

/// Engines whose datagrams reach each other after some time, or not at all.
class EngineNetwork {
  public:
    enum class Signatures { kReal, kPaper };
    struct Weather {
        double loss = 0;
        Duration shortest = std::chrono::milliseconds{10};
        Duration longest = std::chrono::milliseconds{80};
    };

    EngineNetwork(std::uint64_t seed, Weather weather, Signatures signatures);

    /// Starts a node at `address`. @return its index
    std::size_t add(const IpEndpoint& address, discovery::EngineOptions options);
    /// It is gone from now on: what is sent to it is lost.
    void remove(std::size_t index);
    void run_for(Duration duration);

    [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
    [[nodiscard]] bool is_alive(std::size_t index) const { return nodes_[index].alive; }
    [[nodiscard]] discovery::Engine& engine(std::size_t index) { return *nodes_[index].engine; }
    [[nodiscard]] const discovery::Node& node(std::size_t index) const {
        return nodes_[index].self;
    }
    [[nodiscard]] Moment now() const { return moment(now_); }
    [[nodiscard]] std::uint64_t delivered() const noexcept { return delivered_; }
    /// Calls the engine and sends what it has to say.
    template <class Call>
    void with(std::size_t index, Call call) {
        call(engine(index), now());
        flush(index);
    }

  private:
    struct Host {
        std::unique_ptr<discovery::Identity> identity;
        std::unique_ptr<SeededEntropy> entropy;
        std::unique_ptr<discovery::Engine> engine;
        discovery::Node self;
        TimePoint timer = TimePoint::max();
        bool alive = true;
    };
    struct Event {
        TimePoint when;
        std::uint64_t serial = 0;
        std::size_t to = 0;
        IpEndpoint from;
        Bytes bytes;                                ///< empty: a timer
        bool operator<(const Event& other) const {  // the earliest on top of a priority_queue
            return when != other.when ? when > other.when : serial > other.serial;
        }
    };

    [[nodiscard]] static Moment moment(TimePoint now);
    void flush(std::size_t index);
    void schedule(std::size_t index);
    void happen(const Event& event);

    Weather weather_;
    Signatures signatures_;
    std::mt19937_64 random_;
    std::vector<Host> nodes_;
    std::map<IpEndpoint, std::size_t> by_address_;
    std::priority_queue<Event> events_;
    TimePoint now_;
    std::uint64_t serial_ = 0;
    std::uint64_t delivered_ = 0;
};

}  // namespace fastsync::test
